/** The import of an export: what it creates, what it leaves as it is, and which lines it rejects. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxImportBytes, maxImportLines } from '../../src/account/import/limits.ts';
import { valuesOf } from '../security/values-from-schema.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { openStream } from '../support/event-stream.ts';
import { allTasks, SyncedCopy } from '../support/synced-copy.ts';
import { exportOf, importAll, importTo, keptLines } from '../support/transfer.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const path = '/api/v1/import';
const tasks = '/api/v1/tasks';
const lists = '/api/v1/lists';

async function create(user: Client, collection: string, fields: object): Promise<any> {
  const { status, body, text } = await user.post(collection, fields);
  expect(status, text).toBe(201);
  return body;
}

/** A user with each kind of data that an export has. */
async function userWithAll(): Promise<Client> {
  const user = api.user();
  const home = await create(user, lists, { name: 'Home', color: '#1e90ff' });
  await user.patch(`${lists}/${home.id}`, { archived: true });
  const parent = await create(user, tasks, {
    title: 'Größe 📏',
    description: 'Line\nbreak',
    tags: ['Shop', 'éclair'],
    priority: 'High',
    list_id: home.id,
    due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
  });
  const child = await create(user, tasks, { title: 'Below', list_id: home.id, parent_id: parent.id });
  await create(user, tasks, { title: 'Lowest', list_id: home.id, parent_id: child.id, status: 'InProgress' });
  const done = await create(user, tasks, { title: 'Done', tags: ['shop'] });
  await user.patch(`${tasks}/${done.id}`, { status: 'Done' });
  await user.post(`${tasks}/${done.id}/move`, { to: 'start' });
  const recurring = await create(user, tasks, {
    title: 'Water the plants',
    due: { date: '2099-12-01' },
    recurrence: { rule: 'FREQ=WEEKLY;INTERVAL=2;COUNT=9' },
  });
  // The series stays on its days.
  await user.patch(`${tasks}/${recurring.id}`, { due: { date: '2099-12-03' } });
  const deleted = await create(user, tasks, { title: 'Deleted', tags: ['old'], due: { date: '2026-01-01' } });
  await create(user, tasks, { title: 'Deleted with it', parent_id: deleted.id });
  await user.delete(`${tasks}/${deleted.id}`);
  const gone = await create(user, lists, { name: 'Gone' });
  await create(user, tasks, { title: 'In it', list_id: gone.id });
  await user.delete(`${lists}/${gone.id}?tasks=delete`);
  return user;
}

describe('an export that is imported for another user', () => {
  test('has the same lists, tasks, trash and days of series, in requests of any size', async () => {
    const lines = await exportOf(await userWithAll());
    for (const size of [1, 4, lines.length]) {
      const user = api.user();
      const counts = await importAll(user, lines, size);
      expect(counts).toMatchObject({ created: keptLines(lines).length, unchanged: 0, skipped: 0 });
      const copy = await exportOf(user);
      expect(keptLines(copy)).toEqual(keptLines(lines));
      expect(copy.at(-1)).toMatchObject({ type: 'end', changed: false });
    }
  });

  test('changes nothing when it is repeated, in pieces of another size', async () => {
    const lines = await exportOf(await userWithAll());
    const user = api.user();
    await importAll(user, lines, lines.length);
    const before = await exportOf(user);
    const counts = await importAll(user, lines, 3);
    expect(counts).toMatchObject({ created: 0, unchanged: keptLines(lines).length, skipped: 0 });
    const after = await exportOf(user);
    // The cursor is the number of the last change.
    expect([after[0].cursor, after.slice(1)]).toEqual([before[0].cursor, before.slice(1)]);
  });

  test('works as before: the trash is restored, the series continues, and words and tags are found', async () => {
    const user = api.user();
    await importAll(user, await exportOf(await userWithAll()), 100);
    const { body: trash } = await user.get('/api/v1/trash');
    const [list, deleted] = [
      trash.find((entry: any) => entry.list),
      trash.find((e: any) => e.task?.title === 'Deleted'),
    ];
    for (const { id } of [list.list, deleted.task]) {
      expect((await user.post(`/api/v1/trash/${id}/restore`, undefined)).status).toBe(200);
    }
    expect((await user.get(`${tasks}?list_id=${list.list.id}`)).body).toMatchObject([{ title: 'In it' }]);
    const [below] = (await user.get(`${tasks}?parent_id=${deleted.task.id}`)).body;
    expect(below.title).toBe('Deleted with it');
    expect((await user.get(`${tasks}?q=grosse`)).body).toMatchObject([{ tags: ['éclair', 'Shop'] }]);
    expect((await user.get(`${tasks}?tag=shop`)).body).toHaveLength(2);
    const [recurring] = (await user.get(`${tasks}?q=plants`)).body;
    await user.patch(`${tasks}/${recurring.id}`, { status: 'Done' });
    const [next] = (await user.get(`${tasks}?q=plants&status=Todo`)).body;
    expect(next).toMatchObject({ due: { date: '2099-12-15' }, series_id: recurring.series_id });
  });

  test('is equal for random tasks', async () => {
    const [one, other] = [api.user(), api.user()];
    // A few of them have a title without a visible character, which the schema does not exclude.
    const random = fc.sample(valuesOf({ $ref: '#/components/schemas/TaskCreate' }), 40);
    for (const task of random) await one.post(tasks, task);
    const lines = await exportOf(one);
    expect(await importAll(other, lines, 25)).toMatchObject({ skipped: 0, created: keptLines(lines).length });
    expect(keptLines(lines).length).toBeGreaterThan(30);
    expect(keptLines(await exportOf(other))).toEqual(keptLines(lines));
  });
});

const taskLine = (task: object, others: object = {}) => ({
  type: 'task',
  task: { id: crypto.randomUUID(), title: 'Buy milk', ...task },
  ...others,
});

describe('an account that has changed since the export', () => {
  test('keeps its changes, and each line that differs is named with its fields', async () => {
    const user = await userWithAll();
    const lines = await exportOf(user);
    const [parent] = (await user.get(`${tasks}?q=grosse`)).body;
    const [home] = (await user.get(lists)).body;
    await user.patch(`${tasks}/${parent.id}`, { title: 'Newer', tags: ['Shop'], due: null });
    await user.patch(`${lists}/${home.id}`, { name: 'House' });
    const before = await exportOf(user);
    const { body } = await importTo(user, lines);
    const number = (id: string) => 1 + lines.findIndex((line) => (line.task ?? line.list)?.id === id);
    expect(body).toMatchObject({ created: 0, skipped: 2 });
    expect(body.problems).toEqual([
      {
        line: number(home.id),
        type: 'list',
        id: home.id,
        code: 'differs',
        message: 'exists with another name, and stays as it is',
      },
      {
        line: number(parent.id),
        type: 'task',
        id: parent.id,
        code: 'differs',
        message: 'exists with another title, tags, due, and stays as it is',
      },
    ]);
    expect((await exportOf(user)).slice(1)).toEqual(before.slice(1));
  });

  test('keeps what it has deleted, or creates it again with deleted=restore', async () => {
    const user = api.user();
    const list = await create(user, lists, { name: 'Home' });
    const kept = await create(user, tasks, { title: 'In the trash', list_id: list.id, tags: ['x'] });
    const purged = await create(user, tasks, { title: 'Purged', parent_id: null });
    const lines = await exportOf(user);
    await user.delete(`${lists}/${list.id}?tasks=delete`);
    await user.delete(`${tasks}/${purged.id}`);
    await user.delete(`/api/v1/trash/${purged.id}`);
    const copy = await new SyncedCopy().catchUp(user);

    const first = await importTo(user, lines);
    expect(first.body).toMatchObject({ created: 0, skipped: 3 });
    expect(first.body.problems.map(({ code }: { code: string }) => code)).toEqual(['deleted', 'deleted', 'deleted']);
    expect((await user.get(tasks)).body).toEqual([]);

    const second = await importTo(user, lines, '?deleted=restore');
    expect(second.body).toMatchObject({ created: 3, skipped: 0 });
    expect((await user.get('/api/v1/trash')).body).toEqual([]);
    expect((await user.get(`${tasks}/${kept.id}`)).body).toMatchObject({
      title: 'In the trash',
      tags: ['x'],
      version: 3,
    });
    expect((await user.get(`${lists}/${list.id}`)).body).toMatchObject({ name: 'Home', task_count: 1 });
    await copy.catchUp(user);
    expect(copy.list).toEqual(await allTasks(user));
  });

  test('keeps a task that has left the trash', async () => {
    const user = api.user();
    const task = await create(user, tasks, { title: 'x' });
    await user.delete(`${tasks}/${task.id}`);
    const lines = await exportOf(user);
    await user.post(`/api/v1/trash/${task.id}/restore`, undefined);
    const { body } = await importTo(user, lines);
    expect(body.problems).toMatchObject([{ type: 'trash', id: task.id, code: 'differs' }]);
    expect((await user.get('/api/v1/trash')).body).toEqual([]);
  });
});

describe('the changes of an import', () => {
  test('are one change set with the actor of the token, in the history and in live updates, and can be undone', async () => {
    const user = api.user();
    const { body: created } = await user.post('/api/v1/tokens', {
      name: 'Mover',
      scopes: ['tasks:read', 'tasks:write'],
    });
    const copy = await new SyncedCopy().catchUp(user);
    const stream = await openStream(api.url, api.token(user.userId as string));
    await stream.next();
    const list = { type: 'list', list: { id: crypto.randomUUID(), name: 'Home' } };
    const [parent, other] = [taskLine({ list_id: list.list.id, version: 7 }), taskLine({ title: 'Other' })];
    const child = taskLine({ list_id: list.list.id, parent_id: parent.task.id });
    const answer = await importTo(api.anonymous(`Bearer ${created.token}`), [list, child, parent, other]);
    expect(answer.body).toMatchObject({ created: 4 });
    const changeSet = answer.headers.get('change-set');

    const { body: history } = await user.get(`${tasks}/${parent.task.id}/history`);
    expect(history).toMatchObject([{ version: 7, kind: 'Restored', actor: 'Mover', change_set: changeSet }]);
    expect((await stream.next())?.data.changes).toHaveLength(4);
    await copy.catchUp(user);
    expect(copy.list).toEqual(await allTasks(user));

    const undone = await user.post(`/api/v1/change-sets/${changeSet}/undo`, undefined);
    expect(undone.body.results.map(({ status }: { status: number }) => status)).toEqual([204, 204, 204, 204]);
    expect((await user.get(tasks)).body).toEqual([]);
    expect((await user.get(lists)).body).toEqual([]);
  });

  test('have the times of the file, except for the last change, and none is in the future', async () => {
    const user = api.user();
    const start = Date.now();
    const times = { created_at: '2019-03-04T05:06:07.123456Z', updated_at: '2020-01-01T00:00:00Z' };
    const old = taskLine({ ...times, status: 'Done', completed_at: '2019-12-31T23:59:59Z' });
    const future = { created_at: '9000-01-01T00:00:00Z', completed_at: '9000-01-01T00:00:00Z' };
    const early = taskLine({ ...future, status: 'Done' });
    await importTo(user, [old, early]);
    const { body: stored } = await user.get(`${tasks}/${old.task.id}`);
    expect(stored).toMatchObject({ created_at: times.created_at, completed_at: '2019-12-31T23:59:59.000000Z' });
    expect(Date.parse(stored.updated_at)).toBeGreaterThan(start - 60_000);
    const { body: clamped } = await user.get(`${tasks}/${early.task.id}`);
    expect([clamped.created_at, clamped.completed_at]).toEqual([clamped.updated_at, clamped.updated_at]);
  });

  test('belong to the user of the token, and not to the one of the file', async () => {
    const [owner, user] = [api.user(), api.user()];
    const task = await create(owner, tasks, { title: 'Theirs' });
    const lines = await exportOf(owner);
    expect((await importTo(user, lines)).body).toMatchObject({ created: 1 });
    const { body } = await user.get(`${tasks}/${task.id}`);
    expect(body.owner_id).toBe(user.userId);
    await user.patch(`${tasks}/${task.id}`, { title: 'Mine' });
    expect((await owner.get(`${tasks}/${task.id}`)).body).toEqual(task);
  });

  test('keep to the quota, all or none of them', async () => {
    const limited = await startApi({ environment: { MAX_TASKS_PER_USER: '3' } });
    const user = limited.user();
    const { status, body } = await importTo(
      user,
      Array.from({ length: 4 }, () => taskLine({ tags: ['x'] })),
    );
    expect([status, body.code]).toEqual([429, 'quota_exceeded']);
    expect((await user.get(tasks)).body).toEqual([]);
    expect((await user.get('/api/v1/tags')).body).toEqual([]);
  });

  test('give no tag to a task that stays as it is', async () => {
    const user = api.user();
    const task = await create(user, tasks, { title: 'x', tags: ['old'] });
    const { body } = await importTo(user, [taskLine({ id: task.id, title: 'x', tags: ['new'] })]);
    expect(body.problems).toMatchObject([{ code: 'differs', message: 'exists with another tags, and stays as it is' }]);
    expect((await user.get('/api/v1/tags')).body).toMatchObject([{ name: 'old' }]);
  });
});

describe('a line that is not valid', () => {
  const id = crypto.randomUUID();
  const missing = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
  const due = { date: '2026-12-01' };
  const cases: [name: string, line: unknown, pointer: string][] = [
    ['no object', [], ''],
    ['an unknown type', { type: 'tasks', task: {} }, '/type'],
    ['a type that is a property of every object', { type: 'toString' }, '/type'],
    ['another version of the format', { type: 'export', version: 2 }, '/version'],
    ['no id', { type: 'task', task: { title: 'x' } }, '/task/id'],
    ['a blank title', taskLine({ title: ' ' }), '/task/title'],
    ['an unknown field', taskLine({ colour: 'red' }), '/task/colour'],
    ['a position that is none', taskLine({ position: '!' }), '/task/position'],
    ['a version that cannot grow', taskLine({ version: 2_147_483_647 }), '/task/version'],
    ['a time that is none', taskLine({ created_at: 'yesterday' }), '/task/created_at'],
    ['a recurrence without a due date', taskLine({ recurrence: { rule: 'FREQ=DAILY' } }), '/task/due'],
    [
      'a recurrence without days',
      taskLine({ due, recurrence: { rule: 'FREQ=DAILY;UNTIL=20200101' } }),
      '/task/recurrence/rule',
    ],
    ['a list that does not exist', taskLine({ list_id: missing }), '/task/list_id'],
    ['a parent that does not exist', taskLine({ parent_id: missing }), '/task/parent_id'],
    ['a task below itself', taskLine({ id, parent_id: id }), '/task/parent_id'],
    [
      'an instant after the year 9999',
      taskLine({ due: { date: '9999-12-31', time: '23:00', time_zone: 'America/New_York' } }),
      '/task/due',
    ],
    ['a list without a name', { type: 'list', list: { id } }, '/list/name'],
    [
      'an entry without a resource',
      { type: 'trash', trash: { deleted_at: '2026-01-01T00:00:00Z', change_set: id } },
      '/trash',
    ],
    [
      'an entry whose task is not valid',
      { type: 'trash', trash: { deleted_at: '2026-01-01T00:00:00Z', change_set: id, task: { id, title: '' } } },
      '/trash/task/title',
    ],
    [
      'an entry that could not be restored',
      {
        type: 'trash',
        trash: {
          deleted_at: '2026-01-01T00:00:00Z',
          change_set: id,
          task: { id, title: 'x', due: { date: '9999-12-31', time: '23:00', time_zone: 'America/New_York' } },
        },
      },
      '/trash/task/due',
    ],
  ];

  test('is named with its number and its field, and nothing of the request is imported', async () => {
    const user = api.user();
    for (const [name, line, pointer] of cases) {
      const { status, body } = await importTo(user, [taskLine({}), { type: 'token' }, line, taskLine({})]);
      expect(body.detail).toMatch(pointer === '' ? /^line 3: must/ : `line 3: ${pointer.slice(1)} `);
      expect({ status, faults: body.errors }, name).toEqual({
        status: 422,
        faults: [{ in: 'body', pointer: `/2${pointer}`, message: expect.stringMatching(/^line 3: /) }],
      });
    }
    expect((await user.get(tasks)).body).toEqual([]);
    expect((await user.get(lists)).body).toEqual([]);
  });

  test('has a number beyond the range, of which the message names the maximum', async () => {
    const { body } = await importTo(api.user(), [taskLine({ version: 2_147_483_648 })]);
    expect(body.detail).toBe('line 1: task/version must be at most 2147483647');
  });

  test('is 400 if it is not JSON, with its number among all lines', async () => {
    const user = api.user();
    const text = `${JSON.stringify(taskLine({}))}\r\n\n{"type":"task"\n`;
    const { status, body } = await importTo(user, text);
    expect([status, body.detail]).toEqual([400, 'Line 3 is not valid JSON.']);
    expect((await user.get(tasks)).body).toEqual([]);
  });
});

describe('a request', () => {
  test('may have blank lines, other line ends, and no last line end', async () => {
    const user = api.user();
    const [one, other] = [taskLine({}), taskLine({})].map((line) => JSON.stringify(line));
    expect((await importTo(user, `\n${one}\r\n  \r\n${other}`)).body).toMatchObject({ created: 2 });
  });

  test('has its problems in the order of its lines, whatever the order of the types is', async () => {
    const user = api.user();
    const task = taskLine({});
    const list = { type: 'list', list: { id: crypto.randomUUID(), name: 'Home' } };
    await importTo(user, [list, task]);
    const lines = [taskLine({ ...task.task, title: 'Other' }), { ...list, list: { ...list.list, name: 'House' } }];
    const { body } = await importTo(user, lines);
    expect(body.problems).toMatchObject([
      { line: 1, type: 'task' },
      { line: 2, type: 'list' },
    ]);
  });

  test('may have the same line twice', async () => {
    const user = api.user();
    const line = taskLine({});
    const { body } = await importTo(user, [line, line, taskLine({ id: line.task.id, title: 'Other' })]);
    expect(body).toMatchObject({ created: 1, unchanged: 1, skipped: 1, problems: [{ line: 3, code: 'differs' }] });
  });

  test('has limits of lines and bytes, within which the longest task fits', async () => {
    const user = api.user();
    const ignored = Array.from({ length: maxImportLines }, () => ({ type: 'change' }));
    expect((await importTo(user, ignored)).body).toMatchObject({ ignored: maxImportLines });
    const { status, body } = await importTo(user, [...ignored, {}]);
    expect([status, body.detail]).toEqual([
      422,
      `has more than ${maxImportLines} lines; send the rest in another request`,
    ]);
    expect((await importTo(user, 'x'.repeat(maxImportBytes + 1))).status).toBe(413);
    const tags = Array.from({ length: 20 }, (_, index) => String.fromCodePoint(0x1f600 + index).repeat(50));
    const longest = taskLine({ title: '😀'.repeat(255), description: '😀'.repeat(10_000), tags });
    const escaped = JSON.stringify(longest).replaceAll(
      /[^\0-\x7f]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
    );
    const answer = await importTo(user, escaped);
    expect(answer.status, answer.text).toBe(200);
  });

  test('needs the type of lines, a body, and the scope to write', async () => {
    const { userId } = api.user();
    const user = api.user(userId as string);
    expect((await user.post(path, taskLine({}))).status).toBe(415);
    expect((await importTo(user, '')).status).toBe(400);
    const reader = api.user(userId as string, { scope: 'tasks:read' });
    expect((await importTo(reader, [taskLine({})])).body.code).toBe('insufficient_scope');
  });
});
