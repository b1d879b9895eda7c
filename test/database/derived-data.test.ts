import { beforeEach, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import type { Driver } from '../../src/database/driver.ts';
import { tagKeys, taskWords } from '../../src/tasks/derived-data.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { databaseConfig, databaseKind } from '../support/databases.ts';
import { databaseOfPlainLogin, tablesWithoutForce } from '../support/plain-login.ts';

const prepared = (driver: Driver, { migrateOnStart = true, derived = [taskWords, tagKeys] } = {}) =>
  openDatabase({ ...databaseConfig('pglite:memory'), migrateOnStart }, driver, undefined, derived).prepare();

/** Rows of the previous version: search words with the old folding, tag keys with `lower`. */
const oldRows = `
  insert into todo.tasks (owner_id, id, title, description, created_at, updated_at)
  select owner, ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
         case n when 1 then 'می' || chr(8204) || 'خواهم' when 2 then 'كـتـاب' when 3 then 'ґрунт' else 'plain ' || n end,
         case n when 3 then 'сімʼя' end,
         timestamptz '2026-01-01Z' + n * interval '1 hour', timestamptz '2026-01-01Z' + n * interval '1 hour'
  from unnest(array['ada', 'bob']) as owner, generate_series(1, 600) as n;
  insert into todo.task_words (owner_id, task_id, word, in_title)
  select owner_id, id, word, true from todo.tasks, regexp_split_to_table(title, '[ ' || chr(8204) || ']') as word;
  insert into todo.task_words (owner_id, task_id, word, in_title)
  select owner_id, id, description, false from todo.tasks where description is not null;
  insert into todo.tags (owner_id, name)
  select owner, name from unnest(array['ada', 'bob']) as owner,
         unnest(array['Café', 'Cafe' || chr(769), 'Straße', 'STRASSE', 'Home', 'ho' || chr(173) || 'me', 'unused', 'ΟΔΟΣ']) as name;
  set session_replication_role = replica;
  insert into todo.task_tags (owner_id, task_id, tag_id)
  select task.owner_id, task.id, tag.id
  from (values ('Cafe' || chr(769), 4), ('Café', 5), ('Cafe' || chr(769), 5), ('STRASSE', 6), ('Straße', 7), ('Home', 8), ('ΟΔΟΣ', 9))
    as assigned (name, n)
  join todo.tasks as task on task.title = 'plain ' || n
  join todo.tags as tag on tag.owner_id = task.owner_id and tag.name = assigned.name;
  update todo.tasks as task set tag_names = array(
    select tag.name from todo.task_tags as assigned
    join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
    where assigned.owner_id = task.owner_id and assigned.task_id = task.id order by tag.name
  );
  set session_replication_role = origin;
  update todo_admin.derived_data set version = 1, target = null, position = null`;

const state = 'select name, version, target, position from todo_admin.derived_data order by name';
const upToDate = [
  { name: 'tag_keys', version: tagKeys.version, target: null, position: null },
  { name: 'task_words', version: taskWords.version, target: null, position: null },
];

async function withOldRows(): Promise<TestApi> {
  const api = await startApi();
  await api.database.driver.withMigrationClient((client) => client.query(oldRows));
  return api;
}

async function titles(api: TestApi, query: string): Promise<string[]> {
  const { body } = await api.user('ada').get(`/api/v1/tasks?${query}`);
  return body.map((task: any) => task.title);
}

/** A derivation that fails at its second step, like that of a killed process. */
const killed = {
  ...taskWords,
  deriveNext: (query: any, after: any) =>
    after ? Promise.reject(new Error('killed')) : taskWords.deriveNext(query, after),
};

test('tasks of the previous version are found by the new folding only', async () => {
  const api = await withOldRows();
  expect(await titles(api, `q=${encodeURIComponent('میخواهم')}`)).toEqual([]);
  expect(await prepared(api.database.driver)).toEqual([
    'task_words version 3 (1200 rows)',
    'tag_keys version 2 (16 rows)',
  ]);
  for (const [q, n] of [
    ['میخواهم', 1],
    ['کتاب', 2],
    ['грунт', 3],
    ["сім'я", 3],
  ] as const) {
    expect(await titles(api, `q=${encodeURIComponent(q)}`), q).toHaveLength(1);
    const words = await api.database.query(`select word from todo.task_words where owner_id = 'ada' and task_id = $1`, [
      `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    ]);
    expect(words.map(({ word }) => word)).not.toContain('كـتـاب');
  }
  expect(await titles(api, 'q=plain&limit=200')).toHaveLength(200);
  expect(await api.database.query(state)).toEqual(upToDate);
  expect(await prepared(api.database.driver)).toEqual([]);
});

test('tags that become equal are merged, and tasks whose tags change get a new version', async () => {
  const api = await withOldRows();
  await prepared(api.database.driver);
  const { body } = await api.user('ada').get('/api/v1/tags');
  expect(body.sort((one: any, other: any) => (one.name < other.name ? -1 : 1))).toEqual([
    { name: 'Cafe\u0301', task_count: 2 },
    { name: 'Home', task_count: 1 },
    { name: 'STRASSE', task_count: 2 },
    { name: 'ΟΔΟΣ', task_count: 1 },
  ]);
  const { body: tasks } = await api.user('bob').get('/api/v1/tasks?sort=created_at&limit=9');
  expect(tasks.slice(3).map(({ tags, version }: any) => [tags, version])).toEqual([
    [['Cafe\u0301'], 1],
    [['Cafe\u0301'], 2],
    [['STRASSE'], 1],
    [['STRASSE'], 2],
    [['Home'], 1],
    [['ΟΔΟΣ'], 1],
  ]);
  // So clients that follow the changes learn of them.
  const numbers = `
    select array_agg(task.seq::int order by task.seq) as seqs, head.seq::int as head
    from todo.tasks as task join todo.heads as head using (owner_id)
    where owner_id = 'bob' and version = 2 group by head.seq`;
  expect(await api.database.query(numbers)).toEqual([{ seqs: [601, 602], head: 602 }]);
  expect(await titles(api, `tag=${encodeURIComponent('strasse')}&sort=created_at`)).toEqual(['plain 6', 'plain 7']);
  expect(await titles(api, `tag=${encodeURIComponent('οδος')}`)).toEqual(['plain 9']);
});

test('a killed run continues where it stopped; a run to another version starts from the beginning', async () => {
  const api = await withOldRows();
  const { driver } = api.database;
  await expect(prepared(driver, { derived: [killed] })).rejects.toThrow('killed');
  const [, words] = await api.database.query(state);
  expect(words).toMatchObject({ version: 1, target: 3, position: ['ada', expect.any(String)] });
  expect(await prepared(driver, { derived: [taskWords] })).toEqual(['task_words version 3 (700 rows)']);
  await expect(prepared(driver, { derived: [{ ...killed, version: 4 }] })).rejects.toThrow('killed');
  expect(await prepared(driver, { derived: [{ ...taskWords, version: 5 }] })).toEqual([
    'task_words version 5 (1200 rows)',
  ]);
});

test('several servers that start at once share the work', async () => {
  const api = await withOldRows();
  const results = await Promise.all(Array.from({ length: 3 }, () => prepared(api.database.driver)));
  const rows = results
    .flat()
    .flatMap((line) => (line.startsWith('task_words') ? [Number(/\((\d+)/.exec(line)?.[1])] : []));
  expect(rows.reduce((sum, each) => sum + each, 0)).toBe(1200);
  expect(await api.database.query(state)).toEqual(upToDate);
});

test.each([
  ['older', { version: 1 }, /older than this server.*task_words needs version 3.*todo-api migrate/],
  ['newer', { version: 4 }, /newer than this server.*task_words has version 4.*newer version/],
  ['being updated to a newer version', { version: 1, target: 4 }, /newer than this server.*task_words has version 4/],
])(
  'data that is %s is rejected with MIGRATE_ON_START=false',
  async (_case, { version, target = null }: any, message) => {
    const api = await startApi();
    await api.database.query(`update todo_admin.derived_data set version = $1, target = $2 where name = 'task_words'`, [
      version,
      target,
    ]);
    const refused = prepared(api.database.driver, { migrateOnStart: false });
    await expect(refused).rejects.toMatchObject({
      name: 'DatabaseSetupError',
      message: expect.stringMatching(message),
    });
  },
);

test('a server of the previous version can still create tags', async () => {
  const api = await startApi();
  await api.database.query(`insert into todo.tags (owner_id, name) values ('ada', 'HOME')`);
  expect(await api.database.query('select key from todo.tags')).toEqual([{ key: 'home' }]);
});

describe('a login that owns the tables and is subject to the policies', () => {
  beforeEach((context) => {
    context.skip(databaseKind === 'embedded', 'the embedded database has one login');
  });

  test('derives the rows of all users, and leaves the policies forced', async () => {
    const { driver, admin } = await databaseOfPlainLogin();
    await prepared(driver);
    await admin.query(oldRows);
    expect(await prepared(driver)).toEqual(['task_words version 3 (1200 rows)', 'tag_keys version 2 (16 rows)']);
    const { rows } = await admin.query(`select count(*)::integer as found from todo.task_words where word = 'ميخواهم'`);
    expect(rows).toEqual([{ found: 2 }]);
    expect(await tablesWithoutForce(admin)).toEqual([]);
  });
});
