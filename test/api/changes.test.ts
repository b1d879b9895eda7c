/** `GET /api/v1/changes`: snapshots, changes since a cursor, and cursors that cannot be served. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCursor } from '../../src/changes/cursor.ts';
import { encodeOpaque } from '../../src/resource/opaque-text.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { allTasks, SyncedCopy } from '../support/synced-copy.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const path = '/api/v1/changes';

async function create(client: Client, ...titles: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const title of titles) ids.push((await client.post(collection, { title })).body.id);
  return ids;
}

const titlesOf = (body: any) => body.changes.map(({ task, id }: any) => task?.title ?? id);

const changesSince = async (client: Client, since: string, query = '') =>
  (await client.get(`${path}?since=${since}${query}`)).body;

async function headOf(client: Client) {
  const [head] = await api.database.query<{ epoch: string; seq: number }>(
    'select epoch, seq::integer from todo.heads where owner_id = $1',
    [client.userId],
  );
  return head as { epoch: string; seq: number };
}

describe('a snapshot', () => {
  test('has every task and list as a read has it, in the order of their last changes, and no removals', async () => {
    const ada = api.user();
    const [first, second, third] = await create(ada, 'one', 'two', 'three');
    await ada.delete(`${collection}/${second}`);
    const { body: list } = await ada.post('/api/v1/lists', { name: 'Home', color: '#00aa88', archived: true });
    await ada.patch(`${collection}/${first}`, {
      description: 'A “quoted”\n\ttext \\ with 👩‍🚀',
      tags: ['Home', 'äpfel'],
      status: 'Done',
      list_id: list.id,
    });
    await ada.patch(`${collection}/${third}`, {
      due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
      recurrence: { rule: 'FREQ=DAILY', missed: 'Each' },
    });
    const { body: subtask } = await ada.post(collection, { title: 'four', list_id: list.id, parent_id: first });
    const { status, body } = await ada.get(path);
    const read = async (id: string, of = collection) => (await ada.get(`${of}/${id}`)).body;
    expect(status).toBe(200);
    expect(body).toEqual({
      reset: false,
      changes: [
        { type: 'list', op: 'put', list: await read(list.id, '/api/v1/lists') },
        { type: 'task', op: 'put', task: await read(first as string) },
        { type: 'task', op: 'put', task: await read(third as string) },
        { type: 'task', op: 'put', task: await read(subtask.id) },
      ],
      cursor: expect.any(String),
      has_more: false,
    });
  });

  test('is empty for a user who has made no change, and its cursor has all later changes', async () => {
    const ada = api.user();
    const empty = (await ada.get(path)).body;
    expect(empty).toMatchObject({ reset: false, changes: [], has_more: false });
    expect(await changesSince(ada, empty.cursor)).toEqual(empty);
    expect((await ada.get(path)).body.cursor).toBe(empty.cursor);
    await create(ada, 'one', 'two');
    expect(titlesOf(await changesSince(ada, empty.cursor))).toEqual(['one', 'two']);
  });

  test('has what is written and deleted between its pages', async () => {
    const ada = api.user();
    const [first, second, , fourth] = await create(ada, 'one', 'two', 'three', 'four', 'five', 'six');
    await ada.delete(`${collection}/${second}`);
    const copy = new SyncedCopy();
    await copy.readPage(ada, { limit: 2 });
    expect([...copy.tasks.values()]).toMatchObject([{ title: 'one' }, { title: 'three' }]);
    await ada.delete(`${collection}/${first}`);
    await ada.delete(`${collection}/${fourth}`);
    await create(ada, 'seven');
    const pages: any[] = [];
    while (pages.at(-1)?.has_more !== false) pages.push(await copy.readPage(ada, { limit: 2 }));
    expect(pages.flatMap(titlesOf)).toEqual(['five', 'six', first, fourth, 'seven']);
    expect(copy.list).toEqual(await allTasks(ada));
  });

  test('has no removals from before its beginning on any page, and those after it', async () => {
    const ada = api.user();
    const [first, , third] = await create(ada, 'one', 'two', 'three');
    await ada.delete(`${collection}/${third}`);
    await ada.delete(`${collection}/${first}`);
    await create(ada, 'four');
    const begin = (await ada.get(`${path}?limit=1`)).body;
    expect(titlesOf(begin)).toEqual(['two']);
    const next = await changesSince(ada, begin.cursor, '&limit=1');
    expect([titlesOf(next), next.has_more]).toEqual([['four'], false]);
  });
});

describe('since a cursor', () => {
  test('each changed task is there once, in its current state and in the order of the commits', async () => {
    const ada = api.user();
    const [first, second, third, fourth] = await create(ada, 'one', 'two', 'three', 'four');
    const { cursor } = (await ada.get(path)).body;
    await ada.patch(`${collection}/${third}`, { title: '3' });
    await ada.patch(`${collection}/${first}`, { title: '1' });
    await ada.patch(`${collection}/${third}`, { title: 'III' });
    await ada.delete(`${collection}/${second}`);
    await ada.patch(`${collection}/${fourth}`, { title: 'four' });
    const page = await changesSince(ada, cursor);
    expect(page).toMatchObject({
      reset: false,
      changes: [
        { type: 'task', op: 'put', task: { id: first, title: '1', version: 2 } },
        { type: 'task', op: 'put', task: { id: third, title: 'III', version: 3 } },
        { type: 'task', op: 'remove', id: second, version: 2 },
      ],
      has_more: false,
    });
    expect(await changesSince(ada, page.cursor)).toEqual({ ...page, changes: [] });
    expect(await changesSince(ada, cursor)).toEqual(page);
  });

  test('the operations of a batch are there in their order', async () => {
    const ada = api.user();
    const [first] = await create(ada, 'one');
    const { cursor } = (await ada.get(path)).body;
    const operations = [
      { op: 'create', task: { title: 'two' } },
      { op: 'update', id: first, patch: { title: '1' } },
      { op: 'create', task: { title: 'three' } },
      { op: 'delete', id: first },
    ];
    expect((await ada.post(`${collection}/batch`, { operations })).status).toBe(200);
    expect(titlesOf(await changesSince(ada, cursor))).toEqual(['two', 'three', first]);
  });

  test('a write without a change, and one that fails, are not there', async () => {
    const ada = api.user();
    const [first] = await create(ada, 'one');
    const page = (await ada.get(path)).body;
    await ada.patch(`${collection}/${first}`, { title: 'one' });
    await ada.patch(`${collection}/${first}`, { title: '1' }, { 'If-Match': '"7"' });
    const failing = [
      { op: 'create', task: { title: 'x' } },
      { op: 'delete', id: crypto.randomUUID() },
    ];
    expect((await ada.post(`${collection}/batch`, { operations: failing })).status).toBe(404);
    expect(await changesSince(ada, page.cursor)).toEqual({ ...page, changes: [] });
  });

  test('a task that was deleted permanently is removed', async () => {
    const ada = api.user();
    const [first] = await create(ada, 'one');
    const { cursor } = (await ada.get(path)).body;
    await ada.delete(`${collection}/${first}`);
    await api.database.query('update todo.deleted set content = null where owner_id = $1', [ada.userId]);
    const { changes } = await changesSince(ada, cursor);
    expect(changes).toEqual([{ type: 'task', op: 'remove', id: first, version: 2 }]);
  });

  test('pages of any size lead to the same copy', async () => {
    const ada = api.user();
    const ids = await create(ada, ...'abcdefghij');
    const { cursor } = (await ada.get(`${path}?limit=4`)).body;
    for (const id of ids.slice(2, 5)) await ada.delete(`${collection}/${id}`);
    for (const id of ids.slice(5, 8)) await ada.patch(`${collection}/${id}`, { status: 'Done' });
    for (const limit of [1, 2, 3, 500]) {
      const copy = new SyncedCopy();
      await copy.readPage(ada, { limit: 4 });
      copy.cursor = cursor;
      expect((await copy.catchUp(ada, () => limit)).list).toEqual(await allTasks(ada));
    }
  });

  test('a page ends at 1 MiB of text', async () => {
    const ada = api.user();
    const description = '😀'.repeat(10_000);
    const operations = [1, 2, 3].map((title) => ({ op: 'create', task: { title: String(title), description } }));
    for (let sent = 0; sent < 30; sent += 3) {
      expect((await ada.post(`${collection}/batch`, { operations })).status).toBe(200);
    }
    const page = (await ada.get(`${path}?limit=500`)).body;
    expect([page.changes.length, page.has_more]).toEqual([27, true]);
    expect((await changesSince(ada, page.cursor, '&limit=500')).changes).toHaveLength(3);
  });

  test('a long description among short ones is there, and removals keep their places', async () => {
    const ada = api.user();
    const [first, second] = await create(ada, 'one', 'two', 'three');
    const { cursor } = (await ada.get(path)).body;
    const description = '😀'.repeat(10_000);
    await ada.patch(`${collection}/${first}`, { description });
    await ada.delete(`${collection}/${second}`);
    await create(ada, 'four', 'five');
    const changes = [
      { op: 'put', task: { id: first, description } },
      { op: 'remove', id: second },
      { op: 'put', task: { title: 'four', description: null } },
      { op: 'put', task: { title: 'five', description: null } },
    ];
    for (const limit of [3, 100, 500]) {
      const page = await changesSince(ada, cursor, `&limit=${limit}`);
      expect(page).toMatchObject({ reset: false, changes: changes.slice(0, limit), has_more: limit < changes.length });
    }
  });

  test('limit is from 1 to 500', async () => {
    const ada = api.user();
    for (const limit of [0, 501, 'x', '']) {
      const { status, body } = await ada.get(`${path}?limit=${limit}`);
      expect([status, body.errors[0].pointer]).toEqual([422, 'limit']);
    }
  });
});

describe('a cursor is rejected', () => {
  test('if one bit is changed, or if it is cut', async () => {
    const ada = api.user();
    await create(ada, 'one');
    const { cursor } = (await ada.get(path)).body;
    const bytes = Buffer.from(cursor);
    const altered = [cursor.slice(0, -1), cursor.slice(1), `${cursor}A`, cursor.toLowerCase()];
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      altered.push(changed.toString());
    }
    for (const since of altered) {
      const { status, body } = await ada.get(`${path}?${new URLSearchParams({ since })}`);
      expect([status, body.errors[0]], since).toMatchObject([422, { in: 'query', pointer: 'since' }]);
    }
  });

  test.each(['', '{}', '[]', '["x",1]', 'null', '[1,2]', '["', '[null,null]'])(
    'if its digest is right and its content is %j',
    async (text) => {
      const { status } = await api.user().get(`${path}?since=${encodeOpaque('changes 1', text)}`);
      expect(status).toBe(422);
    },
  );

  test.each([-1, 0.5, 2 ** 53, 1e300])('if its digest is right and its number is %s', async (seq) => {
    const { status } = await api.user().get(`${path}?since=${writeCursor({ epoch: crypto.randomUUID(), seq })}`);
    expect(status).toBe(422);
  });

  test('if it is the cursor of a list', async () => {
    const ada = api.user();
    await create(ada, 'one', 'two');
    const link = (await ada.get(`${collection}?limit=1`)).headers.get('link') ?? '';
    const cursor = /cursor=([^>&]+)/.exec(link)?.[1] ?? '';
    expect((await ada.get(`${path}?since=${cursor}`)).status).toBe(422);
  });
});

describe('a reset with the first page of a snapshot answers a cursor', () => {
  async function expectReset(client: Client, since: string): Promise<void> {
    const snapshot = (await client.get(`${path}?limit=2`)).body;
    const answer = await changesSince(client, since, '&limit=2');
    expect(answer).toEqual({ ...snapshot, reset: true });
    const copy = new SyncedCopy();
    copy.apply(answer);
    expect((await copy.catchUp(client)).list).toEqual(await allTasks(client));
  }

  async function userWithChanges(): Promise<Client> {
    const user = api.user();
    const [first] = await create(user, 'one', 'two', 'three', 'four');
    await user.delete(`${collection}/${first}`);
    return user;
  }

  test('of another user', async () => {
    const ada = await userWithChanges();
    const bob = await userWithChanges();
    await expectReset(ada, (await bob.get(path)).body.cursor);
    await expectReset(api.user(), (await bob.get(path)).body.cursor);
    await expectReset(ada, (await api.user().get(path)).body.cursor);
  });

  test('of an earlier epoch', async () => {
    const ada = await userWithChanges();
    const { cursor } = (await ada.get(path)).body;
    await api.database.query('update todo.heads set epoch = gen_random_uuid() where owner_id = $1', [ada.userId]);
    await expectReset(ada, cursor);
  });

  test('above the head, as after a restored backup', async () => {
    const ada = await userWithChanges();
    const { epoch, seq } = await headOf(ada);
    await expectReset(ada, writeCursor({ epoch, seq: seq + 1 }));
    await expectReset(ada, writeCursor({ epoch, seq: 1, snapshotHead: seq + 1 }));
    await expectReset(ada, writeCursor({ epoch, seq: Number.MAX_SAFE_INTEGER }));
  });

  test('older than the forgotten removals, but not one at them', async () => {
    const ada = await userWithChanges();
    const { epoch, seq } = await headOf(ada);
    await api.database.query('update todo.heads set forgotten = seq where owner_id = $1', [ada.userId]);
    await api.database.query('delete from todo.deleted where owner_id = $1', [ada.userId]);
    await expectReset(ada, writeCursor({ epoch, seq: seq - 1 }));
    expect((await changesSince(ada, writeCursor({ epoch, seq }))).reset).toBe(false);
  });

  test('of a snapshot that began before the forgotten removals, but not of one that began after them', async () => {
    const ada = await userWithChanges();
    const { cursor } = (await ada.get(`${path}?limit=1`)).body;
    await api.database.query('update todo.heads set forgotten = seq where owner_id = $1', [ada.userId]);
    expect(await changesSince(ada, cursor)).toMatchObject({ reset: false, changes: [{}, {}] });
    const [first] = await create(ada, 'five');
    await ada.delete(`${collection}/${first}`);
    await api.database.query('update todo.heads set forgotten = seq where owner_id = $1', [ada.userId]);
    await expectReset(ada, cursor);
  });
});

test('another user’s changes are not visible, and writing needs no scope to read', async () => {
  const ada = api.user();
  await create(ada, 'secret');
  const bob = api.user();
  await create(bob, 'mine');
  expect(titlesOf((await bob.get(path)).body)).toEqual(['mine']);
  const writer = api.user(undefined, { scope: 'tasks:write' });
  expect((await writer.get(path)).status).toBe(403);
});
