/** Migration that numbers the changes, on a database of the previous version with tasks of several users. */
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { databaseConfig, databaseKind } from '../support/databases.ts';
import { databaseBefore, migrationsAround } from '../support/earlier-database.ts';

const migration = 'changes';

/** PostgreSQL has the size of a large installation. */
const count = databaseKind === 'embedded' ? 2_000 : 100_000;

const tasks = `
  set session_replication_role = replica;
  insert into todo.tasks (owner_id, id, title, created_at, updated_at)
  select 'user-' || n % 100, gen_random_uuid(), 'task ' || n, now() - interval '1 year', now() - n * interval '1 second'
  from generate_series(1, ${count}) as n;
  insert into todo.idempotency_keys (owner_id, key, fingerprint, status, body)
  values ('user-1', 'k', '\\x00', 204, null);
  set session_replication_role = origin`;

test('numbers the tasks of each user in the order of their last change, and keeps everything else', async () => {
  const driver = await databaseBefore(migration);
  await driver.withMigrationClient((client) => client.query(tasks));
  const { pool } = driver;
  const one = async (text: string) => (await pool.query(text)).rows[0];
  const contents = `select md5(string_agg(row(owner_id, id, title, version, created_at, updated_at)::text, ';' order by owner_id, id)) as md5 from todo.tasks`;
  const before = await one(contents);

  expect(await openDatabase(databaseConfig('pglite:memory'), driver).prepare()).toEqual(
    migrationsAround(migration).later,
  );
  expect(await one(contents)).toEqual(before);
  const perUser = count / 100;
  expect(
    await one(`
      select count(*)::int as tasks, count(distinct (owner_id, seq))::int as numbers, min(seq)::int, max(seq)::int,
             count(*) filter (where seq <> place)::int as misplaced
      from (select *, row_number() over (partition by owner_id order by updated_at) as place from todo.tasks) as task`),
  ).toEqual({ tasks: count, numbers: count, min: 1, max: perUser, misplaced: 0 });
  expect(
    await one(
      'select count(*)::int as heads, min(seq)::int, max(seq)::int, max(forgotten)::int as forgotten from todo.heads',
    ),
  ).toEqual({ heads: 100, min: perUser, max: perUser, forgotten: 0 });
  expect(await one('select status, body from todo.idempotency_keys')).toEqual({ status: 204, body: null });
}, 60_000);
