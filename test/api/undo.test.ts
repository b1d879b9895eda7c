/** Undo: all changes of a request are reverted, or none of them. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const tasks = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

const full = {
  title: 'Zebra crossing',
  description: 'Paint the stripes',
  status: 'Done',
  priority: 'High',
  tags: ['paint', 'Street'],
  due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
};

const changeSetOf = ({ headers }: Answer) => headers.get('change-set') as string;

function undo(user: Client, changeSet: string, headers: Record<string, string> = {}): Promise<Answer> {
  return user.request('POST', `/api/v1/change-sets/${changeSet}/undo`, { headers });
}

async function read(user: Client, id: string): Promise<any> {
  return (await user.get(`${tasks}/${id}`)).body;
}

async function create(user: Client, fields: object = full): Promise<any> {
  return (await user.post(tasks, fields)).body;
}

/** All fields that an undo restores. */
function fieldsOf({ version: _, updated_at: __, ...fields }: any): object {
  return fields;
}

/** The live tasks and the trash, by id. */
async function stateOf(user: Client): Promise<object> {
  const live = (await user.get(tasks)).body;
  const trash = (await user.get('/api/v1/trash')).body.map(({ task }: any) => task);
  const byId = (all: any[]) => Object.fromEntries(all.map((task) => [task.id, fieldsOf(task)]));
  // A subtask is restored into the list of its parent, whatever list it had.
  return {
    live: byId(live),
    trash: byId(trash.map((task: any) => (task.parent_id ? { ...task, list_id: null } : task))),
  };
}

describe('the undo', () => {
  test('of a creation moves the task to the trash', async () => {
    const ada = api.user();
    const created = await ada.post(tasks, full);
    const { id } = created.body;
    const undone = await undo(ada, changeSetOf(created));
    expect({ status: undone.status, body: undone.body }).toEqual({
      status: 200,
      body: { results: [{ type: 'task', id, status: 204 }] },
    });
    expect((await read(ada, id)).code).toBe('task_not_found');
    expect((await ada.get('/api/v1/trash')).body.map(({ task }: any) => task.id)).toEqual([id]);
  });

  test('of an update restores its fields', async () => {
    const ada = api.user();
    const task = await create(ada);
    const changed = await ada.put(`${tasks}/${task.id}`, { title: 'Okapi' });
    const undone = await undo(ada, changeSetOf(changed));
    expect(undone.status).toBe(200);
    const restored = await read(ada, task.id);
    expect(undone.body.results).toEqual([{ type: 'task', id: task.id, status: 200, task: restored }]);
    expect(fieldsOf(restored)).toEqual(fieldsOf(task));
    expect(restored.version).toBe(3);
    expect(restored.updated_at > changed.body.updated_at).toBe(true);
    expect((await ada.get(`${tasks}?q=zebra+stripes&tag=street`)).body).toEqual([restored]);
    expect((await ada.get(`${tasks}?q=okapi`)).body).toEqual([]);
  });

  test('of a deletion restores the task', async () => {
    const ada = api.user();
    const task = await create(ada);
    const undone = await undo(ada, changeSetOf(await ada.delete(`${tasks}/${task.id}`)));
    expect(undone.body.results).toMatchObject([{ type: 'task', status: 200, task: { id: task.id, version: 3 } }]);
    expect(fieldsOf(await read(ada, task.id))).toEqual(fieldsOf(task));
    expect((await ada.get(`${tasks}?q=zebra+stripes&tag=street`)).body).toHaveLength(1);
  });

  test('of a restoration moves the task to the trash again', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    await ada.delete(`${tasks}/${id}`);
    await undo(ada, changeSetOf(await ada.request('POST', `/api/v1/trash/${id}/restore`)));
    expect((await read(ada, id)).code).toBe('task_not_found');
    expect((await ada.get('/api/v1/trash')).body).toHaveLength(1);
  });

  test('of a batch reverts all its operations, and combines those on one task', async () => {
    const ada = api.user();
    const [changed, deleted] = [await create(ada), await create(ada)];
    const before = await stateOf(ada);
    const [fresh, brief] = [crypto.randomUUID(), crypto.randomUUID()];
    const batch = await ada.post(`${tasks}/batch`, {
      operations: [
        { op: 'update', id: changed.id, patch: { title: 'One', description: null } },
        { op: 'create', task: { id: fresh, title: 'Fresh' } },
        { op: 'update', id: changed.id, patch: { title: 'Two', due: null } },
        { op: 'update', id: deleted.id, patch: { title: 'Farewell', tags: [] } },
        { op: 'delete', id: deleted.id },
        { op: 'create', task: { id: brief, title: 'Brief' } },
        { op: 'delete', id: brief },
        { op: 'update', id: fresh, patch: { title: 'Fresher' } },
      ],
    });
    const after = await stateOf(ada);
    const undone = await undo(ada, changeSetOf(batch));
    expect(undone.body.results.map(({ id, status }: any) => [id, status])).toEqual([
      [brief, 204],
      [deleted.id, 200],
      [fresh, 204],
      [changed.id, 200],
    ]);
    expect(((await stateOf(ada)) as any).live).toEqual((before as any).live);
    await undo(ada, changeSetOf(undone));
    expect(await stateOf(ada)).toEqual(after);
  });

  test('of an undo is redo, again and again', async () => {
    const ada = api.user();
    const task = await create(ada, { title: 'Milk' });
    const done = await ada.patch(`${tasks}/${task.id}`, { status: 'Done' });
    let last = changeSetOf(done);
    for (const expected of [task, done.body, task, done.body]) {
      last = changeSetOf(await undo(ada, last));
      expect(fieldsOf(await read(ada, task.id))).toEqual(fieldsOf(expected));
    }
  });

  test('is in the history, and each change set is undone on its own', async () => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk' });
    const undone = await undo(ada, changeSetOf(await ada.patch(`${tasks}/${id}`, { title: 'Bread' })));
    const { body } = await ada.get(`${tasks}/${id}/history`);
    expect(body[0]).toMatchObject({
      version: 3,
      kind: 'Updated',
      change_set: changeSetOf(undone),
      changes: { title: { from: 'Bread', to: 'Milk' } },
    });
  });

  test('happens once per Idempotency-Key', async () => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk' });
    const changed = await ada.patch(`${tasks}/${id}`, { title: 'Bread' });
    const key = { 'Idempotency-Key': 'once' };
    const first = await undo(ada, changeSetOf(changed), key);
    const second = await undo(ada, changeSetOf(changed), key);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await read(ada, id)).version).toBe(3);
  });

  test('succeeds once for simultaneous requests', async () => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk' });
    const changed = await ada.patch(`${tasks}/${id}`, { title: 'Bread' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => undo(ada, changeSetOf(changed))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    expect((await read(ada, id)).version).toBe(3);
  });

  test('leaves out results beyond the maximum size, and undoes all changes', async () => {
    const ada = api.user();
    const ids = Array.from({ length: 30 }, () => crypto.randomUUID());
    for (const id of ids) await ada.post(tasks, { id, title: 'x', description: '\u{1f600}'.repeat(10_000) });
    const deleted = await ada.post(`${tasks}/batch`, { operations: ids.map((id) => ({ op: 'delete', id })) });
    const { body, text } = await undo(ada, changeSetOf(deleted));
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024 + 10_000);
    expect(body.results.map(({ status }: any) => status)).toEqual(ids.map(() => 200));
    expect(body.results.filter(({ task }: any) => task).length).toBeLessThan(30);
    expect((await ada.get('/api/v1/trash')).body).toEqual([]);
  });
});

describe('later changes', () => {
  test('of other fields are kept', async () => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk' });
    const changed = await ada.patch(`${tasks}/${id}`, { title: 'Bread' });
    await ada.patch(`${tasks}/${id}`, { priority: 'Low', tags: ['shop'] });
    await undo(ada, changeSetOf(changed));
    expect(await read(ada, id)).toMatchObject({ title: 'Milk', priority: 'Low', tags: ['shop'] });
  });

  test.each([
    ['title', { title: 'Bread' }, { title: 'Butter' }, 'title'],
    ['description', { description: 'x' }, { description: null }, 'description'],
    ['status', { status: 'Done' }, { status: 'InProgress' }, 'status'],
    ['tags', { tags: ['a'] }, { tags: ['a', 'b'] }, 'tags'],
    ['another part of the due date', { due: { time: '10:00' } }, { due: { date: '2027-01-01' } }, 'due'],
  ])('of the same field, %s, conflict', async (_, patch, later, field) => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk', due: { date: '2026-12-01', time: '09:30' } });
    const changed = await ada.patch(`${tasks}/${id}`, patch);
    const left = (await ada.patch(`${tasks}/${id}`, later)).body;
    const { status, body } = await undo(ada, changeSetOf(changed));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'undo_conflict' });
    expect(body.errors).toEqual([{ in: 'path', pointer: 'id', message: `the task ${id} has another ${field} since` }]);
    expect(await read(ada, id)).toEqual(left);
  });

  test('to the same value as before do not conflict', async () => {
    const ada = api.user();
    const { id } = await create(ada, { title: 'Milk' });
    const changed = await ada.patch(`${tasks}/${id}`, { title: 'Bread', tags: ['a'] });
    await ada.patch(`${tasks}/${id}`, { title: 'Butter', tags: [] });
    await ada.patch(`${tasks}/${id}`, { title: 'Bread', tags: ['A'] });
    expect((await undo(ada, changeSetOf(changed))).status).toBe(200);
    expect(await read(ada, id)).toMatchObject({ title: 'Milk', tags: [] });
  });

  test('of one task of a batch keep the whole batch, and the conflict is replayed', async () => {
    const ada = api.user();
    const [one, two] = [await create(ada), await create(ada)];
    const operations = [one, two].map(({ id }) => ({ op: 'update', id, patch: { title: 'New' } }));
    const batch = await ada.post(`${tasks}/batch`, { operations });
    await ada.patch(`${tasks}/${two.id}`, { title: 'Newer' });
    const before = await stateOf(ada);
    const key = { 'Idempotency-Key': 'conflict' };
    const first = await undo(ada, changeSetOf(batch), key);
    expect(first.status).toBe(409);
    expect(first.body.errors).toMatchObject([{ message: expect.stringContaining(two.id) }]);
    expect(await stateOf(ada)).toEqual(before);
    // The conflict is gone, but the key has an outcome.
    await ada.patch(`${tasks}/${two.id}`, { title: 'New' });
    const second = await undo(ada, changeSetOf(batch), key);
    expect(second.text).toBe(first.text);
    expect((await undo(ada, changeSetOf(batch))).status).toBe(200);
  });

  test.each([
    [
      'an updated task that was deleted',
      'was deleted later',
      async (user: Client, id: string) => {
        const changed = await user.patch(`${tasks}/${id}`, { title: 'New' });
        await user.delete(`${tasks}/${id}`);
        return changed;
      },
    ],
    [
      'a deleted task that was restored',
      'was restored later',
      async (user: Client, id: string) => {
        const deleted = await user.delete(`${tasks}/${id}`);
        await user.request('POST', `/api/v1/trash/${id}/restore`);
        return deleted;
      },
    ],
  ])('of %s conflict', async (_, message, change) => {
    const ada = api.user();
    const { id } = await create(ada);
    const { status, body } = await undo(ada, changeSetOf(await change(ada, id)));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'undo_conflict' });
    expect(body.errors[0].message).toBe(`the task ${id} ${message}`);
  });

  test('of a created task move to the trash with it', async () => {
    const ada = api.user();
    const created = await ada.post(tasks, { title: 'Milk' });
    await ada.patch(`${tasks}/${created.body.id}`, { title: 'Bread' });
    const undone = await undo(ada, changeSetOf(created));
    expect(undone.status).toBe(200);
    await undo(ada, changeSetOf(undone));
    expect((await read(ada, created.body.id)).title).toBe('Bread');
  });
});

describe('a change set', () => {
  test('that does not exist, belongs to another user, changed nothing or was deleted permanently is the same 404', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const theirs = changeSetOf(await bob.post(tasks, full));
    const { id } = await create(ada, { title: 'Milk' });
    const nothing = changeSetOf(await ada.patch(`${tasks}/${id}`, { title: 'Milk' }));
    const deletion = changeSetOf(await ada.delete(`${tasks}/${id}`));
    const purge = changeSetOf(await ada.delete(`/api/v1/trash/${id}`));
    const answers: object[] = [];
    for (const changeSet of [unknownId, theirs, nothing, deletion, purge]) {
      const { status, body } = await undo(ada, changeSet);
      answers.push({ status, ...body, instance: '', request_id: '' });
    }
    expect(answers[0]).toMatchObject({ status: 404, code: 'change_set_not_found' });
    expect(answers.slice(1)).toEqual(answers.slice(1).map(() => answers[0]));
    expect((await bob.get(tasks)).body).toHaveLength(1);
  });

  test('cannot restore tasks beyond the quota', async () => {
    const small = await startApi({ environment: { MAX_TASKS_PER_USER: '1' } });
    const ada = small.user();
    const { body: task } = await ada.post(tasks, full);
    const deleted = await ada.delete(`${tasks}/${task.id}`);
    await ada.post(tasks, { title: 'Other' });
    expect((await undo(ada, changeSetOf(deleted))).body.code).toBe('quota_exceeded');
    expect((await ada.get('/api/v1/trash')).body).toHaveLength(1);
  });
});

describe('the undo of a change of places', () => {
  const place = ({ list_id, parent_id, position, status }: any) => ({ list_id, parent_id, position, status });
  const placesOf = async (user: Client, all: any[]) =>
    Promise.all(all.map(async ({ id }) => place(await read(user, id))));
  const move = (user: Client, id: string, body: object) => user.post(`${tasks}/${id}/move`, body);

  /** A task, a subtask, and a subtask of that one. */
  async function createFamily(user: Client, list_id: string | null = null): Promise<[any, any, any]> {
    const parent = await create(user, { title: 'parent', list_id });
    const child = await create(user, { title: 'child', list_id, parent_id: parent.id });
    return [parent, child, await create(user, { title: 'grandchild', list_id, parent_id: child.id })];
  }

  async function expectUndoneAndRedone(user: Client, all: any[], change: () => Promise<Answer>): Promise<void> {
    const before = await placesOf(user, all);
    const changed = await change();
    expect(changed.status).toBeLessThan(300);
    const after = await placesOf(user, all);
    const undone = await undo(user, changeSetOf(changed));
    expect(undone.status, undone.text).toBe(200);
    expect(await placesOf(user, all)).toEqual(before);
    expect((await undo(user, changeSetOf(undone))).status).toBe(200);
    expect(await placesOf(user, all)).toEqual(after);
  }

  test('takes a moved task and its subtasks back', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const family = await createFamily(ada, list_id);
    await create(ada, { title: 'other' });
    await expectUndoneAndRedone(ada, family, () => move(ada, family[0].id, { list_id: null, to: 'end' }));
    await expectUndoneAndRedone(ada, family, () => move(ada, family[2].id, { parent_id: null, to: 'start' }));
  });

  test('takes a task back to the same position in another list', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const one = await create(ada, { title: 'one' });
    await create(ada, { title: 'two' });
    await expectUndoneAndRedone(ada, [one], () => ada.patch(`${tasks}/${one.id}`, { list_id }));
  });

  test('reopens the subtasks that were completed with a task, and leaves others as they are', async () => {
    const ada = api.user();
    const family = await createFamily(ada);
    const done = await create(ada, { title: 'done', parent_id: family[0].id, status: 'Done' });
    await expectUndoneAndRedone(ada, [...family, done], () =>
      ada.patch(`${tasks}/${family[0].id}`, { status: 'Done' }),
    );
    const reopened = await ada.patch(`${tasks}/${family[0].id}`, { status: 'Todo' });
    await ada.patch(`${tasks}/${family[1].id}`, { status: 'InProgress' });
    await undo(ada, changeSetOf(reopened));
    expect((await placesOf(ada, family)).map(({ status }) => status)).toEqual(['Done', 'InProgress', 'Done']);
  });

  test('restores a task with its subtasks', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const family = await createFamily(ada, list_id);
    await expectUndoneAndRedone(ada, family, () => ada.delete(`${tasks}/${family[0].id}`));
  });

  test('deletes a parent and a child that a batch has created', async () => {
    const ada = api.user();
    const id = crypto.randomUUID();
    const operations = [
      { op: 'create', task: { id, title: 'parent' } },
      { op: 'create', task: { title: 'child', parent_id: id } },
    ];
    const { body, headers } = await ada.post(`${tasks}/batch`, { operations });
    const created = body.results.map(({ task }: any) => task);
    const undone = await undo(ada, headers.get('change-set') as string);
    expect(undone.body.results.map(({ status }: any) => status)).toEqual([204, 204]);
    await undo(ada, changeSetOf(undone));
    expect(await placesOf(ada, created)).toEqual(created.map(place));
  });

  test('exchanges a parent and its subtask', async () => {
    const ada = api.user();
    const [parent, child] = await createFamily(ada);
    const operations = [
      { op: 'update', id: child.id, patch: { parent_id: null } },
      { op: 'update', id: parent.id, patch: { parent_id: child.id } },
    ];
    await expectUndoneAndRedone(ada, [parent, child], () => ada.post(`${tasks}/batch`, { operations }));
  });

  test('takes along the subtasks that the task has got since', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const task = await create(ada, { title: 'x', list_id });
    const moved = await move(ada, task.id, { list_id: null, to: 'end' });
    const later = await create(ada, { title: 'later', parent_id: task.id });
    await undo(ada, changeSetOf(moved));
    expect(await read(ada, later.id)).toMatchObject({ list_id, parent_id: task.id });
  });

  test('keeps a subtask where it was moved since', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const [parent, child, grandchild] = await createFamily(ada, list_id);
    const moved = await move(ada, parent.id, { list_id: null, to: 'end' });
    const other = await create(ada, { title: 'other' });
    await move(ada, child.id, { parent_id: other.id, to: 'end' });
    expect((await undo(ada, changeSetOf(moved))).status).toBe(200);
    expect(await read(ada, parent.id)).toMatchObject({ list_id, parent_id: null });
    expect(await read(ada, child.id)).toMatchObject({ list_id: null, parent_id: other.id });
    expect(await read(ada, grandchild.id)).toMatchObject({ list_id: null, parent_id: child.id });
  });

  test.each<[string, (user: Client, list: string, parent: any, child: any) => Promise<unknown>]>([
    ['parent was deleted since', (user, _, parent) => user.delete(`${tasks}/${parent.id}`)],
    [
      'parent was moved below it since',
      (user, _, parent, child) => move(user, parent.id, { parent_id: child.id, to: 'end' }),
    ],
    [
      'parent was moved into another list since',
      (user, list, parent) => user.patch(`${tasks}/${parent.id}`, { list_id: list }),
    ],
  ])('conflicts if its %s', async (_, change) => {
    const ada = api.user();
    const list = await insertList(api, ada);
    const [parent, child] = await createFamily(ada);
    const moved = await move(ada, child.id, { parent_id: null, to: 'end' });
    await change(ada, list, parent, child);
    const before = await stateOf(ada);
    const { status, body } = await undo(ada, changeSetOf(moved), { 'Idempotency-Key': 'conflict' });
    expect({ status, code: body.code, in: body.errors?.[0].in }).toEqual({
      status: 409,
      code: 'undo_conflict',
      in: 'path',
    });
    expect(body.detail).toMatch(/cannot return to its list or its parent/);
    expect(await stateOf(ada)).toEqual(before);
    const again = await undo(ada, changeSetOf(moved), { 'Idempotency-Key': 'conflict' });
    expect(again.body).toEqual(body);
  });

  test('returns a task to its list, also if it was restored into another one in between', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const parent = await create(ada, { title: 'Parent', list_id });
    const task = await create(ada, { title: 'Child', list_id });
    const before: any = await stateOf(ada);
    const batch = await ada.post(`${tasks}/batch`, {
      operations: [
        { op: 'update', id: task.id, patch: { parent_id: parent.id } },
        { op: 'delete', id: task.id },
        { op: 'update', id: parent.id, patch: { list_id: null } },
      ],
    });
    const restored = await ada.post(`/api/v1/trash/${task.id}/restore`, undefined);
    expect(restored.body).toMatchObject({ list_id: null, parent_id: parent.id });
    await undo(ada, changeSetOf(restored));
    expect((await undo(ada, changeSetOf(batch))).status).toBe(200);
    expect(((await stateOf(ada)) as any).live).toEqual(before.live);
  });

  test('conflicts if its list exists no more', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const task = await create(ada, { title: 'x', list_id });
    const moved = await move(ada, task.id, { list_id: null, to: 'end' });
    await api.database.query('delete from todo.lists where id = $1', [list_id]);
    const { status, body } = await undo(ada, changeSetOf(moved));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'undo_conflict' });
    expect(body.errors[0].message).toContain(task.id);
  });
});

/** Both databases have the same triggers, and PostgreSQL is faster. */
const fewSequences = databaseKind === 'postgres' ? 20 : 10;
const sequences = process.env.SAMPLES === 'many' ? 100 : fewSequences;

const ids = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `0193a5b0-7e5c-7b21-9c4e-00000000000${letter}`);
const id = fc.constantFrom(...ids);
const fields = fc.record(
  {
    title: fc.constantFrom('milk', 'bread', 'Käse'),
    description: fc.constantFrom(null, 'more', 'even more'),
    status: fc.constantFrom('Todo', 'InProgress', 'Done'),
    priority: fc.constantFrom('Low', 'Medium', 'High'),
    // Each in one spelling, because a restored task takes the spelling of other tasks.
    tags: fc.subarray(['home', 'work', 'x']),
    due: fc.constantFrom(null, { date: '2026-12-01' }, { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' }),
  },
  { requiredKeys: [] },
);
const places = fc.record(
  {
    title: fc.constant('x'),
    status: fc.constantFrom('Todo', 'Done'),
    /** The index of a list, or null for the inbox. */
    list: fc.constantFrom(null, 0, 1),
    parent_id: fc.option(id),
    position: fc.constantFrom('a0', 'a1', 'a2'),
  },
  { requiredKeys: [] },
);
/** A request: operations on tasks, which depend on where the tasks are. */
const stepOf = <Fields>(given: fc.Arbitrary<Fields>) =>
  fc.array(fc.record({ id, isDeletion: fc.boolean(), fields: given }), { minLength: 1, maxLength: 4 });
const step = stepOf(fields);
type Step = { id: string; isDeletion: boolean; fields: object }[];

/** Restores the first task if it is in the trash. Otherwise it sends a batch with the operations that are possible. */
function send(user: Client, steps: Step, { live, trash }: any): Promise<Answer> {
  const [first] = steps as [Step[number]];
  if (first.id in trash) return user.request('POST', `/api/v1/trash/${first.id}/restore`);
  const existing = new Set(Object.keys(live));
  const gone = new Set(Object.keys(trash));
  const operations = steps.flatMap(({ id: each, isDeletion, fields: given }): object[] => {
    if (gone.has(each)) return [];
    if (!existing.has(each)) {
      existing.add(each);
      return [{ op: 'create', task: { title: 'new', ...given, id: each } }];
    }
    if (!isDeletion) return [{ op: 'update', id: each, patch: given }];
    gone.add(each);
    return [{ op: 'delete', id: each }];
  });
  return user.post(`${tasks}/batch`, { operations });
}

/** A request that changed nothing has no change set to undo. The state shows that there was nothing to undo. */
function expectUndone({ status, body, text }: Answer): void {
  if (body.code !== 'change_set_not_found') expect(status, text).toBe(200);
}

/** The trash also has the tasks whose creation was undone. */
async function expectState(user: Client, expected: any): Promise<void> {
  const state: any = await stateOf(user);
  expect(state.live).toEqual(expected.live);
  expect(state.trash).toEqual({ ...state.trash, ...expected.trash });
}

/** Undoes the change sets in reverse order, and undoes the undos. Each leads to the state before or after. */
async function expectReversible(user: Client, changeSets: readonly string[], states: readonly any[]): Promise<number> {
  let undone = 0;
  const redo: [string, any][] = [];
  for (const [index, changeSet] of [...changeSets.entries()].reverse()) {
    const answer = await undo(user, changeSet);
    expectUndone(answer);
    await expectState(user, states[index]);
    undone += answer.status === 200 ? 1 : 0;
    redo.push([answer.status === 200 ? changeSetOf(answer) : unknownId, states[index + 1]]);
  }
  for (const [changeSet, state] of redo.reverse()) {
    const answer = await undo(user, changeSet);
    expectUndone(answer);
    await expectState(user, state);
  }
  return undone;
}

test('random change sets, undone in reverse order, lead back to the start, and undone again to the end', async () => {
  let undone = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const ada = api.user();
      const changeSets: string[] = [];
      const states: any[] = [await stateOf(ada)];
      for (const each of steps) {
        const answer = await send(ada, each, states.at(-1));
        expect(answer.status, answer.text).toBe(200);
        changeSets.push(changeSetOf(answer));
        states.push(await stateOf(ada));
      }
      undone += await expectReversible(ada, changeSets, states);
    }),
    { numRuns: sequences },
  );
  expect(undone).toBeGreaterThan(2 * sequences);
}, 120_000);

test('random changes of places, undone in reverse order, lead back to the start, and undone again to the end', async () => {
  let undone = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf(places), { minLength: 1, maxLength: 12 }), async (steps) => {
      const ada = api.user();
      const lists = [await insertList(api, ada), await insertList(api, ada)];
      const changeSets: string[] = [];
      const states: any[] = [await stateOf(ada)];
      for (const each of steps) {
        const { live, trash }: any = states.at(-1);
        const resolved = each.map(({ fields: { list, parent_id, ...given }, ...rest }) => {
          const parent = live[parent_id ?? ''];
          const list_id = parent ? parent.list_id : (lists[list ?? -1] ?? null);
          const place = parent || list !== undefined ? { list_id, parent_id: parent?.id ?? null } : {};
          return { ...rest, fields: { ...given, ...place } };
        });
        // A task that is restored without its parent has lost its place for good.
        const parent = trash[each[0]?.id ?? '']?.parent_id ?? null;
        if (parent !== null && !(parent in live)) continue;
        const answer = await send(ada, resolved, { live, trash });
        // A random parent can be below the task, or too deep.
        if (answer.status >= 400) continue;
        changeSets.push(changeSetOf(answer));
        states.push(await stateOf(ada));
      }
      undone += await expectReversible(ada, changeSets, states);
    }),
    // Searching for a shorter sequence would take too long.
    { numRuns: sequences, endOnFailure: true },
  );
  expect(undone).toBeGreaterThan(2 * sequences);
}, 120_000);
