/** The embedded issuer's endpoints against the OpenAPI document: the test client validates each response. */
import { createAuthClient } from 'better-auth/client';
import { twoFactorClient } from 'better-auth/client/plugins';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { cookieFetch } from '../support/cookie-fetch.ts';
import { documentWithIssuer, documentWithoutFeatures, issuerOperations } from '../support/document.ts';
import { noteSecret, noteSecrets } from '../support/log-scan.ts';
import { type OAuthProvider, client as oauthClient, startOAuthProvider } from '../support/oauth-provider.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { codeOf } from '../support/totp.ts';

const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };

let smtp: TestSmtpServer;
let provider: OAuthProvider;
/** A server with all features. */
let api: TestApi;
/** The operations that have succeeded, as method and path. */
const seen = new Set<string>();

beforeAll(async () => {
  smtp = await startSmtpServer();
  provider = await startOAuthProvider();
  api = await startApi({
    keep: true,
    environment: {
      AUTH_MODE: 'embedded',
      APP_URL: 'https://app.example.com',
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'todo@example.com',
      GOOGLE_CLIENT_ID: oauthClient.clientId,
      GOOGLE_CLIENT_SECRET: oauthClient.clientSecret,
      GITHUB_CLIENT_ID: oauthClient.clientId,
      GITHUB_CLIENT_SECRET: oauthClient.clientSecret,
      TWO_FACTOR: 'on',
    },
  });
});

afterAll(async () => {
  await api.stop();
  await provider.close();
  await smtp.close();
});

/** Sends a request that must succeed. The client validates the response against the document. */
async function succeed(client: Client, method: string, path: string, body?: object, headers = {}) {
  const answer = await client.request(method, `/api/auth${path}`, { headers, ...(body && { body }) });
  expect(answer.status, answer.text).toBe(path.startsWith('/callback/') ? 302 : 200);
  seen.add(`${method} /api/auth${path.replace(/\?.*/, '')}`);
  return answer;
}

const cookiesOf = ({ headers }: { headers: Headers }) => ({
  Cookie: headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; '),
});

const sessionOf = (answer: { headers: Headers }) => api.anonymous(`Bearer ${answer.headers.get('set-auth-token')}`);

test('the document of the server has them', async () => {
  expect((await api.anonymous().get('/openapi.json')).body).toEqual(documentWithIssuer);
});

test('without their variables, the document has none of the optional endpoints, and a user no member for them', async () => {
  const plain = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  expect((await plain.anonymous().get('/openapi.json')).body).toEqual(documentWithoutFeatures);
  const { body } = await plain.anonymous().post('/api/auth/sign-up/email', person);
  expect(Object.keys(body.user).sort()).toEqual([
    'createdAt',
    'email',
    'emailVerified',
    'id',
    'image',
    'name',
    'updatedAt',
  ]);
});

test('every documented endpoint responds as documented', async () => {
  const anonymous = api.anonymous();
  const first = sessionOf(await succeed(anonymous, 'POST', '/sign-up/email', person));
  const { body } = await succeed(first, 'GET', '/get-session');
  expect(body.user).toMatchObject({ name: person.name, email: person.email });
  expect((await succeed(anonymous, 'GET', '/get-session')).body).toBeNull();
  await succeed(anonymous, 'GET', '/jwks');

  const { token } = (await succeed(first, 'GET', '/token')).body;
  expect((await api.anonymous(`Bearer ${token}`).get('/api/v1/me')).body.id).toBe(body.user.id);

  await succeed(first, 'POST', '/update-user', { name: 'Bea', image: 'https://app.example.com/bea.png' });
  await succeed(first, 'POST', '/update-user', { image: null });
  const change = { currentPassword: person.password, newPassword: 'a better horse battery' };
  const second = sessionOf(await succeed(first, 'POST', '/change-password', change));
  expect((await first.get('/api/auth/token')).status).toBe(401);

  const credentials = { email: person.email, password: change.newPassword };
  await succeed(anonymous, 'POST', '/sign-in/email', credentials);
  const third = sessionOf(await succeed(anonymous, 'POST', '/sign-in/email', { ...credentials, rememberMe: false }));
  const { session } = (await succeed(third, 'GET', '/get-session')).body;
  const sessions: { id: string; token: string }[] = (await succeed(second, 'GET', '/list-sessions')).body;
  expect(sessions).toHaveLength(3);
  expect(sessions.map(({ id }) => id)).toContain(session.id);
  await succeed(second, 'POST', '/revoke-session', { token: session.token });
  await succeed(second, 'POST', '/revoke-other-sessions');
  expect((await succeed(second, 'GET', '/list-sessions')).body).toHaveLength(1);
  await succeed(second, 'POST', '/revoke-sessions');

  const last = sessionOf(await succeed(anonymous, 'POST', '/sign-in/email', credentials));
  await succeed(last, 'POST', '/sign-out');
  expect((await last.get('/api/auth/token')).status).toBe(401);

  const leaving = sessionOf(await succeed(anonymous, 'POST', '/sign-in/email', credentials));
  const without = await leaving.post('/api/auth/delete-user', {});
  expect(without.body).toMatchObject({ code: 'validation_failed', errors: [{ in: 'body', pointer: '/password' }] });
  await succeed(leaving, 'POST', '/delete-user', { password: change.newPassword });
  expect((await anonymous.post('/api/auth/sign-in/email', credentials)).status).toBe(401);

  await useEmails();
  await useProviders();
  await useSecondFactor();

  const documented = issuerOperations.map(({ method, path }) => `${method} ${path}`);
  expect([...seen].sort()).toEqual(documented.sort());
});

const tokenOf = async (to: string) => (await smtp.next(to)).link?.searchParams.get('token') ?? '';

async function useEmails(): Promise<void> {
  const email = 'bea@example.com';
  const client = sessionOf(await succeed(api.anonymous(), 'POST', '/sign-up/email', { ...person, email }));
  await tokenOf(email);
  await succeed(client, 'POST', '/send-verification-email', { email });
  await succeed(client, 'GET', `/verify-email?token=${await tokenOf(email)}`);
  await succeed(client, 'POST', '/change-email', { newEmail: 'new@example.com' });
  await succeed(client, 'GET', `/verify-email?token=${await tokenOf(email)}`);
  await succeed(client, 'GET', `/verify-email?token=${await tokenOf('new@example.com')}`);
  await succeed(api.anonymous(), 'POST', '/request-password-reset', { email: 'new@example.com' });
  const token = await tokenOf('new@example.com');
  await succeed(api.anonymous(), 'POST', '/reset-password', { token, newPassword: 'a better horse battery' });
}

async function useProviders(): Promise<void> {
  for (const name of ['google', 'github'] as const) {
    const begun = await succeed(api.anonymous(), 'POST', '/sign-in/social', { provider: name });
    const profile = { id: name, email: `${name}@example.com`, isVerified: true };
    const { search } = provider.approve(begun.body.url, profile);
    await succeed(api.anonymous(), 'GET', `/callback/${name}${search}`, undefined, cookiesOf(begun));
  }
}

async function useSecondFactor(): Promise<void> {
  const email = 'cleo@example.com';
  const { password } = person;
  const client = sessionOf(await succeed(api.anonymous(), 'POST', '/sign-up/email', { ...person, email }));
  const { totpURI } = (await succeed(client, 'POST', '/two-factor/enable', { password })).body;
  const own = sessionOf(await succeed(client, 'POST', '/two-factor/verify-totp', { code: codeOf(totpURI) }));
  const { backupCodes } = (await succeed(own, 'POST', '/two-factor/generate-backup-codes', { password })).body;
  const signedIn = await succeed(api.anonymous(), 'POST', '/sign-in/email', { email, password });
  const code = { code: backupCodes[0] };
  await succeed(api.anonymous(), 'POST', '/two-factor/verify-backup-code', code, cookiesOf(signedIn));
  await succeed(own, 'POST', '/two-factor/disable', { password });
}

/** Better Auth's client with the cookies of one browser. */
function browser() {
  const withCookies = cookieFetch();
  const customFetchImpl: typeof fetch = async (input, init) => {
    const response = await withCookies(input, init);
    noteSecrets(response.headers, await response.clone().json());
    return response;
  };
  return createAuthClient({ baseURL: api.url, plugins: [twoFactorClient()], fetchOptions: { customFetchImpl } });
}

test('Better Auth’s client uses e-mails, providers and a second factor', async () => {
  const client = browser();
  const email = 'dora@example.com';
  const [{ password }, newPassword] = [person, 'a better horse battery'];
  await client.signUp.email({ ...person, email, callbackURL: '/confirm' });
  expect((await client.verifyEmail({ query: { token: await tokenOf(email) } })).data).toMatchObject({ status: true });
  await client.changeEmail({ newEmail: 'dora.new@example.com' });
  await client.verifyEmail({ query: { token: await tokenOf(email) } });
  await client.verifyEmail({ query: { token: await tokenOf('dora.new@example.com') } });
  expect((await client.getSession()).data?.user).toMatchObject({ email: 'dora.new@example.com', emailVerified: true });

  const enabled = await client.twoFactor.enable({ password });
  const { totpURI, backupCodes } = enabled.data as { totpURI: string; backupCodes: string[] };
  noteSecret(...backupCodes);
  expect((await client.twoFactor.verifyTotp({ code: codeOf(totpURI) })).error).toBeNull();
  await client.requestPasswordReset({ email: 'dora.new@example.com', redirectTo: '/new-password' });
  const token = await tokenOf('dora.new@example.com');
  expect((await client.resetPassword({ newPassword, token })).data).toEqual({ status: true });
  expect((await client.getSession()).data).toBeNull();
  const signedIn = await client.signIn.email({ email: 'dora.new@example.com', password: newPassword });
  expect(signedIn.data).toMatchObject({ twoFactorRedirect: true });
  expect((await client.twoFactor.verifyTotp({ code: codeOf(totpURI, 1) })).error).toBeNull();
  expect((await client.getSession()).data?.user.email).toBe('dora.new@example.com');
  const begun = await client.signIn.social({ provider: 'github', callbackURL: '/tasks', disableRedirect: true });
  expect(begun.data?.url).toMatch(/^https:\/\/github\.com\//);
});

const bodies: Record<string, object> = {
  changePassword: { currentPassword: person.password, newPassword: 'a better horse battery' },
  updateUser: { name: 'Bea' },
  deleteUser: { password: person.password },
  revokeSession: { token: 'x' },
  sendVerificationEmail: { email: person.email },
  changeEmail: { newEmail: 'new@example.com' },
  enableTwoFactor: { password: person.password },
  generateBackupCodes: { password: person.password },
  disableTwoFactor: { password: person.password },
};

test.each(issuerOperations.filter(({ operation }) => operation.security.length > 0))(
  '$operation.operationId does nothing without a session',
  async ({ method, path, operation }) => {
    const body = bodies[operation.operationId];
    expect(operation.requestBody === undefined).toBe(body === undefined);
    const { status } = await api.anonymous('Bearer x').request(method, path, body ? { body } : {});
    // These endpoints accept requests without a session.
    expect(status).toBe(['getSession', 'signOut'].includes(operation.operationId) ? 200 : 401);
  },
);

test.each(issuerOperations.filter(({ operation }) => operation.requestBody))(
  '$operation.operationId needs a body of the documented type',
  async ({ method, path }) => {
    const { headers } = await api.anonymous().request('POST', '/api/auth/sign-up/email', {
      body: { ...person, email: `${path.replaceAll(/\W/g, '')}@example.com` },
    });
    const client = api.anonymous(`Bearer ${headers.get('set-auth-token')}`);
    expect((await client.request(method, path, { body: '{' })).status).toBe(400);
    expect((await client.request(method, path, { body: '[]' })).status).toBe(422);
    const form = { body: 'email=x', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
    expect((await client.request(method, path, form)).status).toBe(415);
  },
);
