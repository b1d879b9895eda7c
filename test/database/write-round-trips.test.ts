/** Round trips of writes: most take one, with and without an idempotency key, and so does a replay. */
import { expect, onTestFinished, test } from 'vitest';
import { serve } from '../resilience/serve.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { createTestDatabase, databaseKind, isPooled } from '../support/databases.ts';

const tasks = '/api/v1/tasks';
const lists = '/api/v1/lists';
const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const missing = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e';

const operations = [
  { op: 'create', task: { title: 'y', tags: ['a'] } },
  { op: 'update', id, patch: { priority: 'High' } },
];
const mixed = [
  { type: 'list', op: 'create', list: { id, name: 'x' } },
  { type: 'task', op: 'create', task: { title: 'z', list_id: id } },
  { type: 'task', op: 'move', id, task: { list_id: id, to: 'start' } },
  { type: 'list', op: 'move', id, list: { to: 'start' } },
];
const failing = [...operations, { op: 'delete', id: missing }];

type Write = readonly [method: string, path: string, status: number, body?: unknown, headers?: Record<string, string>];

const writes: Record<string, Write> = {
  'a creation': ['POST', tasks, 201, { id, title: 'x', description: 'words to find', tags: ['a', 'b'] }],
  'a creation that is already done': [
    'POST',
    tasks,
    200,
    { id, title: 'x', description: 'words to find', tags: ['a', 'b'] },
  ],
  'a patch': ['PATCH', `${tasks}/${id}`, 200, { status: 'Done' }],
  'a patch of another version': ['PATCH', `${tasks}/${id}`, 412, { status: 'Todo' }, { 'If-Match': '"7"' }],
  'a patch of an unknown task': ['PATCH', `${tasks}/${missing}`, 404, {}],
  'a move': ['POST', `${tasks}/${id}/move`, 200, { to: 'end' }],
  'a replacement': ['PUT', `${tasks}/${id}`, 200, { title: 'z' }],
  'a batch': ['POST', `${tasks}/batch`, 200, { operations }],
  'a batch of tasks and lists': ['POST', '/api/v1/batch', 200, { operations: mixed }],
  'a deletion': ['DELETE', `${tasks}/${id}`, 204],
  'a creation of a list that is already done': ['POST', lists, 200, { id, name: 'x' }],
  'a creation of a list': ['POST', lists, 201, { name: 'y' }],
  'a patch of a list': ['PATCH', `${lists}/${id}`, 200, { color: '#1e90ff' }],
  'a replacement of a list': ['PUT', `${lists}/${id}`, 200, { name: 'y' }],
  'a move of a list': ['POST', `${lists}/${id}/move`, 200, { to: 'start' }],
  'a move of a list beside an unknown one': ['POST', `${lists}/${id}/move`, 422, { after: missing }],
  'a deletion of a list with its tasks': ['DELETE', `${lists}/${id}?tasks=delete`, 204],
};

const due = { date: '2126-12-01' };
const recurring = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c50';
const other = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c51';

/** Each with the number of its round trips. */
const recurringWrites: Record<string, readonly [number, Write]> = {
  'a creation': [
    1,
    ['POST', tasks, 201, { id: recurring, title: 'x', due, recurrence: { rule: 'FREQ=DAILY', missed: 'Each' } }],
  ],
  'another creation': [1, ['POST', tasks, 201, { id: other, title: 'x', due, recurrence: { rule: 'FREQ=DAILY' } }]],
  'a change of its title': [1, ['PATCH', `${tasks}/${recurring}`, 200, { title: 'y' }]],
  'a change of its due date': [1, ['PATCH', `${tasks}/${recurring}`, 200, { due: { time: '09:30' } }]],
  'a replacement with the same recurrence': [
    1,
    ['PUT', `${tasks}/${recurring}`, 200, { title: 'z', due, recurrence: { rule: 'FREQ=DAILY', missed: 'Each' } }],
  ],
  'another recurrence': [2, ['PATCH', `${tasks}/${recurring}`, 200, { recurrence: { missed: 'Skip' } }]],
  'a skipped occurrence': [2, ['POST', `${tasks}/${recurring}/skip`, 200]],
  'a completion of another version': [
    1,
    ['PATCH', `${tasks}/${recurring}`, 412, { status: 'Done' }, { 'If-Match': '"1"' }],
  ],
  'a completion': [2, ['PATCH', `${tasks}/${recurring}`, 200, { status: 'Done' }]],
  'a repeated completion': [1, ['PATCH', `${tasks}/${recurring}`, 200, { status: 'Done' }]],
  'a completion by a batch': [
    2,
    ['POST', `${tasks}/batch`, 200, { operations: [{ op: 'update', id: other, patch: { status: 'Done' } }] }],
  ],
};

test.skipIf(databaseKind === 'embedded' || isPooled)(
  'one per write on PostgreSQL, and two if a recurrence decides; the embedded database has no network, and a pooler adds messages of its own',
  async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.remove());
    const proxy = await startCountingProxy((database.config as { url: string }).url);
    onTestFinished(() => proxy.close());
    const { call } = await serve({ DATABASE_URL: proxy.url, DATABASE_POOL_MAX: '1' });
    await call('GET', tasks);
    proxy.take();

    const send = async ([method, path, status, body, headers]: Write, key?: string) => {
      const answer = await call(method, path, body, { ...headers, ...(key && { 'Idempotency-Key': key }) });
      const { S: syncs, Q: simpleQueries = 0 } = proxy.take();
      expect(answer.status, JSON.stringify(answer.body)).toBe(status);
      return { syncs, simpleQueries };
    };
    const once = { syncs: 1, simpleQueries: 0 };
    for (const [name, write] of Object.entries(writes)) {
      expect(await send(write), name).toEqual(once);
    }
    await call('POST', '/api/v1/tasks', { title: 'x' });
    proxy.take();
    for (const [name, [method, path, status, body, headers]] of Object.entries(writes)) {
      // The deleted task keeps its id.
      const other = (text: unknown) =>
        JSON.parse(JSON.stringify(text ?? null).replaceAll(id, missing.replace('e', 'f')));
      const write: Write = [method, other(path), status, body && other(body), headers ?? {}];
      const key = name.replaceAll(' ', '-');
      expect(await send(write, key), `${name} with a key`).toEqual(once);
      expect(await send(write, key), `the replay of ${name}`).toEqual(once);
    }
    for (const [name, [syncs, write]] of Object.entries(recurringWrites)) {
      expect(await send(write), `${name} of a recurring task`).toEqual({ syncs, simpleQueries: 0 });
    }
    const fields = { name: 'x', scopes: ['tasks:read', 'tasks:write'] };
    const { body: apiToken } = await call('POST', '/api/v1/tokens', fields);
    expect(proxy.take()).toMatchObject({ S: 1 });
    await database.query('update todo.tokens set last_used_at = now()');
    const byApiToken: Write = ['POST', tasks, 201, { title: 'x' }, { Authorization: `Bearer ${apiToken.token}` }];
    // The first one looks the token up.
    expect(await send(byApiToken), 'the first write with an API token').toEqual({ syncs: 2, simpleQueries: 0 });
    expect(await send(byApiToken), 'a write with an API token').toEqual(once);
    expect(await send(['POST', `${tasks}/batch`, 404, { operations: failing }]), 'a failing batch').toEqual(once);
    // The second one stores the problem, because the first one was undone.
    const twice = { syncs: 2, simpleQueries: 0 };
    const failingBatch: Write = ['POST', `${tasks}/batch`, 404, { operations: failing }];
    expect(await send(failingBatch, 'failing'), 'a failing batch with a key').toEqual(twice);
    expect(await send(failingBatch, 'failing'), 'the replay of a failing batch').toEqual(once);
  },
);
