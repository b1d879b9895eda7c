/** Migration that resolves short names as time zones, on a database of the previous version with tasks. */
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import type { Driver } from '../../src/database/driver.ts';
import { createTestDatabase, databaseConfig } from '../support/databases.ts';
import { databaseBefore, migrationsAround } from '../support/earlier-database.ts';

const migration = 'due_instant';

const migrate = (driver: Driver) => openDatabase(databaseConfig('pglite:memory'), driver).prepare();

const everything = `select to_jsonb(tasks) - 'due_at' as "row" from todo.tasks order by id`;
const instants = `
  select title, to_char(due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as due_at from todo.tasks order by title`;

/** Definition of the table, except for the order of its columns. */
const definition = `
  select 'index' as kind, indexdef as definition from pg_indexes where schemaname = 'todo' and tablename = 'tasks'
  union all
  select contype::text, conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where conrelid = 'todo.tasks'::regclass and contype <> 'n'
  union all
  select 'column', column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(generation_expression, '')
    from information_schema.columns where table_schema = 'todo' and table_name = 'tasks'
  union all
  select 'privilege', grantee || ' ' || privilege_type from information_schema.role_table_grants
    where table_schema = 'todo' and table_name = 'tasks' and grantee = 'todo_user'
  order by 1, 2`;

async function addTasks(driver: Driver, ...tasks: readonly (string | null)[][]): Promise<void> {
  for (const [title, date = null, time = null, zone = null] of tasks) {
    await driver.pool.query(
      `insert into todo.tasks (owner_id, id, title, due_date, due_time, due_time_zone, version)
       values ('ada', gen_random_uuid(), $1, $2, $3, $4, 7)`,
      [title, date, time, zone],
    );
  }
}

test('corrects the existing tasks and changes nothing else', async () => {
  const driver = await databaseBefore(migration);
  const { pool } = driver;
  await addTasks(
    driver,
    ['1 summer', '2026-07-01', '12:00', 'CET'],
    ['2 winter', '2026-01-01', '12:00', 'CET'],
    ['3 place', '2026-07-01', '12:00', 'Europe/Rome'],
    ['4 repeated', '2026-11-01', '01:30', 'America/New_York'],
    ['5 wall', '2026-07-01', '12:00'],
    ['6 day', '2026-07-01'],
    ['7 none'],
  );
  const due = (summer: string) => [
    { title: '1 summer', due_at: summer },
    { title: '2 winter', due_at: '2026-01-01 11:00' },
    { title: '3 place', due_at: '2026-07-01 10:00' },
    { title: '4 repeated', due_at: '2026-11-01 05:30' },
    { title: '5 wall', due_at: null },
    { title: '6 day', due_at: null },
    { title: '7 none', due_at: null },
  ];
  expect((await pool.query(instants)).rows).toEqual(due('2026-07-01 11:00'));
  const before = (await pool.query(everything)).rows;

  expect(await migrate(driver)).toEqual(migrationsAround(migration).later);
  expect((await pool.query(instants)).rows).toEqual(due('2026-07-01 10:00'));
  expect((await pool.query(everything)).rows).toMatchObject(before);

  const fresh = await createTestDatabase();
  onTestFinished(() => fresh.remove());
  expect((await pool.query(definition)).rows).toEqual(await fresh.query(definition));
});

test('users can write due dates if PUBLIC cannot execute functions', async () => {
  const driver = await databaseBefore(migration);
  await driver.pool.query('alter default privileges revoke execute on functions from public');
  await migrate(driver);
  const text = `
    insert into todo.tasks (owner_id, id, seq, title, due_date, due_time, due_time_zone)
    values ('ada', gen_random_uuid(), 1, 'x', '2026-07-01', '12:00', 'CET') returning due_at`;
  const [[row] = []] = await driver.batch({ role: 'user', userId: 'ada' }, [
    { statement: { name: '', text }, values: [] },
  ]);
  expect(row).toEqual({ due_at: '2026-07-01T10:00:00.000000Z' });
});

test('fails with the fix, and changes nothing, if the server no longer knows a zone', async () => {
  const driver = await databaseBefore(migration);
  // An abbreviation, which an earlier version of the table accepted as a zone.
  await addTasks(driver, ['lost', '2026-07-01', '12:00', 'PST']);
  await expect(migrate(driver)).rejects.toMatchObject({
    name: 'DatabaseSetupError',
    message: expect.stringMatching(/time zone that this PostgreSQL server does not know.*"PST".*tzdata-legacy/),
  });
  expect((await driver.pool.query(instants)).rows).toEqual([{ title: 'lost', due_at: '2026-07-01 20:00' }]);
});
