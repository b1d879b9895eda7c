/** The erasure of everything of a user: what disappears, what stays, and what clients notice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { openStream } from '../support/event-stream.ts';
import { tablesWith } from '../support/stored-text.ts';
import { SyncedCopy } from '../support/synced-copy.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const path = '/api/v1/me';
const secret = 'Xylophonist';

/** Stores the secret in every table, and returns an API token of the user. */
async function leaveTraces(user: Client): Promise<string> {
  const list = (await user.post('/api/v1/lists', { name: secret })).body;
  await user.patch(`/api/v1/lists/${list.id}`, { name: `${secret} 2` });
  const task = { title: secret, description: secret, tags: [secret], list_id: list.id };
  const { body: parent } = await user.post('/api/v1/tasks', task, { 'Idempotency-Key': secret });
  await user.post('/api/v1/tasks', { title: secret, parent_id: parent.id, list_id: list.id });
  await user.patch(`/api/v1/tasks/${parent.id}`, { title: `${secret} again` });
  for (const action of ['trash', 'purge']) {
    const { body } = await user.post('/api/v1/tasks', task);
    await user.delete(`/api/v1/tasks/${body.id}`);
    if (action === 'purge') await user.delete(`/api/v1/trash/${body.id}`);
  }
  const scopes = ['tasks:read', 'tasks:write', 'tasks:purge'];
  return (await user.post('/api/v1/tokens', { name: secret, scopes })).body.token;
}

test('erases every row and every word of the user in all schemas, and nothing of others', async () => {
  const [user, other] = [api.user('the-user-to-erase'), api.user('the-user-who-stays')];
  await leaveTraces(user);
  await other.post('/api/v1/tasks', { title: 'Stays' });
  const before = await tablesWith(api, ['the-user-who-stays', 'Stays']);
  const traces = Object.keys(await tablesWith(api, [secret, 'the-user-to-erase']));
  const tables = await api.database.query<{ name: string }>(
    `select 'todo.' || tablename as name from pg_tables where schemaname = 'todo'`,
  );
  expect(traces).toEqual(expect.arrayContaining(tables.map(({ name }) => name)));

  const { status, text } = await user.delete(path);
  expect({ status, text }).toEqual({ status: 204, text: '' });
  expect(await tablesWith(api, [secret, 'the-user-to-erase'])).toEqual({});
  expect(await tablesWith(api, ['the-user-who-stays', 'Stays'])).toEqual(before);
});

test('has the same result for a user without anything, and leaves room for a new start', async () => {
  const user = api.user();
  await leaveTraces(user);
  for (const _ of [1, 2]) expect((await user.delete(path)).status).toBe(204);
  const { body } = await user.post('/api/v1/tasks', { title: 'New' }, { 'Idempotency-Key': secret });
  expect(body).toMatchObject({ title: 'New', version: 1 });
  expect((await user.get('/api/v1/tasks')).body).toEqual([body]);
  expect((await user.get('/api/v1/lists')).body).toEqual([]);
});

test('a client that keeps a copy discards it, also in an open stream', async () => {
  const user = api.user();
  await leaveTraces(user);
  const copy = await new SyncedCopy().catchUp(user);
  expect(copy.list).toHaveLength(2);
  const stream = await openStream(api.url, api.token(user.userId as string));
  await stream.next();
  await user.delete(path);
  expect(await stream.next()).toMatchObject({ event: 'reset' });
  expect(await stream.next()).toMatchObject({ data: { changes: [] } });
  await copy.readPage(user);
  expect(copy.list).toEqual([]);
});

test('the user’s API tokens are rejected at once, also the one that asked for it', async () => {
  const user = api.user();
  const tokens = [await leaveTraces(user), await leaveTraces(user)];
  const [one, another] = tokens.map((token) => api.anonymous(`Bearer ${token}`)) as [Client, Client];
  expect((await another.get(path)).status).toBe(200);
  expect((await one.delete(path)).status).toBe(204);
  for (const client of [one, another]) expect((await client.get(path)).body.code).toBe('token_invalid');
});

test('needs the scope to delete permanently', async () => {
  const { userId } = api.user();
  const user = api.user(userId as string, { scope: 'tasks:read tasks:write' });
  await user.post('/api/v1/tasks', { title: 'Stays' });
  expect((await user.delete(path)).body.code).toBe('insufficient_scope');
  expect((await user.get('/api/v1/tasks')).body).toHaveLength(1);
});

test('a user with more rows than one transaction erases is erased in several', async () => {
  const user = api.user();
  await user.post('/api/v1/tasks', { title: secret });
  // More lists than `maxRows` of `src/account/erasure-statements.ts`.
  await api.database.query(
    `insert into todo.lists (owner_id, id, name, position)
     select $1, gen_random_uuid(), 'List', todo.position_at(n) from generate_series(1, 250) as n`,
    [user.userId],
  );
  await user.delete(path);
  expect(Object.keys(await tablesWith(api, [user.userId as string]))).toEqual([]);
});

test('deleting the account of the embedded issuer erases everything, and the account; a wrong password does not', async () => {
  const embedded = await startApi({ environment: { AUTH_MODE: 'embedded', DATABASE_POOL_MAX: '1' } });
  const person = { name: secret, email: `${secret}@example.com`, password: 'correct horse battery' };
  const { headers, body } = await embedded.anonymous().post('/api/auth/sign-up/email', person);
  const session = embedded.anonymous(`Bearer ${headers.get('set-auth-token')}`);
  const { token } = (await session.get('/api/auth/token')).body;
  const user = embedded.anonymous(`Bearer ${token}`);
  const apiToken = await leaveTraces(user);
  // The session is refreshed, which is a write before the deletion.
  await embedded.database.query(`update todo_auth.session set expires_at = now() + interval '5 days'`);

  const wrong = await session.post('/api/auth/delete-user', { password: 'another horse battery' });
  expect(wrong.status).toBe(422);
  expect((await session.get('/api/auth/get-session')).body.user.id).toBe(body.user.id);
  expect((await embedded.anonymous(`Bearer ${apiToken}`).get('/api/v1/tasks')).body).toHaveLength(2);

  const deleted = await session.post('/api/auth/delete-user', { password: person.password });
  expect(deleted.status, deleted.text).toBe(200);
  expect(await tablesWith(embedded, [secret, body.user.id])).toEqual({});
  expect((await embedded.anonymous(`Bearer ${apiToken}`).get('/api/v1/tasks')).body.code).toBe('token_invalid');
  // The JWT is valid for some more minutes.
  const created = await user.post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read'] });
  expect([created.status, created.body.code]).toEqual([401, 'token_invalid']);
});
