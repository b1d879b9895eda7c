/** The lists that tasks are in: their fields, their order, their deletion with or without tasks, and their undo. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const lists = '/api/v1/lists';
const tasks = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

interface List {
  id: string;
  name: string;
  position: string;
  version: number;
}

const changeSetOf = ({ headers }: Answer) => headers.get('change-set') as string;

const undo = (user: Client, answer: Answer): Promise<Answer> =>
  user.request('POST', `/api/v1/change-sets/${changeSetOf(answer)}/undo`);

const restore = (user: Client, id: string, headers: Record<string, string> = {}): Promise<Answer> =>
  user.request('POST', `/api/v1/trash/${id}/restore`, { headers });

const move = (user: Client, id: string, place: object, headers: Record<string, string> = {}): Promise<Answer> =>
  user.post(`${lists}/${id}/move`, place, headers);

async function create(user: Client, fields: object = {}): Promise<any> {
  const { status, body } = await user.post(lists, { name: 'Groceries', ...fields });
  expect(status).toBe(201);
  return body;
}

/** Lists with these names, in this order. */
async function createAll(user: Client, ...names: string[]): Promise<List[]> {
  const created: List[] = [];
  for (const name of names) created.push(await create(user, { name }));
  return created;
}

async function read(user: Client, id: string): Promise<any> {
  return (await user.get(`${lists}/${id}`)).body;
}

async function namesOf(user: Client): Promise<string[]> {
  return (await user.get(lists)).body.map(({ name }: List) => name);
}

/** Creates tasks with these titles in a list, in this order. The ones in `done` are `Done`. */
async function fillList(user: Client, listId: string, titles: readonly string[], done: readonly string[] = []) {
  const made: any[] = [];
  for (const title of titles) {
    const fields = { title, list_id: listId, status: done.includes(title) ? 'Done' : 'Todo' };
    const { status, body } = await user.post(tasks, fields);
    expect(status).toBe(201);
    made.push(body);
  }
  return made;
}

/** Makes a task a subtask of another one in its list. */
async function nest(user: Client, id: string, parentId: string): Promise<void> {
  expect((await user.patch(`${tasks}/${id}`, { parent_id: parentId })).status).toBe(200);
}

/** The tasks of a user that are not in the trash, in their manual order. */
async function placesOf(user: Client): Promise<[title: string, listId: string | null, parentId: string | null][]> {
  const { body } = await user.get(`${tasks}?limit=200&sort=position`);
  return body.map(({ title, list_id, parent_id }: any) => [title, list_id, parent_id]);
}

async function changesSince(user: Client, cursor?: string): Promise<any> {
  return (await user.get(`/api/v1/changes${cursor === undefined ? '' : `?since=${cursor}`}`)).body;
}

describe('a list', () => {
  test('has its fields and their defaults', async () => {
    const ada = api.user();
    const { status, body, headers } = await ada.post(lists, { name: '  Groceries ' });
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Groceries',
      color: null,
      position: 'a0',
      archived: false,
      task_count: 0,
      version: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      updated_at: body.created_at,
    });
    expect(headers.get('location')).toBe(`${lists}/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(changeSetOf({ headers } as Answer)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await read(ada, body.id)).toEqual(body);
  });

  test('has a color in lower case', async () => {
    expect(await create(api.user(), { color: '#1E90fF' })).toMatchObject({ color: '#1e90ff' });
  });

  test.each([
    [{}, '/name'],
    [{ name: '' }, '/name'],
    [{ name: ' \u200b ' }, '/name'],
    [{ name: 'x'.repeat(101) }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ name: 'x', color: 'red' }, '/color'],
    [{ name: 'x', color: '#12345' }, '/color'],
    [{ name: 'x', color: '#1234567' }, '/color'],
    [{ name: 'x', archived: 'true' }, '/archived'],
    [{ name: 'x', archived: null }, '/archived'],
    [{ name: 'x', position: 'a' }, '/position'],
    [{ name: 'x', position: null }, '/position'],
    [{ name: 'x', task_count: 0 }, '/task_count'],
    [{ name: 'x', owner_id: 'ada' }, '/owner_id'],
  ])('is rejected with %o', async (body, pointer) => {
    const answer = await api.user().post(lists, body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ in: 'body', pointer }]);
  });

  test('with an id of the client is created once', async () => {
    const ada = api.user();
    const fields = { id: crypto.randomUUID(), name: 'Groceries', color: '#1E90FF' };
    const first = await ada.post(lists, fields);
    const second = await ada.post(lists, fields);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    for (const other of [{ name: 'x' }, { color: null }, { archived: true }, { position: 'a1' }]) {
      const { status, body } = await ada.post(lists, { ...fields, ...other });
      expect([status, body.code]).toEqual([409, 'id_taken']);
    }
    await ada.delete(`${lists}/${fields.id}`);
    expect((await ada.post(lists, fields)).body.code).toBe('id_taken');
  });

  test('is changed by PATCH, field by field', async () => {
    const ada = api.user();
    const { id } = await create(ada, { color: '#000000' });
    for (const patch of [{ name: 'Food' }, { archived: true }, { position: 'b00' }, { color: null }]) {
      const { status, body, headers } = await ada.patch(`${lists}/${id}`, patch);
      expect(status).toBe(200);
      expect(body).toMatchObject(patch);
      expect(headers.get('etag')).toBe(`"${body.version}"`);
    }
    const left = await read(ada, id);
    expect(left).toMatchObject({ name: 'Food', archived: true, position: 'b00', color: null, version: 5 });
    for (const patch of [{}, { name: ' Food ' }, { color: null, archived: true }]) {
      expect((await ada.patch(`${lists}/${id}`, patch)).body).toEqual(left);
    }
  });

  test('is replaced by PUT, which keeps the position', async () => {
    const ada = api.user();
    const { id } = await create(ada, { color: '#000000', archived: true, position: 'b00' });
    expect((await ada.put(`${lists}/${id}`, { name: 'Food' })).body).toMatchObject({
      name: 'Food',
      color: null,
      archived: false,
      position: 'b00',
      version: 2,
    });
    expect((await ada.put(`${lists}/${id}`, { name: 'Food', position: 'a0' })).body.position).toBe('a0');
  });

  test('has an entity tag', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    const path = `${lists}/${id}`;
    expect((await ada.get(path, { 'If-None-Match': '"1"' })).status).toBe(304);
    const writes = [
      () => ada.patch(path, { name: 'x' }, { 'If-Match': '"2"' }),
      () => ada.put(path, { name: 'x' }, { 'If-Match': '"2"' }),
      () => move(ada, id, { to: 'start' }, { 'If-Match': '"2"' }),
      () => ada.delete(path, { 'If-Match': '"2"' }),
      () => ada.delete(`${path}?tasks=delete`, { 'If-Match': '"2"' }),
    ];
    for (const write of writes) {
      const { status, body, headers } = await write();
      expect([status, body.code, body.current_version]).toEqual([412, 'version_mismatch', 1]);
      expect(headers.get('etag')).toBe('"1"');
    }
    expect((await ada.patch(path, { name: 'x' }, { 'If-Match': '"1"' })).status).toBe(200);
  });

  test('that does not exist is 404 list_not_found', async () => {
    const ada = api.user();
    const path = `${lists}/${unknownId}`;
    const answers = [
      await ada.get(path),
      await ada.put(path, { name: 'x' }),
      await ada.patch(path, {}),
      await ada.delete(path),
      await ada.delete(`${path}?tasks=keep`),
      await move(ada, unknownId, { to: 'end' }),
      await move(ada, unknownId, { before: unknownId }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([404, 'list_not_found']);
  });

  test('counts its open tasks, which changes neither its version nor its entity tag', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    const [first, second] = await fillList(ada, id, ['One', 'Two', 'Three'], ['Three']);
    const before = await ada.get(`${lists}/${id}`);
    expect(before.body).toMatchObject({ task_count: 2, version: 1 });
    await ada.patch(`${tasks}/${first.id}`, { status: 'Done' });
    await ada.delete(`${tasks}/${second.id}`);
    const after = await ada.get(`${lists}/${id}`);
    expect(after.body).toMatchObject({ task_count: 0, version: 1 });
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });
});

describe('the order', () => {
  test('is that of the positions, then of the ids, and new lists come last', async () => {
    const ada = api.user();
    const ids = [crypto.randomUUID(), crypto.randomUUID()].sort();
    await create(ada, { name: 'A' });
    await create(ada, { id: ids[1], name: 'D', position: 'a2' });
    await create(ada, { id: ids[0], name: 'C', position: 'a2' });
    await create(ada, { name: 'B', position: 'a1' });
    await create(ada, { name: 'E' });
    expect(await namesOf(ada)).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  test.each<[string, (ids: string[]) => object, string[]]>([
    ['to the start', () => ({ to: 'start' }), ['B', 'A', 'C', 'D']],
    ['to the end', () => ({ to: 'end' }), ['A', 'C', 'D', 'B']],
    ['before another', ([, , , d]) => ({ before: d }), ['A', 'C', 'B', 'D']],
    ['before the first', ([a]) => ({ before: a }), ['B', 'A', 'C', 'D']],
    ['after another', ([, , c]) => ({ after: c }), ['A', 'C', 'B', 'D']],
    ['after the last', ([, , , d]) => ({ after: d }), ['A', 'C', 'D', 'B']],
  ])('changes by a move %s', async (_, place, expected) => {
    const ada = api.user();
    const ids = (await createAll(ada, 'A', 'B', 'C', 'D')).map(({ id }) => id);
    const { status, body, headers } = await move(ada, ids[1] as string, place(ids));
    expect([status, body.version, headers.get('etag')]).toEqual([200, 2, '"2"']);
    expect(await namesOf(ada)).toEqual(expected);
    expect(await read(ada, ids[1] as string)).toEqual(body);
    // The list is at the place now.
    expect((await move(ada, ids[1] as string, place(ids))).body).toEqual(body);
  });

  test('is total after moves between lists with the same position', async () => {
    const ada = api.user();
    for (const name of ['A', 'B', 'C']) await create(ada, { name, position: 'a5' });
    const [first, second] = (await ada.get(lists)).body;
    const { id } = await create(ada, { name: 'Moved' });
    const moved = await move(ada, id, { after: first.id });
    const expected = [first.name, 'Moved', second.name];
    expect((await namesOf(ada)).slice(0, 3)).toEqual(expected);
    const positions = (await ada.get(lists)).body.map(({ position }: List) => position);
    expect(new Set(positions).size).toBe(4);
    // The new positions of the others belong to the same request.
    expect((await undo(ada, moved)).status).toBe(200);
    expect((await ada.get(lists)).body.map(({ position }: List) => position)).toEqual(['a5', 'a5', 'a5', 'a6']);
  });

  test('has short positions: the others get new ones before a position exceeds 100 characters', async () => {
    const ada = api.user();
    const long = `a0${'0'.repeat(97)}1`;
    const [first, last] = [await create(ada, { position: 'a0' }), await create(ada, { position: long })];
    const { id } = await create(ada, { name: 'Moved' });
    expect((await move(ada, id, { before: last.id })).status).toBe(200);
    const { body } = await ada.get(lists);
    expect(body.map((list: List) => list.id)).toEqual([first.id, id, last.id]);
    for (const { position } of body) expect(position.length).toBeLessThan(5);
  });

  test('has room for a new list after the greatest position', async () => {
    const ada = api.user();
    await create(ada, { name: 'A', position: 'z'.repeat(100) });
    await create(ada, { name: 'B' });
    expect((await ada.get(lists)).body).toMatchObject([
      { name: 'A', position: 'a0', version: 2 },
      { name: 'B', position: 'a1', version: 1 },
    ]);
  });

  test.each([
    [{}, '/to'],
    [{ to: 'start', before: unknownId }, '/to'],
    [{ before: unknownId, after: unknownId }, '/after'],
    [{ to: 'middle' }, '/to'],
    [{ before: 'x' }, '/before'],
    [{ before: unknownId }, '/before'],
    [{ after: unknownId }, '/after'],
  ])('cannot be changed by %o', async (place, pointer) => {
    const ada = api.user();
    const [list] = await createAll(ada, 'A', 'B');
    const { status, body } = await move(ada, list?.id as string, place);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'body', pointer }]);
  });

  test('does not depend on the list itself, a deleted list or a list of another user', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const [own, gone] = (await createAll(ada, 'A', 'B')) as [List, List];
    await ada.delete(`${lists}/${gone.id}`);
    const theirs = await create(bob);
    const key = { 'Idempotency-Key': 'once' };
    for (const id of [own.id, gone.id, theirs.id, unknownId]) {
      const { status, body } = await move(ada, own.id, { after: id }, key);
      expect([status, body.errors]).toEqual([
        422,
        [{ in: 'body', pointer: '/after', message: 'must be the id of a sibling' }],
      ]);
    }
    // A rejected request does not use its key.
    expect((await move(ada, own.id, { to: 'end' }, key)).status).toBe(200);
  });

  test('stays the same for both of two clients that move lists at the same time', async () => {
    const ada = api.user();
    const all = await createAll(ada, 'A', 'B', 'C', 'D', 'E');
    const turns = Array.from({ length: 20 }, (_, turn) => turn);
    await Promise.all(
      turns.map((turn) => move(ada, all[turn % 5]?.id as string, { after: all[(turn * 3 + 1) % 5]?.id as string })),
    );
    const { body } = await ada.get(lists);
    expect(body).toHaveLength(5);
    expect(new Set(body.map(({ position }: List) => position)).size).toBe(5);
  });
});

describe('the deletion', () => {
  test('moves an empty list to the trash', async () => {
    const ada = api.user();
    const list = await create(ada, { color: '#1e90ff', archived: true });
    const { status, headers } = await ada.delete(`${lists}/${list.id}`);
    expect(status).toBe(204);
    expect((await read(ada, list.id)).code).toBe('list_not_found');
    expect((await ada.get('/api/v1/trash')).body).toEqual([
      { deleted_at: expect.any(String), change_set: headers.get('change-set'), list: { ...list, version: 2 } },
    ]);
  });

  test.each([[['Open']], [['Done']]])('rejects a list with tasks (%o), and says what to do', async (titles) => {
    const ada = api.user();
    const list = await create(ada);
    const [task] = await fillList(ada, list.id, titles, ['Done']);
    const { status, body } = await ada.delete(`${lists}/${list.id}`);
    expect([status, body.code]).toEqual([409, 'list_not_empty']);
    expect(body.detail).toMatch(/\?tasks=delete.*\?tasks=keep/);
    expect((await ada.get(`${tasks}/${task.id}`)).body).toEqual(task);
    // A task in the trash is no obstacle.
    await ada.delete(`${tasks}/${task.id}`);
    expect((await ada.delete(`${lists}/${list.id}`)).status).toBe(204);
  });

  test('with tasks=delete moves its tasks and their subtasks to the trash, in the same change set', async () => {
    const ada = api.user();
    const list = await create(ada);
    const other = await create(ada, { name: 'Other' });
    const made = await fillList(ada, list.id, ['One', 'Two', 'Three'], ['Two']);
    await nest(ada, made[2].id, made[0].id);
    const [kept] = await fillList(ada, other.id, ['Kept']);
    const deletion = await ada.delete(`${lists}/${list.id}?tasks=delete`);
    expect(deletion.status).toBe(204);
    expect((await ada.get(tasks)).body).toEqual([kept]);
    expect(await read(ada, other.id)).toEqual({ ...other, task_count: 1 });
    const { body } = await ada.get('/api/v1/trash');
    expect(body.map(({ change_set }: any) => change_set)).toEqual(Array(4).fill(changeSetOf(deletion)));
    expect(body[0].list).toMatchObject({ id: list.id, task_count: 0 });
    expect(body.slice(1).map(({ task }: any) => [task.title, task.list_id])).toEqual(
      expect.arrayContaining(['One', 'Two', 'Three'].map((title) => [title, list.id])),
    );
  });

  test('with tasks=keep moves its tasks to the end of the inbox, in their order and with their subtasks', async () => {
    const ada = api.user();
    const list = await create(ada);
    await ada.post(tasks, { title: 'First' });
    const [one, two, three, four] = await fillList(ada, list.id, ['One', 'Two', 'Three', 'Four'], ['Two']);
    await nest(ada, four.id, one.id);
    await ada.post(tasks, { title: 'Last' });
    const deletion = await ada.delete(`${lists}/${list.id}?tasks=keep`);
    expect(deletion.status).toBe(204);
    const places = await placesOf(ada);
    const atTop = ['First', 'Last', 'One', 'Two', 'Three'].map((title) => [title, null, null]);
    expect(places).toEqual([...atTop, ['Four', null, one.id]]);
    expect((await ada.get('/api/v1/trash')).body).toHaveLength(1);
    for (const { id } of [one, two, three, four]) {
      const { body } = await ada.get(`${tasks}/${id}/history`);
      expect(body[0]).toMatchObject({ kind: 'Updated', change_set: changeSetOf(deletion) });
    }
  });

  test.each(['delete', 'keep'])('with tasks=%s deletes an empty list', async (tasksOfList) => {
    const ada = api.user();
    const { id } = await create(ada);
    expect((await ada.delete(`${lists}/${id}?tasks=${tasksOfList}`)).status).toBe(204);
    expect((await ada.get(lists)).body).toEqual([]);
  });

  test.each(['delete', 'keep'])('with tasks=%s numbers each change once, without a gap', async (tasksOfList) => {
    const ada = api.user();
    const list = await create(ada);
    await fillList(ada, list.id, ['One', 'Two', 'Three']);
    const before = await changesSince(ada);
    await ada.delete(`${lists}/${list.id}?tasks=${tasksOfList}`);
    await ada.post(tasks, { title: 'Next' });
    const numbers = await api.database.query<{ seq: number }>(
      'select seq::integer from todo.changes where owner_id = $1 order by seq',
      [ada.userId],
    );
    expect(numbers.map(({ seq }) => seq)).toEqual(numbers.map((_, index) => index + 1));
    const [head] = await api.database.query(
      `select seq::integer, tasks, lists, (select count(*)::integer from todo.tasks where owner_id = $1) as stored
       from todo.heads where owner_id = $1`,
      [ada.userId],
    );
    expect(head).toMatchObject({ seq: numbers.length, tasks: head?.stored, lists: 0 });
    expect((await changesSince(ada, before.cursor)).changes).toHaveLength(5);
  });

  test('happens once per Idempotency-Key', async () => {
    const ada = api.user();
    const list = await create(ada);
    await fillList(ada, list.id, ['One']);
    const key = { 'Idempotency-Key': 'once' };
    const first = await ada.delete(`${lists}/${list.id}`, key);
    const second = await ada.delete(`${lists}/${list.id}`, key);
    expect([first.status, second.text]).toEqual([409, first.text]);
    const other = { 'Idempotency-Key': 'twice' };
    const deletions = [1, 2].map(() => ada.delete(`${lists}/${list.id}?tasks=delete`, other));
    expect((await Promise.all(deletions)).map(({ status }) => status)).toContain(204);
    expect((await ada.delete(`${lists}/${list.id}?tasks=delete`, other)).status).toBe(204);
  });

  test.each(['?tasks=move', '?tasks=', '?tasks=keep&tasks=delete', '?task=keep'])('rejects %s', async (query) => {
    const ada = api.user();
    const { id } = await create(ada);
    expect((await ada.delete(`${lists}/${id}${query}`)).status).toBe(422);
  });
});

describe('the trash', () => {
  test('gives a list back under a new version', async () => {
    const ada = api.user();
    const list = await create(ada, { color: '#1e90ff', archived: true, position: 'a7' });
    await ada.delete(`${lists}/${list.id}`);
    for (const versions of ['"1"', '"3"']) {
      const { status, body } = await restore(ada, list.id, { 'If-Match': versions });
      expect([status, body.current_version]).toEqual([412, 2]);
    }
    const { status, body, headers } = await restore(ada, list.id, { 'If-Match': '"2"' });
    expect([status, headers.get('etag')]).toEqual([200, '"3"']);
    expect(body).toEqual({ ...list, version: 3, updated_at: body.updated_at });
    expect(body.updated_at > list.updated_at).toBe(true);
    expect(await read(ada, list.id)).toEqual(body);
    expect((await ada.get('/api/v1/trash')).body).toEqual([]);
    expect((await restore(ada, list.id)).status).toBe(404);
  });

  test('gives back the tasks that were deleted with a list, and no others', async () => {
    const ada = api.user();
    const list = await create(ada);
    const [early] = await fillList(ada, list.id, ['Early']);
    await ada.delete(`${tasks}/${early.id}`);
    const made = await fillList(ada, list.id, ['One', 'Two', 'Three', 'Four'], ['Two']);
    await nest(ada, made[0].id, made[3].id);
    const places = await placesOf(ada);
    await ada.delete(`${lists}/${list.id}?tasks=delete`);
    const key = { 'Idempotency-Key': 'once' };
    const restored = await restore(ada, list.id, key);
    expect(restored.status).toBe(200);
    expect(restored.body).toMatchObject({ id: list.id, task_count: 3 });
    expect(await placesOf(ada)).toEqual(places);
    expect((await ada.get('/api/v1/trash')).body.map(({ task }: any) => task.title)).toEqual(['Early']);
    const replay = await restore(ada, list.id, key);
    expect([replay.text, replay.headers.get('idempotency-replayed')]).toEqual([restored.text, 'true']);
    const [head] = await api.database.query(
      `select tasks, lists, seq::integer, (select max(seq)::integer from todo.changes where owner_id = $1) as last
       from todo.heads where owner_id = $1`,
      [ada.userId],
    );
    expect(head).toMatchObject({ tasks: 4, lists: 1, seq: head?.last });
  });

  test('deletes a list permanently', async () => {
    const ada = api.user();
    const { id } = await create(ada, { name: 'Zebra' });
    await ada.delete(`${lists}/${id}`);
    expect((await ada.delete(`/api/v1/trash/${id}`, { 'If-Match': '"1"' })).status).toBe(412);
    expect((await ada.delete(`/api/v1/trash/${id}`)).status).toBe(204);
    expect((await restore(ada, id)).status).toBe(404);
    const rows = await api.database.query(
      `select 1 from todo.changes as row where owner_id = $1 and to_jsonb(row)::text like '%Zebra%'
       union all select 1 from todo.deleted as row where owner_id = $1 and to_jsonb(row)::text like '%Zebra%'`,
      [ada.userId],
    );
    expect(rows).toEqual([]);
  });

  test('deletes a list permanently with the tasks that were deleted with it, and no others', async () => {
    const ada = api.user();
    const list = await create(ada);
    const [early] = await fillList(ada, list.id, ['Early']);
    await ada.delete(`${tasks}/${early.id}`);
    await fillList(ada, list.id, ['One', 'Two']);
    await ada.delete(`${lists}/${list.id}?tasks=delete`);
    expect((await ada.delete(`/api/v1/trash/${list.id}`)).status).toBe(204);
    expect((await ada.get('/api/v1/trash')).body.map(({ task }: any) => task.title)).toEqual(['Early']);
  });

  test('gives back the last deleted one of a task and a list with the same id', async () => {
    const ada = api.user();
    const id = crypto.randomUUID();
    await create(ada, { id });
    await ada.post(tasks, { id, title: 'Task' });
    await ada.delete(`${lists}/${id}`);
    await ada.delete(`${tasks}/${id}`);
    expect((await restore(ada, id)).body).toMatchObject({ id, title: 'Task' });
    expect((await restore(ada, id)).body).toMatchObject({ id, name: 'Groceries' });
  });
});

describe('the undo', () => {
  test('of a creation moves the list to the trash, and of that undo brings it back', async () => {
    const ada = api.user();
    const created = await ada.post(lists, { name: 'Groceries' });
    const { id } = created.body;
    const undone = await undo(ada, created);
    expect(undone.body).toEqual({ results: [{ type: 'list', id, status: 204 }] });
    expect((await ada.get(lists)).body).toEqual([]);
    const redone = await undo(ada, undone);
    expect(redone.body.results).toMatchObject([{ type: 'list', id, status: 200, list: { id, version: 3 } }]);
    expect(await read(ada, id)).toEqual(redone.body.results[0].list);
  });

  test('of a creation conflicts if the list has tasks since', async () => {
    const ada = api.user();
    const created = await ada.post(lists, { name: 'Groceries' });
    await fillList(ada, created.body.id, ['Done'], ['Done']);
    const { status, body } = await undo(ada, created);
    expect([status, body.code]).toEqual([409, 'undo_conflict']);
    expect(body.errors).toMatchObject([{ message: `the list ${created.body.id} has other tasks since` }]);
  });

  test('of a change restores the fields, and keeps later changes of others', async () => {
    const ada = api.user();
    const list = await create(ada, { color: '#000000' });
    const changed = await ada.put(`${lists}/${list.id}`, { name: 'Food', archived: true, position: 'b00' });
    expect((await undo(ada, changed)).status).toBe(200);
    expect(await read(ada, list.id)).toEqual({ ...list, version: 3, updated_at: expect.any(String) });
    const patched = await ada.patch(`${lists}/${list.id}`, { name: 'Bread' });
    await ada.patch(`${lists}/${list.id}`, { archived: true });
    await undo(ada, patched);
    expect(await read(ada, list.id)).toMatchObject({ name: 'Groceries', archived: true });
    await ada.patch(`${lists}/${list.id}`, { name: 'Other' });
    const again = await undo(ada, patched);
    expect(again.body.errors).toMatchObject([{ message: `the list ${list.id} has another name since` }]);
  });

  test('of a move moves the list back', async () => {
    const ada = api.user();
    const [, , last] = await createAll(ada, 'A', 'B', 'C');
    const moved = await move(ada, last?.id as string, { to: 'start' });
    await undo(ada, moved);
    expect(await namesOf(ada)).toEqual(['A', 'B', 'C']);
  });

  test('of a deletion restores an empty list, and of that undo deletes it again', async () => {
    const ada = api.user();
    const list = await create(ada);
    const undone = await undo(ada, await ada.delete(`${lists}/${list.id}`));
    expect(undone.status).toBe(200);
    expect(await read(ada, list.id)).toEqual({ ...list, version: 3, updated_at: expect.any(String) });
    await undo(ada, undone);
    expect((await ada.get(lists)).body).toEqual([]);
  });

  test.each(['delete', 'keep'])('of a deletion with tasks=%s, and the undo of that undo', async (tasksOfList) => {
    const ada = api.user();
    await ada.post(tasks, { title: 'First' });
    const list = await create(ada);
    const made = await fillList(ada, list.id, ['One', 'Two', 'Three', 'Four', 'Five'], ['Two']);
    await nest(ada, made[3].id, made[0].id);
    await nest(ada, made[4].id, made[3].id);
    const before = { places: await placesOf(ada), list: await read(ada, list.id) };
    expect(before.list.task_count).toBe(4);
    const deletion = await ada.delete(`${lists}/${list.id}?tasks=${tasksOfList}`);
    const after = await placesOf(ada);
    let last: Answer = deletion;
    for (const _ of [1, 2]) {
      last = await undo(ada, last);
      expect(last.status, last.text).toBe(200);
      expect(last.body.results.map(({ type, status }: any) => [type, status])).toEqual([
        ['list', 200],
        ...made.map(() => ['task', 200]),
      ]);
      expect(await placesOf(ada)).toEqual(before.places);
      const { version: _version, updated_at: _updatedAt, ...fields } = before.list;
      expect(await read(ada, list.id)).toMatchObject(fields);
      last = await undo(ada, last);
      expect(last.status, last.text).toBe(200);
      expect(await placesOf(ada)).toEqual(after);
      expect((await ada.get(lists)).body).toEqual([]);
    }
  });

  test('of a deletion with its tasks cannot be undone if the list has other tasks since', async () => {
    const ada = api.user();
    const list = await create(ada);
    await fillList(ada, list.id, ['One']);
    const undone = await undo(ada, await ada.delete(`${lists}/${list.id}?tasks=delete`));
    await fillList(ada, list.id, ['New']);
    expect((await undo(ada, undone)).body.code).toBe('undo_conflict');
    expect((await ada.get(tasks)).body).toHaveLength(2);
  });
});

describe('changes', () => {
  test('have lists beside tasks, and their removals', async () => {
    const ada = api.user();
    const list = await create(ada);
    const { body: task } = await ada.post(tasks, { title: 'Milk' });
    const snapshot = await changesSince(ada);
    expect(snapshot.changes).toEqual([
      { type: 'list', op: 'put', list },
      { type: 'task', op: 'put', task },
    ]);
    const { body: changed } = await ada.patch(`${lists}/${list.id}`, { name: 'Food' });
    const page = await changesSince(ada, snapshot.cursor);
    expect(page.changes).toEqual([{ type: 'list', op: 'put', list: changed }]);
    await ada.delete(`${lists}/${list.id}`);
    expect((await changesSince(ada, page.cursor)).changes).toEqual([
      { type: 'list', op: 'remove', id: list.id, version: 3 },
    ]);
  });

  test('do not have the number of its tasks', async () => {
    const ada = api.user();
    const list = await create(ada);
    const { cursor } = await changesSince(ada);
    const [task] = await fillList(ada, list.id, ['One']);
    expect((await changesSince(ada, cursor)).changes).toEqual([{ type: 'task', op: 'put', task }]);
    expect((await changesSince(ada)).changes[0]).toMatchObject({ type: 'list', list: { task_count: 1 } });
  });
});
