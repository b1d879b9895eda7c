/** Better Auth's client with the embedded issuer: each of its methods, with cookies and with bearer tokens. */
import { createAuthClient } from 'better-auth/client';
import { jwtClient } from 'better-auth/client/plugins';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { cookieFetch } from '../support/cookie-fetch.ts';
import { noteSecret, noteSecrets } from '../support/log-scan.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const password = 'correct horse battery';
const otherPassword = 'another horse, another battery';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded' } });
});

afterAll(() => api.stop());

let people = 0;

function newPerson() {
  people += 1;
  return { name: 'Ada', email: `ada${people}@example.com`, password };
}

/** A client that stores its cookies, as a browser does. */
function byCookies() {
  return clientWith(cookieFetch());
}

/** A client that keeps the token in `set-auth-token`, as the documentation of Better Auth's bearer plugin describes. */
function byBearer() {
  let token = '';
  return clientWith(async (input, init) => {
    const headers = new Headers(init?.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(input, { ...init, headers });
    token = response.headers.get('set-auth-token') ?? token;
    return response;
  });
}

function clientWith(customFetchImpl: typeof fetch) {
  const noting: typeof fetch = async (input, init) => {
    const response = await customFetchImpl(input, init);
    noteSecrets(
      response.headers,
      await response
        .clone()
        .json()
        .catch(() => null),
    );
    return response;
  };
  noteSecret(password, otherPassword);
  return createAuthClient({
    baseURL: api.url,
    plugins: [jwtClient()],
    fetchOptions: { customFetchImpl: noting },
  });
}

/** A client with a new user. */
async function signedUp(newClient: typeof byCookies) {
  const client = newClient();
  const person = newPerson();
  expect((await client.signUp.email(person)).error).toBeNull();
  return { client, person };
}

/** An error for the application: Better Auth's code and message, and the problem's status and code. */
const refusal = (status: number, code: string, auth_code: string, message: string | RegExp) => ({
  data: null,
  error: expect.objectContaining({
    status,
    code,
    auth_code,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    title: expect.any(String),
    detail: expect.any(String),
  }),
});

const unauthorized = refusal(401, 'token_invalid', 'UNAUTHORIZED', 'Unauthorized');

describe.each([
  ['cookies', byCookies],
  ['bearer tokens', byBearer],
])('by %s', (_how, newClient) => {
  test('signs up, gets the session and a token, and signs out', async () => {
    const { client, person } = await signedUp(newClient);
    const session = await client.getSession();
    expect(session.data?.user).toMatchObject({ name: person.name, email: person.email });
    const { data } = await client.token();
    noteSecret(data?.token);
    const me = await api.anonymous(`Bearer ${data?.token}`).get('/api/v1/me');
    expect(me.body.id).toBe(session.data?.user.id);
    expect(await client.signOut()).toEqual({ data: { success: true }, error: null });
    expect(await client.token()).toEqual(unauthorized);
    expect((await client.getSession()).data).toBeNull();
  });

  test('signs in, and gets the reason of a failure', async () => {
    const { person } = await signedUp(newClient);
    const client = newClient();
    const wrong = refusal(401, 'token_invalid', 'INVALID_EMAIL_OR_PASSWORD', 'Invalid email or password');
    expect(await client.signIn.email({ ...person, password: otherPassword })).toEqual(wrong);
    expect(await client.signIn.email({ ...person, email: 'unknown@example.com' })).toEqual(wrong);
    expect((await client.signIn.email(person)).data?.user.email).toBe(person.email);
    expect((await client.getSession()).data?.user.email).toBe(person.email);
  });

  test('gets the reason of a failed sign-up', async () => {
    const { client, person } = await signedUp(newClient);
    const refused = (code: string, message: string | RegExp) => refusal(422, 'validation_failed', code, message);
    expect(await client.signUp.email(person)).toEqual(
      refused('USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL', 'User already exists. Use another email.'),
    );
    expect(await client.signUp.email({ ...newPerson(), password: 'sh0rt 7' })).toEqual(
      refused('PASSWORD_TOO_SHORT', 'Password too short'),
    );
    expect(await client.signUp.email({ ...newPerson(), password: 'x'.repeat(129) })).toEqual(
      refused('PASSWORD_TOO_LONG', 'Password too long'),
    );
    const invalid = await client.signUp.email({ ...newPerson(), email: 'ada' });
    expect(invalid).toEqual(refused('VALIDATION_ERROR', /^\[body\.email\] Invalid/));
    expect(invalid.error).toMatchObject({ errors: [{ in: 'body', pointer: '/email' }] });
    // A rule of this server, without a code of Better Auth.
    expect((await client.signUp.email({ ...newPerson(), password: 'password1' })).error).toMatchObject({
      status: 422,
      message: expect.stringMatching(/common password.*Use four or more unrelated words/),
    });
  });

  test('changes name and password', async () => {
    const { client, person } = await signedUp(newClient);
    expect((await client.updateUser({ name: 'Ada Lovelace' })).data).toEqual({ status: true });
    expect((await client.getSession()).data?.user.name).toBe('Ada Lovelace');
    expect(await client.changePassword({ currentPassword: otherPassword, newPassword: otherPassword })).toEqual(
      refusal(422, 'validation_failed', 'INVALID_PASSWORD', 'Invalid password'),
    );
    const changed = await client.changePassword({ currentPassword: password, newPassword: otherPassword });
    expect(changed.data?.user.email).toBe(person.email);
    expect((await client.getSession()).data?.user.email).toBe(person.email);
    expect((await newClient().signIn.email({ ...person, password: otherPassword })).error).toBeNull();
  });

  test('lists and ends sessions', async () => {
    const { client, person } = await signedUp(newClient);
    const others = [newClient(), newClient(), newClient()] as const;
    for (const other of others) expect((await other.signIn.email(person)).error).toBeNull();
    const { data: sessions } = await client.listSessions();
    expect(sessions).toHaveLength(4);
    const token = (await others[0].getSession()).data?.session.token ?? '';
    expect((await client.revokeSession({ token })).data).toEqual({ status: true });
    expect(await others[0].listSessions()).toEqual(unauthorized);
    expect((await client.revokeOtherSessions()).data).toEqual({ status: true });
    expect(await others[1].listSessions()).toEqual(unauthorized);
    expect((await client.listSessions()).data).toHaveLength(1);
    expect((await client.revokeSessions()).data).toEqual({ status: true });
    expect(await client.listSessions()).toEqual(unauthorized);
  });

  test('has to sign in again to list sessions with an old session', async () => {
    const { client, person } = await signedUp(newClient);
    await api.database.query(
      `update todo_auth.session set created_at = now() - interval '2 days'
       where user_id = (select id from todo_auth."user" where email = $1)`,
      [person.email],
    );
    expect(await client.listSessions()).toEqual(refusal(401, 'token_invalid', 'SESSION_NOT_FRESH', /not fresh/i));
    await client.signIn.email(person);
    expect((await client.listSessions()).data).toHaveLength(2);
  });

  test('deletes the account with its password', async () => {
    const { client, person } = await signedUp(newClient);
    expect((await client.deleteUser({ password: otherPassword })).error?.status).toBe(422);
    expect((await client.deleteUser({ password })).data).toMatchObject({ success: true });
    expect((await client.signIn.email(person)).error?.status).toBe(401);
  });

  test('gets 404 for methods that are not enabled', async () => {
    const { client, person } = await signedUp(newClient);
    const { email } = person;
    const answers = {
      requestPasswordReset: await client.requestPasswordReset({ email }),
      resetPassword: await client.resetPassword({ newPassword: otherPassword, token: 'x' }),
      sendVerificationEmail: await client.sendVerificationEmail({ email }),
      changeEmail: await client.changeEmail({ newEmail: `new-${email}` }),
      'signIn.social': await client.signIn.social({ provider: 'github' }),
      linkSocial: await client.linkSocial({ provider: 'github' }),
      listAccounts: await client.listAccounts(),
      unlinkAccount: await client.unlinkAccount({ accountId: 'x' }),
      getAccessToken: await client.getAccessToken({ accountId: 'x' }),
      refreshToken: await client.refreshToken({ accountId: 'x' }),
      accountInfo: await client.accountInfo({ query: { accountId: 'x' } }),
      verifyEmail: await client.verifyEmail({ query: { token: 'x' } }),
    };
    for (const [name, { error }] of Object.entries(answers)) {
      expect([error?.status, error?.code], name).toEqual([404, 'not_found']);
    }
  });

  test('throws errors with the same members if configured', async () => {
    const client = newClient();
    const thrown = await client.signIn.email({ email: 'unknown@example.com', password }, { throw: true }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(thrown).toMatchObject({
      status: 401,
      error: { auth_code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid email or password', code: 'token_invalid' },
    });
  });
});

describe('a request without a body', () => {
  const json = { 'Content-Type': 'application/json' };

  test.each([
    ['JSON', json, undefined],
    ['a form', { 'Content-Type': 'application/x-www-form-urlencoded' }, undefined],
    ['text', { 'Content-Type': 'text/plain;charset=UTF-8' }, undefined],
    ['nothing', {}, undefined],
    ['JSON, an empty object', json, '{}'],
  ])('signs out: as %s', async (_type, headers, body) => {
    const { headers: signed } = await api.anonymous().post('/api/auth/sign-up/email', newPerson());
    const client = api.anonymous(`Bearer ${signed.get('set-auth-token')}`);
    const { status } = await client.request('POST', '/api/auth/sign-out', { headers, ...(body && { body }) });
    expect(status).toBe(200);
    expect((await client.get('/api/auth/token')).status).toBe(401);
  });

  test('signs out: with an empty chunked body', async () => {
    const { headers } = await api.anonymous().post('/api/auth/sign-up/email', newPerson());
    const session = headers.get('set-auth-token');
    const head = [
      'POST /api/auth/sign-out HTTP/1.1',
      `Host: ${new URL(api.url).host}`,
      `Authorization: Bearer ${session}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close',
    ];
    const answer = parseAnswer(await sendRaw(api.url, `${head.join('\r\n')}\r\n\r\n0\r\n\r\n`));
    expect(answer.status).toBe(200);
    expect((await api.anonymous(`Bearer ${session}`).get('/api/auth/token')).status).toBe(401);
  });

  test.each(['/revoke-sessions', '/revoke-other-sessions'])('is sufficient for %s', async (path) => {
    const { headers } = await api.anonymous().post('/api/auth/sign-up/email', newPerson());
    const client = api.anonymous(`Bearer ${headers.get('set-auth-token')}`);
    expect((await client.request('POST', `/api/auth${path}`, { headers: json })).status).toBe(200);
  });

  test.each(['/sign-in/email', '/sign-up/email', '/change-password', '/update-user'])(
    'is not enough for %s',
    async (path) => {
      for (const headers of [json, {}] as Record<string, string>[]) {
        const { status, body } = await api.anonymous().request('POST', `/api/auth${path}`, { headers });
        expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_request' });
      }
    },
  );
});
