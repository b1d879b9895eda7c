/** The export of everything of a user. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maxExportsPerUser } from '../../src/account/export/limits.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { exportOf, ofType } from '../support/transfer.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const path = '/api/v1/export';

async function create(user: Client, task: object) {
  const { status, body } = await user.post('/api/v1/tasks', task);
  expect(status).toBe(201);
  return body;
}

test('has every list, task, trash entry, change and API token of the user, and nothing of others', async () => {
  const [user, other] = [api.user(), api.user()];
  await create(other, { title: 'Not mine' });
  await other.post('/api/v1/lists', { name: 'Not mine' });
  const { body: list } = await user.post('/api/v1/lists', { name: 'Home' });
  await user.patch(`/api/v1/lists/${list.id}`, { name: 'House' });
  const task = await create(user, { title: 'Buy milk', tags: ['shop'], list_id: list.id, due: { date: '2026-12-01' } });
  await user.patch(`/api/v1/tasks/${task.id}`, { status: 'Done' });
  const deleted = await create(user, { title: 'Deleted' });
  await user.delete(`/api/v1/tasks/${deleted.id}`);
  const { body: created } = await user.post('/api/v1/tokens', { name: 'Backup', scopes: ['tasks:read'] });

  const lines = await exportOf(user);
  const { cursor } = (await user.get('/api/v1/changes')).body;
  expect(lines[0]).toEqual({
    type: 'export',
    version: 1,
    exported_at: expect.stringMatching(/^\d{4}-.*Z$/),
    user_id: user.userId,
    cursor,
  });
  expect(ofType(lines, 'list')).toEqual((await user.get('/api/v1/lists')).body);
  expect(ofType(lines, 'task')).toEqual((await user.get('/api/v1/tasks')).body);
  expect(ofType(lines, 'trash')).toEqual((await user.get('/api/v1/trash')).body);
  expect(ofType(lines, 'token')).toEqual((await user.get('/api/v1/tokens')).body);
  const changes = ofType(lines, 'change');
  const history = (await user.get(`/api/v1/tasks/${task.id}/history`)).body;
  expect(changes.filter(({ id }) => id === task.id)).toEqual(
    history.toReversed().map((change: object) => ({ resource: 'task', id: task.id, ...change })),
  );
  expect(changes.filter(({ id }) => id === list.id)).toMatchObject([
    { resource: 'list', kind: 'Created', changes: {} },
    { resource: 'list', kind: 'Updated', changes: { name: { from: 'Home', to: 'House' } } },
  ]);
  expect(lines.at(-1)).toEqual({
    type: 'end',
    counts: { list: 1, task: 1, trash: 1, change: changes.length, token: 1 },
    changed: false,
  });
  expect(changes).toHaveLength(6);
  const text = JSON.stringify(lines);
  expect(text).not.toContain('Not mine');
  expect(text).not.toContain(created.token);
});

test('has every task once, a list before its tasks, and a task before its subtasks, over many pages', async () => {
  const user = api.user();
  const { body: list } = await user.post('/api/v1/lists', { name: 'Home' });
  const ids: string[] = [];
  for (let chain = 0; chain < 60; chain += 1) {
    // Descending ids, so that no subtask has its place by its id alone.
    const chainIds = Array.from({ length: 5 }, () => crypto.randomUUID())
      .sort()
      .reverse();
    const operations = chainIds.map((id, level) => ({
      op: 'create',
      task: { id, title: 'x', list_id: list.id, parent_id: chainIds[level - 1] ?? null },
    }));
    expect((await user.post('/api/v1/tasks/batch', { operations })).status).toBe(200);
    ids.push(...chainIds);
  }
  const loose = Array.from({ length: 250 }, () => ({ op: 'create', task: { title: 'y' } }));
  for (let start = 0; start < 250; start += 50) {
    await user.post('/api/v1/tasks/batch', { operations: loose.slice(start, start + 50) });
  }
  const seen = new Set<string>();
  for (const line of await exportOf(user)) {
    if (line.type === 'list') seen.add(line.list.id);
    if (line.type !== 'task') continue;
    const { id, parent_id, list_id } = line.task;
    for (const above of [parent_id, list_id]) if (above !== null) expect(seen).toContain(above);
    expect(seen).not.toContain(id);
    seen.add(id);
  }
  expect(seen.size).toBe(1 + 300 + 250);
  expect(seen).toEqual(new Set([...seen, ...ids]));
});

test('a user without anything gets a header and an end, and the server stores nothing', async () => {
  const user = api.user();
  const lines = await exportOf(user);
  expect(lines).toMatchObject([
    { type: 'export', cursor: null },
    { type: 'end', counts: { list: 0, task: 0, trash: 0, change: 0, token: 0 }, changed: false },
  ]);
  expect(await api.database.query('select from todo.heads where owner_id = $1', [user.userId])).toEqual([]);
});

test('a token that may only read is enough, and one that may only write is not', async () => {
  const { userId } = api.user();
  await create(api.user(userId as string), { title: 'x' });
  expect(await exportOf(api.user(userId as string, { scope: 'tasks:read' }))).toHaveLength(4);
  const writer = api.user(userId as string, { scope: 'tasks:write tasks:purge' });
  expect((await writer.get(path)).body.code).toBe('insufficient_scope');
});

/** A user with more than the connection of a client that does not read can take in. */
async function userWithMuch(): Promise<Client> {
  const user = api.user();
  await create(user, { title: 'x' });
  await api.database.query(
    `insert into todo.changes (owner_id, seq, resource, id, kind, version, at, change_set, fields)
     select $1, 1000 + n, 'task', gen_random_uuid(), 'Updated', 2, now(), gen_random_uuid(),
            jsonb_build_object('description', jsonb_build_array('', repeat('x', 20000)))
     from generate_series(1, 1500) as n`,
    [user.userId],
  );
  return user;
}

function openExport(token: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${api.url}${path}`, { headers: { Authorization: `Bearer ${token}` }, ...(signal && { signal }) });
}

test('a client that does not read holds no connection to the database, and frees its place when it closes', async () => {
  const user = await userWithMuch();
  const token = api.token(user.userId as string);
  const closing = new AbortController();
  const open = await Promise.all(Array.from({ length: maxExportsPerUser }, () => openExport(token, closing.signal)));
  expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
  const { status, body, headers } = await user.get(path);
  expect({ status, code: body.code }).toEqual({ status: 429, code: 'rate_limited' });
  expect(body.detail).toContain(`${maxExportsPerUser} exports in progress`);
  expect(headers.has('retry-after')).toBe(true);
  expect((await api.user().get(path)).status).toBe(200);
  // The user's other requests are not affected.
  expect((await user.get('/api/v1/tasks')).status).toBe(200);
  closing.abort();
  await expect.poll(async () => (await user.get(path)).status).toBe(200);
});

test('an export whose API token is revoked is cut, without a last line', async () => {
  const user = await userWithMuch();
  const { body: created } = await user.post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read'] });
  const response = await openExport(created.token);
  await user.delete(`/api/v1/tokens/${created.id}`);
  await expect(response.text()).rejects.toThrow();
  expect((await user.get(path)).text).toMatch(/\{"type":"end".*\}\n$/);
});
