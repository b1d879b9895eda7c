/** The trash: deleted tasks are listed, restored, and deleted permanently. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxPageBytes } from '../../src/resource/page.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const full = {
  title: 'Zebra crossing',
  description: 'Paint the stripes',
  status: 'Done',
  priority: 'High',
  tags: ['Street', 'paint'],
  due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
};

async function create(user: Client, fields: object = full): Promise<any> {
  return (await user.post('/api/v1/tasks', { title: 'x', ...fields })).body;
}

/** A task in the trash, as it was before. */
async function trashed(user: Client, fields: object = full): Promise<any> {
  const task = await create(user, fields);
  await user.delete(`/api/v1/tasks/${task.id}`);
  return task;
}

const restore = (user: Client, id: string, headers: Record<string, string> = {}): Promise<Answer> =>
  user.request('POST', `/api/v1/trash/${id}/restore`, { headers });

/** The number of stored rows of the user that contain a text, by table. */
async function rowsWith(user: Client, text: string): Promise<Record<string, number>> {
  const tables = await api.database.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'todo' order by 1",
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await api.database.query<{ count: number }>(
      `select count(*)::integer as count from todo.${name} as t where owner_id = $1 and strpos(lower(to_jsonb(t)::text), lower($2)) > 0`,
      [user.userId, text],
    );
    if (row && row.count > 0) counts[name] = row.count;
  }
  return counts;
}

describe('the list of the trash', () => {
  test('has the deleted tasks with all fields, the last deleted first', async () => {
    const ada = api.user();
    const first = await create(ada);
    const second = await create(ada, { title: 'Second' });
    const { headers } = await ada.delete(`/api/v1/tasks/${first.id}`);
    await ada.delete(`/api/v1/tasks/${second.id}`);
    const { status, body } = await ada.get('/api/v1/trash');
    expect(status).toBe(200);
    expect(body.map((entry: any) => entry.task)).toEqual([
      { ...second, version: 2 },
      { ...first, version: 2 },
    ]);
    expect(body[1].change_set).toBe(headers.get('change-set'));
    expect(body[1].deleted_at >= first.updated_at).toBe(true);
  });

  test('is read in pages', async () => {
    const ada = api.user();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.unshift((await trashed(ada, { title: `${index}` })).id);
    const seen: string[] = [];
    let next: string | undefined = '/api/v1/trash?limit=2';
    while (next) {
      const { body, headers }: Answer = await ada.get(next);
      seen.push(...body.map((entry: any) => entry.task.id));
      next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(ids);
  });

  test('has pages that end at the maximum size of their texts', async () => {
    const ada = api.user();
    const ids = Array.from({ length: 30 }, () => crypto.randomUUID());
    for (const id of ids) await ada.post('/api/v1/tasks', { id, title: 'x', description: '\u{1f600}'.repeat(10_000) });
    await ada.post('/api/v1/tasks/batch', { operations: ids.map((id) => ({ op: 'delete', id })) });
    const { body, text, headers } = await ada.get('/api/v1/trash?limit=200');
    expect(body.length).toBeLessThan(30);
    expect(Buffer.byteLength(text)).toBeGreaterThan(maxPageBytes);
    expect(Buffer.byteLength(text)).toBeLessThan(1.1 * maxPageBytes);
    const next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] as string;
    expect(body.length + (await ada.get(next)).body.length).toBe(30);
  });

  test('rejects a cursor of another list, and one with an invalid position', async () => {
    const ada = api.user();
    await trashed(ada);
    for (const cursor of ['AAAA', '']) expect((await ada.get(`/api/v1/trash?cursor=${cursor}`)).status).toBe(422);
  });
});

describe('a deleted task', () => {
  test('is in no list, search, filter or count of tags', async () => {
    const ada = api.user();
    await trashed(ada);
    for (const query of ['', '?q=zebra', '?tag=street', '?status=Done', '?due=any']) {
      expect((await ada.get(`/api/v1/tasks${query}`)).body).toEqual([]);
    }
    expect((await ada.get('/api/v1/tags')).body).toEqual([]);
  });

  test('keeps its id', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    const { status, body } = await ada.post('/api/v1/tasks', { id, title: 'Another' });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'id_taken' });
  });
});

describe('restoring', () => {
  test('brings back every field and tag under a new version, and search finds the task', async () => {
    const ada = api.user();
    const task = await trashed(ada);
    const { status, body, headers } = await restore(ada, task.id);
    expect(status).toBe(200);
    expect(body).toEqual({ ...task, version: 3, updated_at: body.updated_at });
    expect(body.updated_at > task.updated_at).toBe(true);
    expect(headers.get('etag')).toBe('"3"');
    expect(headers.get('change-set')).toMatch(/^[0-9a-f-]{36}$/);
    expect((await ada.get(`/api/v1/tasks/${task.id}`)).body).toEqual(body);
    for (const query of ['q=zebra', 'q=stripes', 'tag=street', 'status=Done', 'due=any']) {
      expect((await ada.get(`/api/v1/tasks?${query}`)).body, query).toEqual([body]);
    }
    expect((await ada.get('/api/v1/tags')).body).toEqual([
      { name: 'paint', task_count: 1 },
      { name: 'Street', task_count: 1 },
    ]);
    expect((await ada.get('/api/v1/trash')).body).toEqual([]);
  });

  test('gives the task the next number, and removes its tombstone', async () => {
    const ada = api.user();
    const task = await trashed(ada);
    await restore(ada, task.id);
    const rows = await api.database.query(
      `select (select seq::integer from todo.heads where owner_id = $1) as head,
              (select seq::integer from todo.tasks where owner_id = $1) as task,
              (select count(*)::integer from todo.deleted where owner_id = $1) as deleted,
              (select kind::text from todo.changes where owner_id = $1 order by seq desc limit 1) as kind`,
      [ada.userId],
    );
    expect(rows).toEqual([{ head: 3, task: 3, deleted: 0, kind: 'Restored' }]);
  });

  test('uses the spelling of a tag that other tasks have', async () => {
    const ada = api.user();
    const task = await trashed(ada, { tags: ['Home'] });
    await create(ada, { tags: ['HOME'] });
    expect((await restore(ada, task.id)).body.tags).toEqual(['HOME']);
    expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 'HOME', task_count: 2 }]);
  });

  test.each([
    ['a day', { date: '2026-12-01' }],
    ['a floating time', { date: '2026-12-01', time: '09:30' }],
    ['none', null],
  ])('keeps a due date that is %s', async (_, due) => {
    const ada = api.user();
    const { id } = await trashed(ada, { due });
    expect((await restore(ada, id)).body.due).toEqual(due);
  });

  test('counts for the quota', async () => {
    const small = await startApi({ environment: { MAX_TASKS_PER_USER: '1' } });
    const ada = small.user();
    const task = await trashed(ada);
    const { body: other } = await ada.post('/api/v1/tasks', { title: 'Other' });
    const { status, body } = await restore(ada, task.id);
    expect({ status, code: body.code }).toEqual({ status: 429, code: 'quota_exceeded' });
    expect((await ada.get('/api/v1/trash')).body).toHaveLength(1);
    await ada.delete(`/api/v1/tasks/${other.id}`);
    expect((await restore(ada, task.id)).status).toBe(200);
  });

  test('needs the version of If-Match, which is the version in the trash', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    const [{ task }] = (await ada.get('/api/v1/trash')).body;
    const rejected = await restore(ada, id, { 'If-Match': '"1"' });
    expect(rejected.body).toMatchObject({ status: 412, code: 'version_mismatch', current_version: task.version });
    expect((await restore(ada, id, { 'If-Match': `"${task.version}"` })).status).toBe(200);
  });

  test('happens once per Idempotency-Key', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    const key = { 'Idempotency-Key': 'once' };
    const first = await restore(ada, id, key);
    const second = await restore(ada, id, key);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('change-set')).toBe(first.headers.get('change-set'));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('succeeds once for simultaneous requests', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    const answers = await Promise.all(Array.from({ length: 8 }, () => restore(ada, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(404)]);
  });

  test('agrees with simultaneous deletions and restorations', async () => {
    const ada = api.user();
    const task = await create(ada);
    const path = `/api/v1/tasks/${task.id}`;
    const requests = Array.from({ length: 30 }, (_, index) =>
      index % 2 === 0
        ? ada.delete(path)
        : restore(ada, task.id, index % 3 === 0 ? { 'Idempotency-Key': `${index}` } : {}),
    );
    const done = (await Promise.all(requests)).filter(({ status }) => status < 300).length;
    const { body } = (await ada.get(path)).status === 200 ? await ada.get(path) : await restore(ada, task.id);
    expect({ ...body, version: 0, updated_at: '' }).toEqual({ ...task, version: 0, updated_at: '' });
    expect([done + 1, done + 2]).toContain(body.version);
    expect((await ada.get('/api/v1/tasks?q=zebra+stripes')).body).toEqual([body]);
  });
});

describe('permanent deletion', () => {
  test('leaves a tombstone and no text of the task in any table', async () => {
    const ada = api.user();
    const task = await create(ada);
    await ada.patch(`/api/v1/tasks/${task.id}`, { title: 'Zebra and okapi', tags: ['Street', 'okapi'] });
    await ada.delete(`/api/v1/tasks/${task.id}`);
    expect(await rowsWith(ada, 'zebra')).toEqual({ changes: 1, deleted: 1 });
    const { status, text, headers } = await ada.delete(`/api/v1/trash/${task.id}`);
    expect({ status, text }).toEqual({ status: 204, text: '' });
    for (const word of ['zebra', 'okapi', 'stripes', 'street', 'paint']) expect(await rowsWith(ada, word)).toEqual({});
    const rows = await api.database.query(
      'select seq::integer, version, content, change_set from todo.deleted where owner_id = $1',
      [ada.userId],
    );
    expect(rows).toEqual([{ seq: 4, version: 3, content: null, change_set: headers.get('change-set') }]);
    expect(await api.database.query('select from todo.changes where owner_id = $1', [ada.userId])).toEqual([]);
  });

  test('of one task keeps the others and their history', async () => {
    const ada = api.user();
    const [one, other] = [await trashed(ada), await trashed(ada, { title: 'Other' })];
    await ada.delete(`/api/v1/trash/${one.id}`);
    expect((await ada.get('/api/v1/trash')).body.map((entry: any) => entry.task.id)).toEqual([other.id]);
    expect(await rowsWith(ada, other.id)).toEqual({ changes: 2, deleted: 1 });
  });

  test('of the whole trash keeps the tasks outside of it, and gives each tombstone a number', async () => {
    const ada = api.user();
    const kept = await create(ada, { title: 'Kept' });
    for (let index = 0; index < 3; index += 1) await trashed(ada);
    expect((await ada.delete('/api/v1/trash')).status).toBe(204);
    expect((await ada.get('/api/v1/trash')).body).toEqual([]);
    expect((await ada.get('/api/v1/tasks')).body).toEqual([kept]);
    const rows = await api.database.query(
      'select seq::integer as seq from todo.deleted where owner_id = $1 order by 1',
      [ada.userId],
    );
    expect(rows.map(({ seq }) => seq)).toEqual([8, 9, 10]);
    const [head] = await api.database.query('select seq::integer from todo.heads where owner_id = $1', [ada.userId]);
    expect(head).toEqual({ seq: 10 });
    // An empty trash uses no number.
    expect((await ada.delete('/api/v1/trash')).status).toBe(204);
    expect(await api.database.query('select seq::integer from todo.heads where owner_id = $1', [ada.userId])).toEqual([
      head,
    ]);
  });

  test('keeps the id', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    await ada.delete(`/api/v1/trash/${id}`);
    expect((await ada.post('/api/v1/tasks', { id, title: 'x' })).body.code).toBe('id_taken');
    const notInTrash = { code: 'task_not_found', detail: 'The trash has no task or list with this id.' };
    expect((await restore(ada, id)).body).toMatchObject(notInTrash);
    expect((await ada.delete(`/api/v1/trash/${id}`)).body).toMatchObject(notInTrash);
  });

  test('needs the version of If-Match', async () => {
    const ada = api.user();
    const { id } = await trashed(ada);
    const answer = await ada.delete(`/api/v1/trash/${id}`, { 'If-Match': '"1"' });
    expect(answer.body).toMatchObject({ status: 412, current_version: 2 });
    expect((await ada.delete(`/api/v1/trash/${id}`, { 'If-Match': '"2"' })).status).toBe(204);
  });

  test('needs a task in the trash', async () => {
    const ada = api.user();
    const { id } = await create(ada);
    expect((await ada.delete(`/api/v1/trash/${id}`)).body.code).toBe('task_not_found');
    expect((await restore(ada, id)).body.code).toBe('task_not_found');
    expect((await ada.get(`/api/v1/tasks/${id}`)).status).toBe(200);
  });

  test('needs the scope tasks:purge', async () => {
    const ada = api.user(undefined, { scope: 'tasks:read tasks:write' });
    const { id } = await trashed(ada);
    for (const path of [`/api/v1/trash/${id}`, '/api/v1/trash']) {
      const { status, headers } = await ada.delete(path);
      expect(status).toBe(403);
      expect(headers.get('www-authenticate')).toContain('scope="tasks:purge"');
    }
    const purger = api.user(ada.userId as string, { scope: 'tasks:purge' });
    expect((await purger.delete(`/api/v1/trash/${id}`)).status).toBe(204);
    expect((await purger.get('/api/v1/trash')).status).toBe(403);
  });
});

test('with TRASH_DAYS=0, each deletion is permanent', async () => {
  const without = await startApi({ environment: { TRASH_DAYS: '0' } });
  const ada = without.user();
  const one = await create(ada);
  const two = await create(ada);
  expect((await ada.delete(`/api/v1/tasks/${one.id}`)).status).toBe(204);
  const batch = await ada.post('/api/v1/tasks/batch', { operations: [{ op: 'delete', id: two.id }] });
  expect(batch.body).toEqual({ results: [{ status: 204 }] });
  expect((await ada.get('/api/v1/trash')).body).toEqual([]);
  const { database } = without;
  expect(await database.query('select content, version from todo.deleted')).toEqual([
    { content: null, version: 2 },
    { content: null, version: 2 },
  ]);
  expect(await database.query('select from todo.changes')).toEqual([]);
  expect((await ada.post('/api/v1/tasks', { id: one.id, title: 'x' })).body.code).toBe('id_taken');
});

test('the server keeps the history and the trash of a limited number of changes per user', async () => {
  const ada = api.user();
  const { id } = await trashed(ada, { title: 'Old' });
  await api.database.query('update todo.heads set seq = 100000 where owner_id = $1', [ada.userId]);
  await create(ada);
  // The next multiple of 1,000 removes what is older.
  expect((await ada.get('/api/v1/trash')).body).toHaveLength(1);
  await api.database.query('update todo.heads set seq = 100999 where owner_id = $1', [ada.userId]);
  await create(ada);
  expect((await ada.get('/api/v1/trash')).body).toEqual([]);
  expect(await rowsWith(ada, 'Old')).toEqual({});
  expect(await api.database.query('select from todo.changes where id = $1', [id])).toEqual([]);
});

describe('a task with subtasks', () => {
  /** A task, a subtask, and a subtask of that one, each with its words and tags. */
  async function createFamily(user: Client, list_id: string | null = null): Promise<any[]> {
    const parent = await create(user, { title: 'parent', list_id, tags: ['one'] });
    const child = await create(user, { title: 'child', list_id, parent_id: parent.id, tags: ['two'] });
    const grandchild = await create(user, { title: 'grandchild', list_id, parent_id: child.id, description: 'buried' });
    return [parent, child, grandchild];
  }

  const read = async (user: Client, id: string) => (await user.get(`/api/v1/tasks/${id}`)).body;
  const idsOf = async (user: Client, path: string) => (await user.get(path)).body.map((task: any) => task.id);
  const idsInTrash = async (user: Client) =>
    (await user.get('/api/v1/trash')).body.map(({ task }: any) => task.id).sort();

  test('moves to the trash and back with them', async () => {
    const ada = api.user();
    const list_id = await insertList(api, ada);
    const family = await createFamily(ada, list_id);
    const { headers } = await ada.delete(`/api/v1/tasks/${family[0].id}`);
    const { body: entries } = await ada.get('/api/v1/trash');
    expect(entries.map((entry: any) => entry.change_set)).toEqual(family.map(() => headers.get('change-set')));
    const { status, body } = await restore(ada, family[0].id);
    expect({ status, body }).toEqual({ status: 200, body: await read(ada, family[0].id) });
    for (const task of family) {
      const { version, updated_at } = await read(ada, task.id);
      expect(await read(ada, task.id)).toEqual({ ...task, version, updated_at });
      expect(version).toBe(3);
    }
    expect(await idsInTrash(ada)).toEqual([]);
    expect(await idsOf(ada, '/api/v1/tasks?q=buried')).toEqual([family[2].id]);
    expect(await idsOf(ada, '/api/v1/tasks?tag=two')).toEqual([family[1].id]);
    const [list] = await api.database.query('select task_count from todo.lists where id = $1', [list_id]);
    expect(list?.task_count).toBe(3);
  });

  test('is restored without a subtask that was deleted before', async () => {
    const ada = api.user();
    const [parent, child, grandchild] = await createFamily(ada);
    await ada.delete(`/api/v1/tasks/${child.id}`);
    await ada.delete(`/api/v1/tasks/${parent.id}`);
    await restore(ada, parent.id);
    expect(await idsInTrash(ada)).toEqual([child.id, grandchild.id].sort());
    expect((await restore(ada, child.id)).body).toMatchObject({ parent_id: parent.id });
    expect(await idsInTrash(ada)).toEqual([]);
  });

  test('is restored once per Idempotency-Key, and only if If-Match matches', async () => {
    const ada = api.user();
    const family = await createFamily(ada);
    await ada.delete(`/api/v1/tasks/${family[0].id}`);
    const refused = await restore(ada, family[0].id, { 'If-Match': '"1"' });
    expect({ status: refused.status, current: refused.body.current_version }).toEqual({ status: 412, current: 2 });
    expect(await idsInTrash(ada)).toEqual(family.map(({ id }) => id).sort());
    const key = { 'Idempotency-Key': 'k', 'If-Match': '"2"' };
    const first = await restore(ada, family[0].id, key);
    expect(first.status).toBe(200);
    expect((await restore(ada, family[0].id, key)).text).toBe(first.text);
  });

  test('a subtask goes to the top level if its parent is gone, and to the end', async () => {
    const ada = api.user();
    const [parent, child, grandchild] = await createFamily(ada);
    await ada.delete(`/api/v1/tasks/${parent.id}`);
    await create(ada, { position: 'a5' });
    expect((await restore(ada, child.id)).body).toMatchObject({ parent_id: null, list_id: null, position: 'a6' });
    expect(await read(ada, grandchild.id)).toMatchObject({ parent_id: child.id });
    expect(await idsInTrash(ada)).toEqual([parent.id]);
  });

  test('a subtask goes to the top level if its parent is now too deep', async () => {
    const ada = api.user();
    const [parent, child] = await createFamily(ada);
    await ada.delete(`/api/v1/tasks/${child.id}`);
    let above = await create(ada);
    for (let level = 2; level < 4; level += 1) above = await create(ada, { parent_id: above.id });
    expect((await ada.patch(`/api/v1/tasks/${parent.id}`, { parent_id: above.id })).status).toBe(200);
    expect((await restore(ada, child.id)).body).toMatchObject({ parent_id: null });
  });

  test('goes to the inbox if its list is gone, and to the present list of its parent', async () => {
    const ada = api.user();
    const [home, work] = [await insertList(api, ada), await insertList(api, ada)];
    const [parent, child, grandchild] = await createFamily(ada, home);
    await ada.delete(`/api/v1/tasks/${child.id}`);
    await ada.patch(`/api/v1/tasks/${parent.id}`, { list_id: work });
    expect((await restore(ada, child.id)).body).toMatchObject({ list_id: work, parent_id: parent.id });
    expect(await read(ada, grandchild.id)).toMatchObject({ list_id: work });

    await ada.delete(`/api/v1/tasks/${parent.id}`);
    await api.database.query('delete from todo.lists where id = $1', [work]);
    expect((await restore(ada, parent.id)).body).toMatchObject({ list_id: null });
    expect(await read(ada, grandchild.id)).toMatchObject({ list_id: null, parent_id: child.id });
  });

  test('is deleted permanently with the subtasks that were deleted with it', async () => {
    const ada = api.user();
    const [parent, child, grandchild] = await createFamily(ada);
    const other = await create(ada, { parent_id: parent.id, title: 'deleted before' });
    await ada.delete(`/api/v1/tasks/${other.id}`);
    await ada.delete(`/api/v1/tasks/${parent.id}`);
    expect((await ada.delete(`/api/v1/trash/${parent.id}`, { 'If-Match': '"1"' })).status).toBe(412);
    expect((await ada.delete(`/api/v1/trash/${parent.id}`)).status).toBe(204);
    expect(await idsInTrash(ada)).toEqual([other.id]);
    expect(await rowsWith(ada, 'buried')).toEqual({});
    for (const { id } of [child, grandchild]) expect((await restore(ada, id)).status).toBe(404);
  });
});
