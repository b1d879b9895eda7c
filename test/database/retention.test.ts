/** The removal of what has expired: trash, tombstones and history. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/database/database.ts';
import type { BoundStatement } from '../../src/database/statement.ts';
import { removeExpiredHistory } from '../../src/history/retention.ts';
import { setDays } from '../../src/resource/retention.ts';
import { deleteExpiredTokens } from '../../src/tokens/retention.ts';
import { deleteExpiredTrash } from '../../src/trash/retention.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let database: Database;

beforeAll(async () => {
  api = await startApi({ keep: true });
  database = openDatabase(api.database.config, api.database.driver);
  await database.prepare();
});

afterAll(() => api.stop());

const deleteExpired = (trashDays = 30) =>
  deleteExpiredTrash({
    database: database.asUser,
    runAsJanitor: database.asJanitor,
    quotas: api.config.quotas,
    trashDays,
  });

/** Deletes a new task, as if some days ago. */
async function trashed(user: Client, title: string, days: number): Promise<string> {
  const { body } = await user.post('/api/v1/tasks', { title, description: 'zebra', tags: ['okapi'] });
  await user.delete(`/api/v1/tasks/${body.id}`);
  await age(user, body.id, days);
  return body.id;
}

async function age(user: Client, id: string, days: number): Promise<void> {
  for (const [table, column] of [
    ['deleted', 'deleted_at'],
    ['changes', 'at'],
  ]) {
    await api.database.query(
      `update todo.${table} set ${column} = ${column} - make_interval(days => $3) where owner_id = $1 and id = $2`,
      [user.userId, id, days],
    );
  }
}

const titles = async (user: Client) => (await user.get('/api/v1/trash')).body.map(({ task }: any) => task.title);

async function tombstonesOf(user: Client) {
  return api.database.query<{ id: string; seq: number }>(
    'select id, seq::integer as seq from todo.deleted where owner_id = $1 and content is null order by seq',
    [user.userId],
  );
}

async function headOf(user: Client) {
  const [head] = await api.database.query<{ seq: number; forgotten: number }>(
    'select seq::integer as seq, forgotten::integer as forgotten from todo.heads where owner_id = $1',
    [user.userId],
  );
  return head;
}

describe('the trash', () => {
  test('of all users loses what is older than its lifetime, like by permanent deletion', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const old = await trashed(ada, 'old', 31);
    await trashed(ada, 'young', 29);
    await trashed(bob, 'old', 31);
    expect(await deleteExpired()).toBe(2);
    expect(await titles(ada)).toEqual(['young']);
    expect(await titles(bob)).toEqual([]);
    expect(await tombstonesOf(ada)).toEqual([{ id: old, seq: 5 }]);
    expect(await headOf(ada)).toEqual({ seq: 5, forgotten: 0 });
    const left = await api.database.query('select from todo.changes where owner_id = $1', [bob.userId]);
    expect(left).toEqual([]);
    expect(await deleteExpired()).toBe(0);
  });

  test('is emptied if its lifetime is 0', async () => {
    const ada = api.user();
    await trashed(ada, 'fresh', 0);
    expect(await deleteExpired(0)).toBeGreaterThanOrEqual(1);
    expect(await titles(ada)).toEqual([]);
  });

  test('loses any number of tasks in several steps', async () => {
    const ada = api.user();
    await api.database.query(
      `insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
       select $1, 'task', gen_random_uuid(), n, 2, now() - interval '40 days', gen_random_uuid(), '{}'
       from generate_series(1, 1200) as n`,
      [ada.userId],
    );
    await api.database.query('insert into todo.heads (owner_id, seq) values ($1, 1200)', [ada.userId]);
    expect(await deleteExpired()).toBe(1200);
    const tombstones = await tombstonesOf(ada);
    expect(tombstones.map(({ seq }) => seq)).toEqual(Array.from({ length: 1200 }, (_, index) => 1201 + index));
  });
});

test('tombstones are removed after 400 days, together with raising the number of what is forgotten', async () => {
  const ada = api.user();
  const [oldest, old, young] = [await trashed(ada, 'a', 0), await trashed(ada, 'b', 0), await trashed(ada, 'c', 0)];
  await ada.delete('/api/v1/trash');
  for (const [id, days] of [
    [oldest, 402],
    [old, 401],
    [young, 399],
  ] as const)
    await age(ada, id, days);
  expect(await tombstonesOf(ada)).toEqual([
    { id: oldest, seq: 7 },
    { id: old, seq: 8 },
    { id: young, seq: 9 },
  ]);
  expect(await deleteExpired()).toBe(2);
  expect(await tombstonesOf(ada)).toEqual([{ id: young, seq: 9 }]);
  expect(await headOf(ada)).toEqual({ seq: 9, forgotten: 8 });
  // The id is free again.
  expect((await ada.post('/api/v1/tasks', { id: old, title: 'again' })).status).toBe(201);
});

test('history is removed after its lifetime, and its change sets cannot be undone', async () => {
  const ada = api.user();
  const { body: task, headers } = await ada.post('/api/v1/tasks', { title: 'x' });
  await ada.patch(`/api/v1/tasks/${task.id}`, { title: 'y' });
  await api.database.query("update todo.changes set at = at - interval '91 days' where owner_id = $1 and version = 1", [
    ada.userId,
  ]);
  expect(await removeExpiredHistory(database.asJanitor, 90)).toBe(1);
  const { body } = await ada.get(`/api/v1/tasks/${task.id}/history`);
  expect(body.map(({ version }: any) => version)).toEqual([2]);
  const undone = await ada.post(`/api/v1/change-sets/${headers.get('change-set')}/undo`, undefined);
  expect(undone.body.code).toBe('change_set_not_found');
  expect(await removeExpiredHistory(database.asJanitor, 90)).toBe(0);
});

test('API tokens are removed 30 days after they expired', async () => {
  const ada = api.user();
  const create = async (days: number) => {
    const { body } = await ada.post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read'] });
    await api.database.query('update todo.tokens set expires_at = now() - make_interval(days => $2) where id = $1', [
      body.id,
      days,
    ]);
    return body.id;
  };
  const [old, recent] = [await create(31), await create(29)];
  expect(await deleteExpiredTokens(database.asJanitor)).toBe(1);
  const left = (await ada.get('/api/v1/tokens')).body.map(({ id }: any) => id);
  expect(left).toEqual([recent]);
  expect(left).not.toContain(old);
  expect(await deleteExpiredTokens(database.asJanitor)).toBe(0);
});

describe('the janitor', () => {
  const run = (text: string, ...settings: BoundStatement[]) =>
    database.asJanitor([...settings, { statement: { name: '', text }, values: [] }]).then(
      (rows) => rows,
      ({ code }: { code: string }) => code,
    );

  test('sees what has expired, and nothing without a lifetime', async () => {
    const ada = api.user();
    await trashed(ada, 'old', 31);
    await trashed(ada, 'young', 29);
    const deleted = `select count(*)::integer as count from todo.deleted where owner_id = '${ada.userId}'`;
    const changes = `select count(*)::integer as count from todo.changes where owner_id = '${ada.userId}'`;
    expect(await run(deleted, setDays('app.trash_days', 30))).toEqual([{ count: 1 }]);
    expect(await run(changes, setDays('app.history_days', 30))).toEqual([{ count: 2 }]);
    for (const text of [deleted, changes]) expect(await run(text)).toEqual([{ count: 0 }]);
  });

  test.each([
    ['the content of deleted tasks', 'select content from todo.deleted'],
    ['the changed fields', 'select fields from todo.changes'],
    ['tasks', 'select id from todo.tasks'],
    ['the hashes of tokens', 'select hash from todo.tokens'],
  ])('may not read %s', async (_, text) => {
    expect(await run(text, setDays('app.trash_days', 0))).toBe('42501');
  });

  test.each([
    ['deleted tasks', 'update todo.deleted set content = null'],
    ['deleted tasks', 'delete from todo.deleted'],
    ['history', 'update todo.changes set at = now()'],
  ])('may not change %s', async (_, text) => {
    expect(await run(text, setDays('app.trash_days', 0))).toBe('42501');
  });
});
