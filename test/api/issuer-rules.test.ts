/** Protection of the embedded issuer against guessed passwords and stolen sessions. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eraseTokensInTransaction } from '../../src/account/erasure.ts';
import { setRandomPassword } from '../../src/auth/better-auth/operator-reset.ts';
import { waitForTurn } from '../../src/idempotency/turn.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { noteSecret } from '../support/log-scan.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ environment: { AUTH_MODE: 'embedded' }, keep: true });
});

afterAll(() => api.stop());

const good = 'a password that no attacker guesses';
const tokenFields = { name: 'Backup', scopes: ['tasks:read'] };
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
    ['🎉 é \\ " Ω ∑ ж', 200],
    ['0 spaces and ÜMLAUTS '.repeat(6), 200],
  ] as const) {
    expect((await signUp(password)).answer.status, password).toBe(status);
  }
});

test('a weak password is rejected with a reason and a fix, at sign-up and at a password change', async () => {
  const weak = ['password', '12345678', 'iloveyou1', 'Password1', 'aaaaaaaa', 'P@ssw0rd!', 'todo-api', 'Todo-Api-2026'];
  for (const password of weak) {
    const { answer } = await signUp(password);
    expect(answer.status, password).toBe(422);
    expect(answer.body.errors).toMatchObject([{ in: 'body', pointer: '/password' }]);
    expect(answer.body.message).toMatch(/^password: is easy to guess\. .*Use four or more unrelated words/);
  }
  const { session } = await signUp();
  const changed = await api
    .anonymous(`Bearer ${session}`)
    .post('/api/auth/change-password', { currentPassword: good, newPassword: 'P@ssw0rd!' });
  expect(changed.status).toBe(422);
  expect(changed.body.errors).toMatchObject([{ pointer: '/newPassword' }]);
});

test('a password of the user’s name and address is rejected, at sign-up and at a password change', async () => {
  const person = { name: 'Grace Murray Hopper', email: 'rear.admiral@cobol.example' };
  const post = (path: string, body: object, session?: string | null) =>
    api.anonymous(session ? `Bearer ${session}` : undefined).post(`/api/auth${path}`, body);
  const own = ['Murray Hopper', 'hopper.grace', 'rear.admiral@cobol.example', 'admiral-cobol'];
  for (const password of own)
    expect((await post('/sign-up/email', { ...person, password })).status, password).toBe(422);
  const { headers } = await post('/sign-up/email', { ...person, password: good });
  const session = headers.get('set-auth-token');
  for (const newPassword of own) {
    const { status } = await post('/change-password', { currentPassword: good, newPassword }, session);
    expect(status, newPassword).toBe(422);
  }
  // Another user may use these words.
  expect((await signUp('hopper.grace')).answer.status).toBe(200);
});

test('a weak new password without a session is 401', async () => {
  const { status } = await api
    .anonymous()
    .post('/api/auth/change-password', { currentPassword: good, newPassword: 'password' });
  expect(status).toBe(401);
});

test('a wrong password and an unknown address get the same response', async () => {
  const { email } = await signUp();
  const wrong = await signIn(email, 'not the password');
  const unknown = await signIn('unknown@example.com', 'not the password');
  const { request_id: _, ...said } = wrong.body;
  expect(wrong.status).toBe(401);
  expect(unknown.body).toMatchObject(said);
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
  const { body } = await api.anonymous(`Bearer ${other}`).get('/api/auth/token');
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
  // The JWT is valid for 15 minutes, and an API token would be for months.
  const jwt = api.anonymous(`Bearer ${body.token}`);
  expect((await jwt.get('/api/v1/tasks')).status).toBe(200);
  expect((await jwt.post('/api/v1/tokens', tokenFields)).status).toBe(401);
});

test('a sign-in or a change of the password that began before a new password does not outlive it', async () => {
  const { email, answer, session } = await signUp();
  const userId = answer.body.user.id;
  const reset = await begin();
  await reset.query(`update todo_auth.account set password = 'another hash' where user_id = $1`, [userId]);
  const newPassword = 'another password that no attacker guesses';
  const attempts = [
    signIn(email, good),
    api.anonymous(`Bearer ${session}`).post('/api/auth/change-password', { currentPassword: good, newPassword }),
  ];
  await untilWaiting(2);
  await reset.query('delete from todo_auth.session where user_id = $1', [userId]);
  await reset.end();
  const answers = await Promise.all(attempts);
  expect(answers.map(({ body }) => body.auth_code)).toEqual(['INVALID_EMAIL_OR_PASSWORD', 'INVALID_PASSWORD']);
  const rows = await api.database.query(
    `select password, (select count(*)::integer from todo_auth.session where user_id = $1) as sessions
     from todo_auth.account where user_id = $1`,
    [userId],
  );
  expect(rows).toEqual([{ password: 'another hash', sessions: 0 }]);
});

test('a sign-in with a second factor that began before a new password does not outlive it', async () => {
  const { email, answer } = await signUp();
  const userId = answer.body.user.id;
  await api.database.query(
    `insert into todo_auth.verification (id, identifier, value, expires_at)
     values ($1, $1, $1, now() + interval '1 hour')`,
    [userId],
  );
  const signInRequest = await begin();
  await signInRequest.query('delete from todo_auth.verification where value = $1', [userId]);
  await signInRequest.query(
    `insert into todo_auth.session (id, token, user_id, expires_at) values ('late', 'late', $1, now() + interval '1 day')`,
    [userId],
  );
  const reset = setPassword(email);
  await untilWaiting(1);
  await signInRequest.end();
  await reset;
  expect(await api.database.query('select from todo_auth.session where user_id = $1', [userId])).toEqual([]);
});

test('an API token whose creation waits while a new password ends the session is not created', async () => {
  const { email, answer, session } = await signUp();
  const userId = answer.body.user.id;
  const { body } = await api.anonymous(`Bearer ${session}`).get('/api/auth/token');
  const earlierWrite = await begin();
  await earlierWrite.query(`select ${waitForTurn}`, [userId]);
  const creation = api.anonymous(`Bearer ${body.token}`).post('/api/v1/tokens', tokenFields);
  await untilWaiting(1);
  await setPassword(email);
  await earlierWrite.end();
  expect((await creation).status).toBe(401);
  expect(await api.database.query('select from todo.tokens where owner_id = $1', [userId])).toEqual([]);
});

async function setPassword(email: string) {
  const { password } = await setRandomPassword(api.database.driver.pool, email, eraseTokensInTransaction);
  noteSecret(password);
}

/** A transaction of another request, until it ends with a commit. */
async function begin() {
  const client = await api.database.driver.pool.connect();
  await client.query('begin');
  return {
    query: (text: string, values: unknown[]) => client.query(text, values),
    async end() {
      await client.query('commit');
      client.release();
    },
  };
}

const untilWaiting = (count: number) =>
  vi.waitUntil(async () => (await api.database.query(selectWaiting)).length === count, 20_000);

/** The connections that wait for a lock. */
const selectWaiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

test('the session cookie is HttpOnly and SameSite, and Secure with https', async () => {
  const { answer } = await signUp();
  expect(answer.headers.get('set-cookie')).toMatch(/^better-auth\.session_token=.*; HttpOnly; SameSite=Lax$/);
  const secure = await startApi({ environment: { AUTH_MODE: 'embedded', PUBLIC_URL: 'https://todo.example.com' } });
  const { headers } = await secure
    .anonymous()
    .post('/api/auth/sign-up/email', { name: 'Ada', email: 'ada@example.com', password: good });
  expect(headers.get('set-cookie')).toMatch(/^__Secure-better-auth\.session_token=.*; Secure/);
});

test('a request has one session, for the rules of this server and for Better Auth', async () => {
  const [own, other] = [await signUp(), await signUp()];
  // The rules would accept a deletion by the other user without a password.
  await api.database.query('update todo_auth.account set password = null where user_id = $1', [
    other.answer.body.user.id,
  ]);
  const client = api.anonymous();
  const remove = (Cookie: string, headers = {}) => client.post('/api/auth/delete-user', {}, { Cookie, ...headers });
  const name = 'better-auth.session_token';
  expect((await remove(`${name}="${own.session}"`)).status).toBe(401);
  const both = await remove(`__Secure-${name}=${other.session}; ${name}=${own.session}`);
  expect(both.body.errors).toEqual([{ in: 'body', pointer: '/password', message: 'is required' }]);
  const bearer = await remove(`${name}=${own.session}`, { Authorization: `Bearer ${other.session}` });
  expect(bearer.status).toBe(200);
  const { body } = await client.get('/api/auth/get-session', { Cookie: `a=1; ${name}=${own.session}; b=2` });
  expect(body.user.email).toBe(own.email);
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
