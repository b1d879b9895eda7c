/** Sign-in with Google and GitHub, against a provider that the test starts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { client, type OAuthProvider, type Profile, startOAuthProvider } from '../support/oauth-provider.ts';

const appUrl = 'https://app.example.com/start';
const password = 'correct horse battery';

let provider: OAuthProvider;
let api: TestApi;

beforeAll(async () => {
  provider = await startOAuthProvider();
  api = await startApi({
    keep: true,
    environment: {
      AUTH_MODE: 'embedded',
      APP_URL: appUrl,
      GOOGLE_CLIENT_ID: client.clientId,
      GOOGLE_CLIENT_SECRET: client.clientSecret,
      GITHUB_CLIENT_ID: client.clientId,
      GITHUB_CLIENT_SECRET: client.clientSecret,
      TWO_FACTOR: 'on',
      DATABASE_POOL_MAX: '1',
    },
  });
});

afterAll(async () => {
  await api.stop();
  await provider.close();
});

type ProviderName = 'google' | 'github';

let people = 0;

function newProfile(isVerified = true): Profile {
  people += 1;
  return { id: `subject-${people}`, email: `person-${people}@example.com`, isVerified };
}

const cookiesOf = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

/** Begins a sign-in, as a page does. */
async function begin(name: ProviderName, more: object = {}) {
  const answer = await api.anonymous().post('/api/auth/sign-in/social', { provider: name, ...more });
  expect(answer.status, answer.text).toBe(200);
  return { url: answer.body.url as string, cookie: cookiesOf(answer.headers) };
}

/** The response to the browser that returns from the provider. */
function returnTo(url: URL, cookie: string) {
  return api.anonymous().get(`${url.pathname}${url.search}`, { Cookie: cookie });
}

async function signIn(name: ProviderName, profile: Profile, more: object = {}) {
  const { url, cookie } = await begin(name, more);
  const answer = await returnTo(provider.approve(url, profile), cookie);
  expect(answer.status, answer.text).toBe(302);
  const location = new URL(answer.headers.get('location') ?? '');
  const session = answer.headers.get('set-auth-token');
  return { location, client: session === null ? null : api.anonymous(`Bearer ${session}`) };
}

const userOf = async (session: Client | null) => (await session?.get('/api/auth/get-session'))?.body?.user;
const signUp = (email: string) => api.anonymous().post('/api/auth/sign-up/email', { name: 'Ada', email, password });
const confirm = (email: string) =>
  api.database.query('update todo_auth."user" set email_verified = true where email = $1', [email]);

describe.each<ProviderName>(['google', 'github'])('with %s', (name) => {
  test('a person signs up, and signs in again as the same user', async () => {
    const profile = newProfile();
    const first = await signIn(name, profile);
    expect(first.location.href).toBe(appUrl);
    const user = await userOf(first.client);
    expect(user).toMatchObject({ email: profile.email, emailVerified: true });
    const { token } = (await first.client?.get('/api/auth/token'))?.body ?? {};
    expect((await api.anonymous(`Bearer ${token}`).get('/api/v1/me')).body.id).toBe(user.id);
    const again = await signIn(name, { ...profile, email: `changed-${profile.email}` }, { callbackURL: '/tasks' });
    expect(again.location.href).toBe('https://app.example.com/tasks');
    expect((await userOf(again.client)).id).toBe(user.id);
  });

  test('a new user returns to `newUserCallbackURL`, by default to `callbackURL`', async () => {
    const pages = { callbackURL: '/tasks', newUserCallbackURL: '/welcome' };
    const profile = newProfile();
    expect((await signIn(name, profile, pages)).location.pathname).toBe('/welcome');
    expect((await signIn(name, profile, pages)).location.pathname).toBe('/tasks');
    expect((await signIn(name, newProfile(), { callbackURL: '/tasks' })).location.pathname).toBe('/tasks');
  });

  test('the request of the browser has the client, a proof key and the minimum of scopes', async () => {
    const { url } = await begin(name);
    const { origin, searchParams } = new URL(url);
    expect(origin).toBe(name === 'google' ? 'https://accounts.google.com' : 'https://github.com');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: client.clientId,
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${api.config.server.publicUrl}/api/auth/callback/${name}`,
      scope: name === 'google' ? 'email profile openid' : 'read:user user:email',
    });
  });

  test('no token of the provider is stored', async () => {
    const profile = newProfile();
    await signIn(name, profile);
    const rows = await api.database.query(
      `select access_token, refresh_token, id_token from todo_auth.account where account_id = $1`,
      [profile.id],
    );
    expect(rows).toEqual([{ access_token: null, refresh_token: null, id_token: null }]);
  });

  test('an address that the provider has not confirmed creates no user', async () => {
    const profile = newProfile(false);
    const { location, client: session } = await signIn(name, profile);
    expect([location.searchParams.get('error'), session]).toEqual(['email_not_verified', null]);
    expect((await signUp(profile.email)).status).toBe(200);
  });

  test('an account is not linked to a user who has not confirmed the same address', async () => {
    const profile = newProfile();
    await signUp(profile.email);
    const { location, client: session } = await signIn(name, profile, { errorCallbackURL: '/failed' });
    expect([location.pathname, location.searchParams.get('error'), session]).toEqual([
      '/failed',
      'account_not_linked',
      null,
    ]);
    await confirm(profile.email);
    const linked = await signIn(name, profile);
    expect((await userOf(linked.client)).email).toBe(profile.email);
    // An unconfirmed address of another person at the provider is not linked either.
    const other = await signIn(name, { ...profile, id: 'another-subject', isVerified: false });
    expect(other.location.searchParams.get('error')).toBe('account_not_linked');
  });

  test('a user with a second factor does not sign in, which would skip it, whether the account is linked or not', async () => {
    const profile = newProfile();
    await signUp(profile.email);
    await confirm(profile.email);
    const setSecondFactor = (isOn: boolean) =>
      api.database.query('update todo_auth."user" set two_factor_enabled = $2 where email = $1', [profile.email, isOn]);
    const refused = async () => {
      await setSecondFactor(true);
      const { location, client: session } = await signIn(name, profile);
      return [location.searchParams.get('error'), session];
    };
    expect(await refused()).toEqual(['second_factor_required', null]);
    expect(await api.database.query('select from todo_auth.account where account_id = $1', [profile.id])).toEqual([]);
    await setSecondFactor(false);
    expect((await userOf((await signIn(name, profile)).client)).email).toBe(profile.email);
    expect(await refused()).toEqual(['second_factor_required', null]);
  });

  test('two returns of a new person at once create one user, and no failure of the server', async () => {
    const profile = newProfile();
    const both = [await begin(name), await begin(name)];
    const answers = await Promise.all(both.map(({ url, cookie }) => returnTo(provider.approve(url, profile), cookie)));
    expect(answers.map(({ status }) => status)).toEqual([302, 302]);
    expect(answers.some(({ headers }) => headers.has('set-auth-token'))).toBe(true);
    const rows = await api.database.query('select from todo_auth."user" where email = $1', [profile.email]);
    expect(rows).toHaveLength(1);
  });

  test('a return is accepted once, in the browser that began, with its state and code', async () => {
    const { url, cookie } = await begin(name);
    const other = await begin(name);
    const back = provider.approve(url, newProfile());
    const errorOf = async (target: URL, sent: string) =>
      new URL((await returnTo(target, sent)).headers.get('location') ?? '').searchParams.get('error');
    expect(await errorOf(back, '')).toBe('state_mismatch');
    expect(await errorOf(back, other.cookie)).toBe('state_mismatch');
    const forged = new URL(back);
    forged.searchParams.set('code', 'forged');
    expect(await errorOf(forged, cookie)).toBe('invalid_code');
    const denied = new URL(back);
    denied.search = `?error=access_denied&state=${back.searchParams.get('state')}`;
    expect(await errorOf(denied, cookie)).toBe('access_denied');
    expect(await errorOf(back, cookie)).toBeNull();
    expect(await errorOf(back, cookie)).toBe('invalid_code');
  });
});

test.each(['callbackURL', 'errorCallbackURL', 'newUserCallbackURL'])(
  '%s is no page of another origin',
  async (field) => {
    for (const url of ['https://evil.example', '//evil.example', 'https://app.example.com@evil.example']) {
      const { status, body } = await api
        .anonymous()
        .post('/api/auth/sign-in/social', { provider: 'github', [field]: url });
      expect({ status, code: body.code }, url).toEqual({ status: 422, code: 'validation_failed' });
      expect(body.detail).toContain(`${field}: is a page of an origin that is not allowed`);
    }
  },
);

test('only the configured providers exist', async () => {
  const answer = await api.anonymous().post('/api/auth/sign-in/social', { provider: 'facebook' });
  expect(answer.status).toBe(422);
  expect((await api.anonymous().get('/api/auth/callback/facebook')).status).toBe(404);
});

test('an ID token of a page does not sign in', async () => {
  const idToken = { token: 'eyJhbGciOiJub25lIn0.e30.' };
  const { body } = await api.anonymous().post('/api/auth/sign-in/social', { provider: 'google', idToken });
  expect(Object.keys(body).sort()).toEqual(['redirect', 'url']);
});

test('a provider that does not respond is 503, and other requests do not wait for it', async () => {
  const { url, cookie } = await begin('github');
  provider.isSilent = true;
  let hasEnded = false;
  const waiting = returnTo(provider.approve(url, newProfile()), cookie).finally(() => {
    hasEnded = true;
  });
  expect((await signUp(newProfile().email)).status).toBe(200);
  expect(hasEnded).toBe(false);
  expect((await waiting).body).toMatchObject({ status: 503, code: 'identity_provider_unavailable' });
  provider.isSilent = false;
});

test('a user without a password deletes the account with a new session, and not with an older one', async () => {
  const profile = newProfile();
  const { client: session } = await signIn('github', profile);
  await api.database.query(`update todo_auth.session set created_at = now() - interval '11 minutes'`);
  expect((await session?.post('/api/auth/delete-user', {}))?.body).toMatchObject({ auth_code: 'SESSION_NOT_FRESH' });
  const again = await signIn('github', profile);
  expect((await again.client?.post('/api/auth/delete-user', {}))?.status).toBe(200);
  expect(await api.database.query('select from todo_auth.account where account_id = $1', [profile.id])).toEqual([]);
});
