/** `POST /api/v1/batch`: operations on tasks and lists, and moves of both, in order, all or none of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const tasks = '/api/v1/tasks';
const lists = '/api/v1/lists';
const id = (n: number) => `0193a5b0-7e5c-7b21-9c4e-${String(n).padStart(12, '0')}`;

const batch = (client: Client, operations: unknown[], headers = {}) =>
  client.post('/api/v1/batch', { operations }, headers);

const undo = (client: Client, { headers }: { headers: Headers }) =>
  client.request('POST', `/api/v1/change-sets/${headers.get('change-set')}/undo`);

const createList = (n: number, fields = {}) => ({
  type: 'list',
  op: 'create',
  list: { id: id(n), name: 'New', ...fields },
});
const createTask = (n: number, fields = {}) => ({
  type: 'task',
  op: 'create',
  task: { id: id(n), title: 'x', ...fields },
});

/** All tasks and lists of a user, without what an undo leaves changed. */
async function stateOf(client: Client): Promise<object> {
  const [ofTasks, ofLists] = [await client.get(`${tasks}?sort=created_at`), await client.get(lists)];
  return [...ofTasks.body, ...ofLists.body].map(({ version: _, updated_at: __, ...fields }) => fields);
}

describe('all operations of both kinds', () => {
  test('run in order in one change set, and its undo and redo are complete', async () => {
    const ada = api.user();
    for (const n of [1, 2]) await ada.post(tasks, { id: id(n), title: `task ${n}` });
    for (const n of [11, 12, 13]) await ada.post(lists, { id: id(n), name: `list ${n}`, color: '#123456' });
    await ada.post(tasks, { id: id(3), title: 'kept', list_id: id(12) });
    await ada.post(tasks, { id: id(4), title: 'deleted with its list', list_id: id(13) });
    const before = await stateOf(ada);

    const answer = await batch(ada, [
      createTask(6, { title: 'inbox first' }),
      createList(20),
      createTask(5, { list_id: id(20) }),
      createTask(7, { list_id: id(20), parent_id: id(5) }),
      { type: 'task', op: 'move', id: id(1), if_version: 1, task: { list_id: id(20), to: 'start' } },
      { type: 'task', op: 'move', id: id(6), task: { after: id(1) } },
      { type: 'task', op: 'update', id: id(2), if_version: 1, task: { status: 'Done' } },
      { type: 'task', op: 'replace', id: id(2), if_version: 2, task: { title: 'replaced', list_id: id(20) } },
      { type: 'list', op: 'move', id: id(20), if_version: 1, list: { before: id(11) } },
      { type: 'list', op: 'update', id: id(20), if_version: 2, list: { archived: true } },
      { type: 'list', op: 'replace', id: id(11), list: { name: 'replaced' } },
      { type: 'list', op: 'delete', id: id(12), if_version: 1, tasks: 'keep' },
      { type: 'list', op: 'delete', id: id(13), tasks: 'delete' },
      { type: 'task', op: 'delete', id: id(3), if_version: 2 },
      { type: 'list', op: 'create', list: { name: 'Without an id' } },
    ]);
    expect([answer.status, answer.body.code]).toEqual([200, undefined]);
    const { results } = answer.body;
    expect(results.map(({ status }: any) => status)).toEqual([
      ...[201, 201, 201, 201, 200, 200, 200, 200, 200, 200, 200, 204, 204, 204, 201],
    ]);
    const inBatch = await ada.get(`${tasks}?list_id=${id(20)}&sort=position`);
    expect(inBatch.body.map((task: any) => task.id)).toEqual([id(1), id(6), id(5), id(2), id(7)]);
    // Each resource is in the result of its last operation, as it is after the batch.
    expect(
      results.flatMap(({ type, task, list }: any) =>
        (task ?? list) ? [`${type} ${(task ?? list).name ?? task.id}`] : [],
      ),
    ).toEqual([
      ...[`task ${id(5)}`, `task ${id(7)}`, `task ${id(1)}`, `task ${id(6)}`, `task ${id(2)}`],
      ...['list New', 'list replaced', 'list Without an id'],
    ]);
    expect(results[7].task).toMatchObject({ title: 'replaced', status: 'Todo', version: 3, completed_at: null });
    const after = await ada.get(lists);
    expect(after.body).toEqual([results[9].list, results[10].list, results[14].list]);
    expect(results[9].list).toMatchObject({ id: id(20), archived: true, version: 3, task_count: 5 });
    expect(results[10].list).toMatchObject({ color: null, archived: false });
    expect((await ada.get(`${tasks}/${id(3)}`)).status).toBe(404);

    const done = await stateOf(ada);
    const undone = await undo(ada, answer);
    expect([undone.status, undone.body.detail]).toEqual([200, undefined]);
    expect(await stateOf(ada)).toEqual(before);
    expect((await undo(ada, undone)).status).toBe(200);
    expect(await stateOf(ada)).toEqual(done);
  });

  test('restore a list before its tasks, whatever the order of the deletions', async () => {
    const ada = api.user();
    await ada.post(lists, { id: id(1), name: 'list' });
    // The parent has the id of the list.
    await ada.post(tasks, { id: id(1), title: 'parent', list_id: id(1) });
    await ada.post(tasks, { id: id(2), title: 'subtask', list_id: id(1), parent_id: id(1) });
    const before = await stateOf(ada);
    const answer = await batch(ada, [
      { type: 'list', op: 'update', id: id(1), list: { name: 'changed' } },
      { type: 'task', op: 'delete', id: id(2) },
      { type: 'task', op: 'delete', id: id(1) },
      { type: 'list', op: 'delete', id: id(1) },
    ]);
    expect(answer.body).toEqual({
      results: [
        { type: 'list', status: 200 },
        { type: 'task', status: 204 },
        { type: 'task', status: 204 },
        { type: 'list', status: 204 },
      ],
    });
    expect((await undo(ada, answer)).status).toBe(200);
    expect(await stateOf(ada)).toEqual(before);
  });

  test('delete a list with a subtask and its parent, and the list is restored from the trash with both', async () => {
    const ada = api.user();
    await ada.post(lists, { id: id(1), name: 'list' });
    await ada.post(tasks, { id: id(2), title: 'parent', list_id: id(1) });
    await ada.post(tasks, { id: id(3), title: 'subtask', list_id: id(1), parent_id: id(2) });
    const before = await stateOf(ada);
    const operations = [3, 2].map((n) => ({ type: 'task', op: 'delete', id: id(n) }));
    await batch(ada, [...operations, { type: 'list', op: 'delete', id: id(1) }]);
    expect((await ada.request('POST', `/api/v1/trash/${id(1)}/restore`)).status).toBe(200);
    expect(await stateOf(ada)).toEqual(before);
  });

  test('complete a recurring task, also one that the batch creates or replaces', async () => {
    const ada = api.user();
    const fields = { due: { date: '2026-12-01' }, recurrence: { rule: 'FREQ=DAILY', missed: 'Each' } };
    await ada.post(tasks, { id: id(1), title: 'x' });
    const { status, body } = await batch(ada, [
      createTask(2, fields),
      { type: 'task', op: 'update', id: id(2), task: { status: 'Done' } },
      { type: 'task', op: 'replace', id: id(1), task: { title: 'y', ...fields } },
      { type: 'task', op: 'move', id: id(1), task: { to: 'start' } },
      { type: 'task', op: 'replace', id: id(1), task: { title: 'z', status: 'Done', ...fields } },
    ]);
    expect([status, body.code]).toEqual([200, undefined]);
    const open = await ada.get(`${tasks}?status=Todo&sort=title`);
    expect(open.body.map(({ title, due }: any) => [title, due.date])).toEqual([
      ['x', '2026-12-02'],
      ['z', '2026-12-02'],
    ]);
  });
});

describe('if one operation fails, nothing changes and the response names the operation', () => {
  const fails: [name: string, operation: object, status: number, code: string, pointer?: string][] = [
    ['an unknown list', { type: 'list', op: 'update', id: id(99), list: {} }, 404, 'list_not_found'],
    ['an unknown list to delete', { type: 'list', op: 'delete', id: id(99), tasks: 'keep' }, 404, 'list_not_found'],
    ['an unknown list to move', { type: 'list', op: 'move', id: id(99), list: { to: 'end' } }, 404, 'list_not_found'],
    ['an unknown task to move', { type: 'task', op: 'move', id: id(99), task: { to: 'end' } }, 404, 'task_not_found'],
    ['an id of a list that is taken', createList(1, { name: 'other' }), 409, 'id_taken'],
    ['a list with tasks', { type: 'list', op: 'delete', id: id(1) }, 409, 'list_not_empty'],
    [
      'an older version of a list',
      { type: 'list', op: 'move', id: id(1), if_version: 7, list: { to: 'end' } },
      412,
      'version_mismatch',
    ],
    [
      'an older version of a task to replace',
      { type: 'task', op: 'replace', id: id(1), if_version: 7, task: { title: 'y' } },
      412,
      'version_mismatch',
    ],
    [
      'a list beside an unknown one',
      { type: 'list', op: 'move', id: id(1), list: { after: id(99) } },
      422,
      'validation_failed',
      '/list/after',
    ],
    [
      'a task beside one that is elsewhere',
      { type: 'task', op: 'move', id: id(1), task: { before: id(2), list_id: null } },
      422,
      'validation_failed',
      '/task/before',
    ],
    ['a task in an unknown list', createTask(3, { list_id: id(99) }), 422, 'validation_failed', '/task/list_id'],
    [
      'a move to a list that an earlier operation has deleted',
      { type: 'task', op: 'move', id: id(2), task: { list_id: id(5), to: 'end' } },
      422,
      'validation_failed',
      '/task/list_id',
    ],
  ];

  test.each(fails)('%s', async (_name, operation, status, code, pointer = '') => {
    const ada = api.user();
    for (const n of [1, 5]) await ada.post(lists, { id: id(n), name: 'kept' });
    for (const n of [1, 2]) await ada.post(tasks, { id: id(n), title: 'x', list_id: id(1) });
    const before = [(await ada.get(tasks)).body, (await ada.get(lists)).body];
    const operations = [
      createList(9),
      createTask(9, { list_id: id(9) }),
      { type: 'list', op: 'delete', id: id(5) },
      operation,
      createTask(8),
    ];
    const key = { 'Idempotency-Key': 'k' };
    const answers = [
      await batch(ada, operations),
      await batch(ada, operations, key),
      await batch(ada, operations, key),
    ];
    for (const { status: answered, body } of answers) {
      expect([answered, body.code]).toEqual([status, code]);
      expect(body.errors).toMatchObject([{ in: 'body', pointer: `/operations/3${pointer}` }]);
      expect(body.current_version).toBe(status === 412 ? 1 : undefined);
    }
    // A rejected request does not use its key.
    expect(answers[2]?.headers.has('idempotency-replayed')).toBe(status !== 422);
    expect([(await ada.get(tasks)).body, (await ada.get(lists)).body]).toEqual(before);
  });

  test('an if_version that does not count an earlier operation, with the version before the batch', async () => {
    const ada = api.user();
    await ada.post(lists, { id: id(1), name: 'kept' });
    await ada.post(tasks, { id: id(1), title: 'kept' });
    await ada.patch(`${lists}/${id(1)}`, { name: 'kept 2' });
    const update = (type: string, version: number, fields: object) => ({
      ...{ type, op: 'update', id: id(1), if_version: version },
      [type]: fields,
    });
    const send = (next: number) =>
      batch(ada, [
        update('task', 1, { title: 'x' }),
        update('list', 2, { name: 'x' }),
        update('list', next, { name: 'y' }),
      ]);
    const { status, body } = await send(2);
    expect([status, body.current_version, body.errors[0].pointer]).toEqual([412, 2, '/operations/2']);
    expect(body.detail).toMatch('if_version after the earlier operations of the batch on it');
    expect((await ada.get(`${lists}/${id(1)}`)).body).toMatchObject({ name: 'kept 2', version: 2 });
    expect((await send(3)).body.results[2].list).toMatchObject({ name: 'y', version: 4 });
  });

  test('beyond the quota of lists', async () => {
    const limited = await startApi({ environment: { MAX_LISTS_PER_USER: '1' } });
    const ada = limited.user();
    const { status, body } = await batch(ada, [createList(1), createTask(1), createList(2)]);
    expect([status, body.code, body.errors[0].pointer]).toEqual([429, 'quota_exceeded', '/operations/2']);
    expect((await ada.get(lists)).body).toEqual([]);
  });
});

test('invalid operations are rejected with a list of all errors and their places', async () => {
  const { status, body } = await batch(api.user(), [
    { type: 'list', op: 'create', list: { name: '' } },
    { type: 'task', op: 'create' },
    { type: 'task', op: 'update', id: id(1), task: {}, list: {} },
    { type: 'tag', op: 'delete', id: id(1) },
    { type: 'task', op: 'delete', id: id(1), tasks: 'keep' },
    { type: 'list', op: 'delete', id: id(1), tasks: 'drop' },
    { type: 'list', op: 'move', id: id(1), list: {} },
    { type: 'list', op: 'move', id: id(1), list: { list_id: id(2), to: 'end' } },
    { type: 'list', op: 'upsert', id: id(1) },
    { op: 'delete', id: id(1) },
    { type: 'task', op: 'update', id: id(1), patch: {}, task: {} },
    { type: 'list', op: 'replace', id: id(1), if_version: 0, list: { name: 'x', task_count: 1 } },
  ]);
  expect(status).toBe(422);
  expect(body.errors.map((error: any) => error.pointer)).toEqual([
    '/operations/0/list/name',
    '/operations/1/task',
    '/operations/2/list',
    '/operations/3/type',
    '/operations/4/tasks',
    '/operations/5/tasks',
    '/operations/6/list/to',
    '/operations/7/list/list_id',
    '/operations/8/op',
    '/operations/9/type',
    '/operations/10/patch',
    '/operations/11/if_version',
    '/operations/11/list/task_count',
  ]);
  expect(body.errors[8].message).toBe('must be one of create, replace, update, move, delete');
});

test('resources of other users do not exist for a batch', async () => {
  const [ada, bob] = [api.user(), api.user()];
  await ada.post(lists, { id: id(1), name: 'ada' });
  await ada.post(tasks, { id: id(1), title: 'ada', list_id: id(1) });
  const before = await stateOf(ada);
  const foreign = [
    { type: 'list', op: 'update', id: id(1), list: { name: 'bob' } },
    { type: 'list', op: 'delete', id: id(1), tasks: 'delete' },
    { type: 'list', op: 'move', id: id(1), list: { to: 'end' } },
    { type: 'task', op: 'move', id: id(1), task: { to: 'end' } },
    { type: 'task', op: 'replace', id: id(1), task: { title: 'bob' } },
  ];
  for (const operation of foreign) expect((await batch(bob, [operation])).status).toBe(404);
  expect((await batch(bob, [createTask(2, { list_id: id(1) })])).status).toBe(422);
  expect((await batch(bob, [createTask(2, { parent_id: id(1) })])).status).toBe(422);
  const { body } = await batch(bob, [createList(1), createTask(1, { list_id: id(1) })]);
  expect(body.results).toMatchObject([
    { type: 'list', status: 201, list: { id: id(1), task_count: 1 } },
    { type: 'task', status: 201, task: { id: id(1), list_id: id(1) } },
  ]);
  expect(await stateOf(ada)).toEqual(before);
});

test('a repetition with the key gets the same response, and one without a key finds what it has created', async () => {
  const ada = api.user();
  const operations = [
    createList(1),
    { type: 'task', op: 'create', task: { title: 'with a new id', list_id: id(1) } },
    { type: 'list', op: 'create', list: { name: 'with a new id' } },
  ];
  const first = await batch(ada, operations, { 'Idempotency-Key': 'k' });
  const second = await batch(ada, operations, { 'Idempotency-Key': 'k' });
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect([second.text, second.headers.get('change-set')]).toEqual([first.text, first.headers.get('change-set')]);
  expect((await ada.get(lists)).body).toHaveLength(2);
  const { body } = await batch(ada, [createList(1), createList(3), createList(3)]);
  expect(body.results).toMatchObject([{ status: 200 }, { status: 201 }, { status: 200, list: { id: id(3) } }]);
});
