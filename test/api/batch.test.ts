/** `POST /api/v1/tasks/batch`: operations in order, all or none of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const batch = (client: Client, operations: unknown[], headers = {}) =>
  client.post('/api/v1/tasks/batch', { operations }, headers);

const id = (n: number) => `0193a5b0-7e5c-7b21-9c4e-${String(n).padStart(12, '0')}`;

test('creates, changes and deletes in order, and responds with the result of each operation', async () => {
  const ada = api.user();
  const { body: old } = await ada.post('/api/v1/tasks', { title: 'old', tags: ['a'] });
  const { status, body } = await batch(ada, [
    { op: 'create', task: { id: id(1), title: ' one ', tags: ['A', 'b'], due: { date: '2026-12-01' } } },
    { op: 'update', id: id(1), if_version: 1, patch: { status: 'Done', due: { time: '09:30' } } },
    { op: 'update', id: id(1), if_version: 2, patch: { tags: [] } },
    { op: 'delete', id: old.id, if_version: 1 },
    { op: 'create', task: { id: id(2), title: 'again' } },
    { op: 'create', task: { id: id(2), title: 'again' } },
    { op: 'create', task: { title: 'made' } },
  ]);
  expect(status).toBe(200);
  expect(body.results.map((result: any) => result.status)).toEqual([201, 200, 200, 204, 201, 200, 201]);
  expect(body.results.map((result: any) => result.task?.version)).toEqual([
    undefined,
    undefined,
    3,
    undefined,
    undefined,
    1,
    1,
  ]);
  expect(body.results[2].task).toMatchObject({
    title: 'one',
    tags: [],
    status: 'Done',
    due: { date: '2026-12-01', time: '09:30' },
  });
  const { body: tasks } = await ada.get('/api/v1/tasks?sort=title');
  expect(tasks).toEqual([body.results[5].task, body.results[6].task, body.results[2].task]);
});

describe('if one operation fails, nothing changes and the response names the operation', () => {
  const fails: [name: string, operation: object, status: number, code: string, pointer: string][] = [
    ['an unknown task', { op: 'update', id: id(99), patch: {} }, 404, 'task_not_found', '/operations/1'],
    ['an unknown task to delete', { op: 'delete', id: id(99) }, 404, 'task_not_found', '/operations/1'],
    ['an id that is taken', { op: 'create', task: { id: id(1), title: 'other' } }, 409, 'id_taken', '/operations/1'],
    [
      'an older version',
      { op: 'update', id: id(1), if_version: 7, patch: { title: 'y' } },
      412,
      'version_mismatch',
      '/operations/1',
    ],
    [
      'an older version to delete',
      { op: 'delete', id: id(1), if_version: 7 },
      412,
      'version_mismatch',
      '/operations/1',
    ],
    [
      'a patch of a due date that the stored one makes invalid',
      { op: 'update', id: id(1), patch: { due: { time: '09:30' } } },
      422,
      'validation_failed',
      '/operations/1/patch/due',
    ],
    [
      'an instant after the last year',
      { op: 'create', task: { title: 'x', due: { date: '9999-12-31', time: '23:59', time_zone: 'America/New_York' } } },
      422,
      'validation_failed',
      '/operations/1/task/due',
    ],
  ];

  test.each(fails)('%s', async (_name, operation, status, code, pointer) => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { id: id(1), title: 'x', tags: ['kept'] });
    for (const headers of [{}, { 'Idempotency-Key': 'k' }]) {
      const answer = await batch(
        ada,
        [{ op: 'create', task: { title: 'undone', tags: ['undone'] } }, operation, { op: 'delete', id: id(1) }],
        headers,
      );
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body.errors).toMatchObject([{ in: 'body', pointer }]);
    }
    expect((await ada.get('/api/v1/tasks')).body).toEqual([task]);
    expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 'kept', task_count: 1 }]);
  });

  test('the connection of a failed batch can run the next one', async () => {
    const ada = api.user();
    for (let round = 0; round < 15; round += 1) {
      expect((await batch(ada, [{ op: 'delete', id: id(round) }])).status).toBe(404);
      expect((await batch(ada, [{ op: 'create', task: { title: 'x' } }])).status).toBe(200);
    }
    expect((await ada.get('/api/v1/tasks')).body).toHaveLength(15);
  });
});

describe('a failed if_version returns the version to which the task is rolled back', () => {
  test.each([
    ['of an update', { op: 'update', id: id(1), if_version: 9, patch: { title: 'y' } }],
    ['of a deletion', { op: 'delete', id: id(1), if_version: 9 }],
  ])('%s, also after earlier operations on it, and in a replay', async (_name, failing) => {
    const ada = api.user();
    await ada.post('/api/v1/tasks', { id: id(1), title: 'x' });
    await ada.post('/api/v1/tasks', { id: id(2), title: 'x' });
    await ada.patch(`/api/v1/tasks/${id(2)}`, { title: 'y' });
    const earlier = [
      { op: 'update', id: id(2), patch: { title: 'z' } },
      { op: 'update', id: id(1), patch: { title: 'z' } },
    ];
    for (const operations of [[failing], [...earlier, failing]]) {
      const plain = await batch(ada, operations);
      const keyed = { 'Idempotency-Key': `k${operations.length}` };
      const first = await batch(ada, operations, keyed);
      const replay = await batch(ada, operations, keyed);
      expect(replay.headers.get('idempotency-replayed')).toBe('true');
      expect(replay.text).toBe(first.text);
      for (const { status, body, headers } of [plain, first, replay]) {
        expect([status, body.current_version, headers.has('etag')]).toEqual([412, 1, false]);
        const when = operations.length > 1 ? ' after the earlier operations of the batch on it' : '';
        expect(body.detail).toMatch(`: The resource does not have the version in if_version${when}.`);
      }
    }
  });

  test('and no version for a task that the batch creates', async () => {
    const { status, body } = await batch(api.user(), [
      { op: 'create', task: { id: id(1), title: 'x' } },
      { op: 'delete', id: id(1), if_version: 9 },
    ]);
    expect([status, body.current_version]).toEqual([412, undefined]);
  });
});

test('invalid operations are rejected with a list of all errors and their places', async () => {
  const { status, body } = await batch(api.user(), [
    { op: 'create', task: { title: '' } },
    { op: 'update', id: 'x', patch: { status: 'done' } },
    { op: 'delete', id: id(1), if_version: 1.5 },
    { op: 'upsert' },
    { id: id(1) },
    { op: 'delete', id: id(1), force: true },
    'delete',
    { op: 'update', id: id(1), if_version: 0, patch: { owner_id: 'x' } },
  ]);
  expect(status).toBe(422);
  expect(body.errors.map((error: any) => error.pointer)).toEqual([
    '/operations/0/task/title',
    '/operations/1/id',
    '/operations/1/patch/status',
    '/operations/2/if_version',
    '/operations/3/op',
    '/operations/4/op',
    '/operations/5/force',
    '/operations/6',
    '/operations/7/if_version',
    '/operations/7/patch/owner_id',
  ]);
  const messagesOfOp = body.errors.slice(4, 6).map((error: any) => error.message);
  expect(messagesOfOp).toEqual(['must be one of create, update, delete', 'is required']);
});

test('there are 1 to 100 operations', async () => {
  const ada = api.user();
  const create = { op: 'create', task: { title: 'x', tags: ['t'] } };
  expect((await batch(ada, [])).status).toBe(422);
  expect((await batch(ada, Array(101).fill(create))).status).toBe(422);
  expect((await ada.post('/api/v1/tasks/batch', {})).status).toBe(422);
  const { status, body } = await batch(ada, Array(100).fill(create));
  expect(status).toBe(200);
  expect(body.results).toHaveLength(100);
  expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 't', task_count: 100 }]);
});

test('tasks of other users do not exist for a batch', async () => {
  const [ada, bob] = [api.user(), api.user()];
  await ada.post('/api/v1/tasks', { id: id(1), title: 'ada' });
  expect((await batch(bob, [{ op: 'update', id: id(1), patch: { title: 'bob' } }])).status).toBe(404);
  expect((await batch(bob, [{ op: 'delete', id: id(1) }])).status).toBe(404);
  expect((await batch(bob, [{ op: 'create', task: { id: id(1), title: 'bob' } }])).status).toBe(200);
  expect((await ada.get(`/api/v1/tasks/${id(1)}`)).body.title).toBe('ada');
});

test('other methods on the path do not apply to a task with the id batch', async () => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const { status, headers } = await api.user().request(method, '/api/v1/tasks/batch');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  }
});

test('simultaneous batches on the same tasks all succeed', async () => {
  const ada = api.user();
  const ids = Array.from({ length: 10 }, (_, n) => id(n));
  await batch(
    ada,
    ids.map((each) => ({ op: 'create', task: { id: each, title: 'x' } })),
  );
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => {
      const order = n % 2 ? ids : ids.toReversed();
      return batch(
        ada,
        order.map((each) => ({ op: 'update', id: each, patch: { title: `t${n}`, tags: [`t${n}`] } })),
      );
    }),
  );
  expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 503)).toEqual([]);
  const done = answers.filter(({ status }) => status === 200).length;
  const { body: tasks } = await ada.get('/api/v1/tasks');
  expect(new Set(tasks.map((task: any) => task.title)).size).toBe(1);
  expect(tasks.map((task: any) => task.version)).toEqual(tasks.map(() => done + 1));
});

test('a task that several operations name is in the result of the last one only', async () => {
  const ada = api.user();
  const description = 'y'.repeat(10_000);
  await ada.post('/api/v1/tasks', { id: id(1), title: 'x', description });
  const operations = Array.from({ length: 100 }, () => ({ op: 'update', id: id(1), patch: {} }));
  const { status, body, text } = await batch(ada, operations);
  expect(status).toBe(200);
  expect(body.results.slice(0, -1)).toEqual(operations.slice(1).map(() => ({ status: 200 })));
  expect(body.results.at(-1)).toMatchObject({ status: 200, task: { id: id(1), description, version: 1 } });
  expect(text.length).toBeLessThan(15_000);
  const deleted = await batch(ada, [
    { op: 'create', task: { id: id(2), title: 'brief' } },
    { op: 'update', id: id(2), patch: { status: 'Done' } },
    { op: 'delete', id: id(2), if_version: 2 },
  ]);
  expect(deleted.body.results).toEqual([{ status: 201 }, { status: 200 }, { status: 204 }]);
});

test('a batch whose results exceed 1 MiB changes nothing and names the operation, and a smaller one works', async () => {
  const ada = api.user();
  const description = '🎉'.repeat(10_000);
  for (let n = 0; n < 27; n += 1) await ada.post('/api/v1/tasks', { id: id(n), title: 'x'.repeat(200), description });
  const operations = Array.from({ length: 27 }, (_, n) => ({ op: 'update', id: id(n), patch: { priority: 'High' } }));
  for (const headers of [{}, { 'Idempotency-Key': 'k' }]) {
    const { status, body } = await batch(ada, operations, headers);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([
      { in: 'body', pointer: '/operations/26', message: expect.stringMatching(/exceed 1024 KiB.*another batch/) },
    ]);
  }
  expect((await ada.get('/api/v1/tasks?priority=High')).body).toEqual([]);
  const first = await batch(ada, operations.slice(0, 26), { 'Idempotency-Key': 'k' });
  expect([first.status, first.headers.has('idempotency-replayed')]).toEqual([200, false]);
  const replay = await batch(ada, operations.slice(0, 26), { 'Idempotency-Key': 'k' });
  expect(replay.text).toBe(first.text);
});
