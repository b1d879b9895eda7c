/** The place of a task: its list, its parent, and its position among the siblings. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const tasks = '/api/v1/tasks';
const batch = `${tasks}/batch`;
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

async function create(user: Client, fields: object = {}): Promise<any> {
  const { status, body, text } = await user.post(tasks, { title: 'x', ...fields });
  expect(status, text).toBe(201);
  return body;
}

async function read(user: Client, id: string): Promise<any> {
  return (await user.get(`${tasks}/${id}`)).body;
}

/** A task at the level 1, and one subtask at each level below it, in this list. */
async function createLevels(user: Client, levels: number, list_id: string | null = null): Promise<any[]> {
  const chain = [await create(user, { list_id })];
  while (chain.length < levels) chain.push(await create(user, { list_id, parent_id: chain.at(-1).id }));
  return chain;
}

async function openTasksOf(list: string): Promise<number> {
  const [row] = await api.database.query('select task_count from todo.lists where id = $1', [list]);
  return row?.task_count;
}

describe('a task is created', () => {
  test('in the inbox, at the top level and at the end', async () => {
    const ada = api.user();
    expect(await create(ada)).toMatchObject({ list_id: null, parent_id: null, position: 'a0' });
    expect(await create(ada)).toMatchObject({ position: 'a1' });
  });

  test('in a list and below a parent, at the end of its siblings', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    await create(ada);
    const parent = await create(ada, { list_id });
    expect(parent).toMatchObject({ list_id, parent_id: null, position: 'a0' });
    const place = { list_id, parent_id: parent.id };
    expect(await create(ada, place)).toMatchObject({ ...place, position: 'a0' });
    expect(await create(ada, place)).toMatchObject({ ...place, position: 'a1' });
    expect(await openTasksOf(list_id)).toBe(3);
  });

  test('at its position, also if a sibling has the same one', async () => {
    const ada = api.user();
    for (const _ of [1, 2]) expect(await create(ada, { position: 'a3V' })).toMatchObject({ position: 'a3V' });
    expect(await create(ada)).toMatchObject({ position: 'a4' });
  });

  test('once with a client id, list and parent, and any position unless one is sent', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const parent = await create(ada, { list_id });
    const task = { id: crypto.randomUUID(), title: 'x', list_id, parent_id: parent.id };
    const send = (fields: object) => ada.post(tasks, { ...task, ...fields });
    const sendInBatch = (fields: object) =>
      ada.post(batch, { operations: [{ op: 'create', task: { ...task, ...fields } }] });
    expect((await send({})).status).toBe(201);
    for (const repeat of [send, sendInBatch]) {
      expect((await repeat({})).status).toBe(200);
      expect((await repeat({ position: 'a0' })).status).toBe(200);
      expect((await repeat({ position: 'a1' })).status).toBe(409);
      expect((await repeat({ parent_id: null })).status).toBe(409);
      expect((await repeat({ parent_id: null, list_id: null })).status).toBe(409);
    }
  });

  test('in a batch with its parent', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const id = crypto.randomUUID();
    const operations = [
      { op: 'create', task: { id, title: 'parent', list_id } },
      { op: 'create', task: { title: 'child', list_id, parent_id: id } },
    ];
    const { status, body } = await ada.post(batch, { operations });
    expect(status).toBe(200);
    expect(body.results[1].task).toMatchObject({ list_id, parent_id: id, position: 'a0' });
  });
});

describe('a change', () => {
  test('of the list or the parent moves the task to the end of its new siblings', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const parent = await create(ada, { list_id });
    const task = await create(ada);
    const moved = await ada.patch(`${tasks}/${task.id}`, { list_id });
    expect(moved.body).toMatchObject({ list_id, parent_id: null, position: 'a1', version: 2 });
    const nested = await ada.patch(`${tasks}/${task.id}`, { parent_id: parent.id });
    expect(nested.body).toMatchObject({ list_id, parent_id: parent.id, position: 'a0', version: 3 });
  });

  test('of the position is kept byte for byte', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    const list_id = await insertList(api, ada);
    expect((await ada.patch(`${tasks}/${id}`, { position: 'Zz' })).body).toMatchObject({ position: 'Zz' });
    const moved = await ada.patch(`${tasks}/${id}`, { position: 'aV', list_id });
    expect(moved.body).toMatchObject({ position: 'aV', list_id });
  });

  test('to the same list and parent changes nothing', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const parent = await create(ada, { list_id });
    const place = { list_id, parent_id: parent.id };
    const task = await create(ada, { ...place, position: 'aV' });
    await create(ada, place);
    expect((await ada.patch(`${tasks}/${task.id}`, place)).body).toEqual(task);
    expect((await ada.put(`${tasks}/${task.id}`, { title: 'x', ...place })).body).toEqual(task);
  });

  test('by PUT without them moves the task to the inbox and the top level, and keeps the position otherwise', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const { id } = await create(ada, { list_id, position: 'aV' });
    const put = async (fields: object) => (await ada.put(`${tasks}/${id}`, { title: 'y', ...fields })).body;
    expect(await put({ list_id })).toMatchObject({ title: 'y', position: 'aV' });
    await create(ada);
    expect(await put({})).toMatchObject({ list_id: null, parent_id: null, position: 'a1' });
  });

  test('of the list takes the subtasks along, and counts open tasks', async () => {
    const ada = api.user();
    const [from, to] = [await insertList(api, ada), await insertList(api, ada)] as const;
    const chain = await createLevels(ada, 4, from);
    await ada.patch(`${tasks}/${chain[3].id}`, { status: 'Done' });
    expect(await openTasksOf(from)).toBe(3);
    await ada.patch(`${tasks}/${chain[0].id}`, { list_id: to });
    for (const { id, parent_id, position } of chain) {
      expect(await read(ada, id)).toMatchObject({ list_id: to, parent_id, position });
    }
    expect([await openTasksOf(from), await openTasksOf(to)]).toEqual([0, 3]);
  });

  test('to Done completes the open subtasks, and reopening does not reopen them', async () => {
    const ada = api.user();
    const chain = await createLevels(ada, 3);
    const statuses = async () => Promise.all(chain.map(async ({ id }) => (await read(ada, id)).status));
    await ada.patch(`${tasks}/${chain[0].id}`, { status: 'Done' });
    expect(await statuses()).toEqual(['Done', 'Done', 'Done']);
    await ada.patch(`${tasks}/${chain[0].id}`, { status: 'Todo' });
    expect(await statuses()).toEqual(['Todo', 'Done', 'Done']);
  });
});

describe('a list of tasks', () => {
  const titlesOf = async (user: Client, query: string) =>
    (await user.get(`${tasks}?${query}`)).body.map(({ title }: { title: string }) => title);

  test('has filters for lists and parents', async () => {
    const ada = api.user();
    const [home, work] = [await insertList(api, ada), await insertList(api, ada)] as const;
    await create(ada, { title: 'in the inbox' });
    const parent = await create(ada, { title: 'at home', list_id: home });
    await create(ada, { title: 'below', list_id: home, parent_id: parent.id });
    await create(ada, { title: 'at work', list_id: work });
    const sorted = (query: string) => titlesOf(ada, `sort=title&${query}`);
    expect(await sorted('list_id=inbox')).toEqual(['in the inbox']);
    expect(await sorted(`list_id=${home}`)).toEqual(['at home', 'below']);
    expect(await sorted(`list_id=${work}&list_id=inbox`)).toEqual(['at work', 'in the inbox']);
    expect(await sorted('parent_id=none')).toEqual(['at home', 'at work', 'in the inbox']);
    expect(await sorted(`parent_id=${parent.id}`)).toEqual(['below']);
    expect(await sorted(`list_id=${home}&parent_id=none`)).toEqual(['at home']);
  });

  test('is empty for a list or a parent that does not exist or belongs to another user', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const list_id = await insertList(api, bob);
    const parent = await create(bob, { list_id });
    await create(bob, { list_id, parent_id: parent.id });
    for (const query of [`list_id=${list_id}`, `parent_id=${parent.id}`, `list_id=${unknownId}`]) {
      expect(await titlesOf(ada, query)).toEqual([]);
    }
  });

  test('in manual order is that of the positions, byte by byte', async () => {
    const ada = api.user();
    for (const position of ['a0', 'Zz', 'aZ', 'aa', 'b00']) await create(ada, { title: position, position });
    expect(await titlesOf(ada, 'sort=position')).toEqual(['Zz', 'a0', 'aZ', 'aa', 'b00']);
    expect(await titlesOf(ada, 'sort=-position')).toEqual(['b00', 'aa', 'aZ', 'a0', 'Zz']);
  });

  test('has filters for the time of completion', async () => {
    const ada = api.user();
    await create(ada, { title: 'open' });
    const done = await create(ada, { title: 'done', status: 'Done' });
    await ada.patch(`${tasks}/${done.id}`, { description: 'changed later' });
    expect(await titlesOf(ada, `completed_from=${done.completed_at}`)).toEqual(['done']);
    expect(await titlesOf(ada, `completed_to=${done.completed_at}`)).toEqual([]);
    expect(await titlesOf(ada, 'completed_from=2999-01-01T00:00:00Z')).toEqual([]);
  });
});

describe('the place is rejected', () => {
  /** Sends a place as each write of a task can, with the pointer to the fields of each. */
  async function expectRejected(
    user: Client,
    id: string,
    place: object,
    field: string,
    message: RegExp,
  ): Promise<void> {
    const update = { op: 'update', id, patch: place };
    const creation = { op: 'create', task: { title: 'x', ...place } };
    const answers: [Answer, pointer: string][] = [
      [await user.post(tasks, { title: 'x', ...place }), ''],
      [await user.put(`${tasks}/${id}`, { title: 'x', ...place }), ''],
      [await user.patch(`${tasks}/${id}`, place), ''],
      [await user.post(batch, { operations: [update] }), '/operations/0/patch'],
      [await user.post(batch, { operations: [creation] }), '/operations/0/task'],
    ];
    for (const [{ status, body }, pointer] of answers) {
      expect({ status, errors: body.errors }).toEqual({
        status: 422,
        errors: [{ in: 'body', pointer: `${pointer}${field}`, message: expect.stringMatching(message) }],
      });
    }
  }

  test('with a list that does not exist or belongs to another user', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const { id } = await create(ada);
    for (const list_id of [unknownId, await insertList(api, bob)]) {
      await expectRejected(ada, id, { list_id }, '/list_id', /one of your lists/);
      await expectRejected(ada, id, { list_id, status: 'Done' }, '/list_id', /one of your lists/);
    }
  });

  test('with a parent that does not exist, belongs to another user, or is in the trash', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const { id } = await create(ada);
    const deleted = await create(ada);
    await ada.delete(`${tasks}/${deleted.id}`);
    for (const parent_id of [unknownId, (await create(bob)).id, deleted.id]) {
      await expectRejected(ada, id, { parent_id }, '/parent_id', /one of your tasks that is not in the trash/);
    }
  });

  test('with a parent in another list', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    const parent = await create(ada, { list_id: await insertList(api, ada) });
    await expectRejected(ada, id, { parent_id: parent.id }, '/parent_id', /same list; send the list of the parent/);
  });

  test('with a list other than that of the parent that stays', async () => {
    const ada = api.user();
    const [, { id }] = await createLevels(ada, 2);
    const list_id = await insertList(api, ada);
    const { status, body } = await ada.patch(`${tasks}/${id}`, { list_id });
    expect({ status, pointer: body.errors[0].pointer }).toEqual({ status: 422, pointer: '/list_id' });
    expect(body.detail).toMatch(/also send parent_id null/);
    expect((await ada.patch(`${tasks}/${id}`, { list_id, parent_id: null })).status).toBe(200);
  });

  test('at a sixth level, counted with the subtasks of the task', async () => {
    const ada = api.user();
    const chain = await createLevels(ada, 5);
    const { id } = await create(ada);
    await expectRejected(ada, id, { parent_id: chain[4].id }, '/parent_id', /at most 5 levels/);
    const [top] = await createLevels(ada, 2);
    const below = (parent_id: string) => ada.patch(`${tasks}/${top.id}`, { parent_id });
    expect((await below(chain[3].id)).body.errors[0].pointer).toBe('/parent_id');
    expect((await below(chain[2].id)).status).toBe(200);
  });

  test('below the task itself or one of its subtasks', async () => {
    const ada = api.user();
    const chain = await createLevels(ada, 3);
    for (const parent_id of [chain[0].id, chain[2].id]) {
      const { status, body } = await ada.patch(`${tasks}/${chain[0].id}`, { parent_id });
      expect({ status, errors: body.errors }).toEqual({
        status: 422,
        errors: [
          { in: 'body', pointer: '/parent_id', message: 'must be neither the task itself nor one of its subtasks' },
        ],
      });
    }
    const own = { id: crypto.randomUUID(), title: 'x' };
    expect((await ada.post(tasks, { ...own, parent_id: own.id })).body.errors[0].pointer).toBe('/parent_id');
  });

  test.each(['', 'a', 'a-', 'a00', `a0${'V'.repeat(99)}`, 1, null])('with the position %j', async (position) => {
    const ada = api.user();
    const { id } = await create(ada);
    await expectRejected(ada, id, { position }, '/position', /./);
  });
});

test('positions become short if the one at the end would exceed 100 characters', async () => {
  const ada = api.user();
  const longest = 'z'.repeat(100);
  const first = await create(ada, { position: 'a5' });
  const second = await create(ada, { position: longest });
  const third = await ada.post(tasks, { title: 'x' });
  expect(third.body.position).toBe('a7');
  expect(await read(ada, first.id)).toEqual(first);
  expect((await read(ada, second.id)).position).toBe('a6');
  const { body } = await ada.get(`${tasks}/${second.id}/history`);
  expect(body[0]).toMatchObject({
    change_set: third.headers.get('change-set'),
    changes: { position: { from: longest, to: 'a6' } },
  });
  expect((await create(ada)).position).toBe('a8');
});
