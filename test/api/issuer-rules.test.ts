/** Protection of the embedded issuer against guessed passwords and stolen sessions. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ environment: { AUTH_MODE: 'embedded' }, keep: true });
});

afterAll(() => api.stop());

const good = 'a password that no attacker guesses';
let people = 0;

async function signUp(password = good) {
  people += 1;
  const email = `person-${people}@example.com`;
  const answer = await api.anonymous().post('/api/auth/sign-up/email', { name: 'Ada', email, password });
  return { email, answer, session: answer.headers.get('set-auth-token') };
}

const signIn = (email: string, password: string) =>
  api.anonymous().post('/api/auth/sign-in/email', { email, password });

test('a password has 8 to 128 characters, of any kind', async () => {
  for (const [password, status] of [
    ['short 7', 422],
    ['x'.repeat(129), 422],
    ['🎉 é \\ "', 200],
    ['0 spaces and ÜMLAUTS '.repeat(6), 200],
  ] as const) {
    expect((await signUp(password)).answer.status, password).toBe(status);
  }
});

test('a common password is rejected, at sign-up and at a password change', async () => {
  for (const password of ['password', '12345678', 'iloveyou1', 'Password1']) {
    const { answer } = await signUp(password);
    expect(answer.status, password).toBe(422);
    expect(answer.body.errors).toMatchObject([{ in: 'body', pointer: '/password' }]);
  }
  const { session } = await signUp();
  const changed = await api
    .anonymous(`Bearer ${session}`)
    .post('/api/auth/change-password', { currentPassword: good, newPassword: 'password1' });
  expect(changed.status).toBe(422);
  expect(changed.body.errors).toMatchObject([{ pointer: '/newPassword' }]);
});

test('a wrong password and an unknown address get the same response', async () => {
  const { email } = await signUp();
  const wrong = await signIn(email, 'not the password');
  const unknown = await signIn('unknown@example.com', 'not the password');
  const { request_id: _, ...said } = wrong.body;
  expect(wrong.status).toBe(401);
  expect(unknown.body).toMatchObject(said);
});

test('an account allows 10 failed sign-ins per minute, whether it exists or not', async () => {
  const { email } = await signUp();
  for (const address of [email, 'unknown-too@example.com']) {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await signIn(address.toUpperCase(), `guess ${attempt} of the password`)).status).toBe(401);
    }
    const { status, body, headers } = await signIn(address, good);
    expect([status, body.code]).toEqual([429, 'rate_limited']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
});

test('signing out ends the session', async () => {
  const { session } = await signUp();
  const client = api.anonymous(`Bearer ${session}`);
  expect((await client.get('/api/auth/token')).status).toBe(200);
  expect((await client.post('/api/auth/sign-out', {})).status).toBe(200);
  expect((await client.get('/api/auth/token')).status).toBe(401);
});

test('changing the password ends all other sessions', async () => {
  const { email, session } = await signUp();
  const other = (await signIn(email, good)).headers.get('set-auth-token');
  const changed = await api.anonymous(`Bearer ${session}`).post('/api/auth/change-password', {
    currentPassword: good,
    newPassword: 'another password that no attacker guesses',
    revokeOtherSessions: false,
  });
  expect(changed.status).toBe(200);
  expect((await api.anonymous(`Bearer ${other}`).get('/api/auth/token')).status).toBe(401);
  expect((await api.anonymous(`Bearer ${session}`).get('/api/auth/token')).status).toBe(401);
  const renewed = changed.headers.get('set-auth-token');
  expect((await api.anonymous(`Bearer ${renewed}`).get('/api/auth/token')).status).toBe(200);
});

test('the session cookie is HttpOnly and SameSite, and Secure with https', async () => {
  const { answer } = await signUp();
  expect(answer.headers.get('set-cookie')).toMatch(/^better-auth\.session_token=.*; HttpOnly; SameSite=Lax$/);
  const secure = await startApi({ environment: { AUTH_MODE: 'embedded', PUBLIC_URL: 'https://todo.example.com' } });
  const { headers } = await secure
    .anonymous()
    .post('/api/auth/sign-up/email', { name: 'Ada', email: 'ada@example.com', password: good });
  expect(headers.get('set-cookie')).toMatch(/^__Secure-better-auth\.session_token=.*; Secure/);
});

test('the user role has no access to the tables of the issuer', async () => {
  for (const table of ['user', 'session', 'account', 'verification', 'jwks']) {
    const rows = await api.database.query<{ may: boolean }>(
      `select has_schema_privilege('todo_user', 'todo_auth', 'usage')
           or has_table_privilege('todo_user', 'todo_auth.' || $1, 'select, insert, update, delete') as may`,
      [table],
    );
    expect(rows, table).toEqual([{ may: false }]);
  }
});
