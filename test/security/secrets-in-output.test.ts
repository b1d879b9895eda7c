/** Scan of the log for secrets: it finds each kind, and the log of a server after every kind of request has none. */
import { expect, test } from 'vitest';
import { type Client, startApi } from '../support/api.ts';
import { testSecret } from '../support/databases.ts';
import { expectCleanLog, noteSecrets } from '../support/log-scan.ts';
import { makeIssuer } from '../support/tokens.ts';

const line = (fields: object) => `${JSON.stringify({ level: 30, msg: 'request', ...fields })}\n`;

const session = '3f9Kq0ZcR7bXw2LmPt6VyA1s';
const token = makeIssuer().sign({ sub: 'ada', exp: 4_000_000_000 });

test.each([
  ['the secret', line({ message: `secret ${testSecret}` })],
  ['a token', line({ authorization: `Bearer ${token}` })],
  ['the signature of a token', line({ reason: token.split('.')[2] })],
  ['a password', line({ body: 'a-password-of-ada' })],
  ['a session', line({ cookie: `session=${session}` })],
  ['a private key', line({ key: '-----BEGIN PRIVATE KEY-----' })],
  ['a query', line({ err: { message: 'select title from todo.tasks' } })],
  ['a write', line({ err: { message: 'Failed: UPDATE todo.tasks SET title = $1' } })],
  ['a table of the issuer', line({ err: { message: 'relation todo_auth.session' } })],
  ['a user', line({ user: 'user-123-4' })],
  ['a second line', `${line({})}${line({})}`],
  ['a line without an end', line({}).trim()],
  ['an escape sequence', `{"a":"\u001b[31m"}\n`],
  ['a line separator', `{"a":"\u2028"}\n`],
  ['no JSON', 'listening\n'],
])('%s in the log is found', (_what, bad) => {
  noteSecrets(new Headers({ Authorization: `Bearer ${token}`, 'Set-Cookie': `session=${session}.x; HttpOnly` }), {
    password: 'a-password-of-ada',
  });
  expect(() => expectCleanLog([line({}), bad])).toThrow();
});

test('a line of a normal request passes', () => {
  expectCleanLog([line({ request_id: 'x', method: 'GET', route: '/api/v1/tasks/:id', status: 200, duration_ms: 1.5 })]);
});

/** Each server stops at the end of its test, which scans its log. */
test('a server with the embedded issuer logs no secret', async () => {
  const api = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const anonymous = api.anonymous();
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const signedUp = await anonymous.post('/api/auth/sign-up/email', person);
  await anonymous.post('/api/auth/sign-up/email', person);
  await anonymous.post('/api/auth/sign-in/email', { ...person, password: 'wrong horse battery' });
  const signedIn = await anonymous.post('/api/auth/sign-in/email', person);
  expect([signedUp.status, signedIn.status]).toEqual([200, 200]);
  const withSession = api.anonymous(`Bearer ${signedIn.headers.get('set-auth-token')}`);
  const { body } = await withSession.get('/api/auth/token');
  expect(body.token).toMatch(/^eyJ/);
  const ada = api.anonymous(`Bearer ${body.token}`);
  await breakEverything(ada);
  expect((await ada.get('/api/v1/tasks')).status).toBe(200);
  await withSession.post('/api/auth/sign-out', {});
  await ada.get('/api/v1/tasks');
  await api.anonymous(`Bearer ${body.token}x`).get('/api/v1/tasks');
  await api.anonymous(`Basic ${Buffer.from('ada:correct horse battery').toString('base64')}`).get('/api/v1/tasks');
  await anonymous.get(`/api/v1/tasks?access_token=${body.token}`);
  await anonymous.get(`/${body.token}`);
  await anonymous.get('/api/v1/me', { Cookie: `token=${body.token}` });
  await api.database.query('alter table todo_auth.session rename to lost');
  await anonymous.post('/api/auth/sign-in/email', person);
  await api.database.query('alter table todo_auth.lost rename to session');
});

test('a server whose database fails logs no secret', async () => {
  const api = await startApi();
  const ada = api.user();
  await api.database.query('alter table todo.tasks rename column title to lost');
  await breakEverything(ada);
  expect(api.log.filter(({ status }) => status === 500).length).toBeGreaterThan(2);
});

async function breakEverything(client: Client): Promise<void> {
  const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
  await client.post(
    '/api/v1/tasks',
    { id, title: 'x', description: testSecret, tags: ['x'] },
    { 'Idempotency-Key': 'x' },
  );
  await client.get('/api/v1/tasks?q=x&tag=x');
  await client.patch(`/api/v1/tasks/${id}`, { title: testSecret });
  await client.post('/api/v1/tasks/batch', { operations: [{ op: 'delete', id }] });
  await client.post('/api/v1/tasks', `{"title":"${testSecret}`);
  await client.get(`/api/v1/tasks/${testSecret}`);
  await client.get('/api/v1/me', { 'X-Request-Id': `no id, but ${testSecret}` });
}
