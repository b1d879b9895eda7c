/** Migration that adds lists, subtasks and positions, on a database of the previous version with tasks of two users. */
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { databaseConfig } from '../support/databases.ts';
import { databaseBefore, migrationsAround } from '../support/earlier-database.ts';

const migration = 'lists';

const tasks = `
  insert into todo.tasks (owner_id, id, title, created_at, updated_at)
  select 'user-' || n % 2, gen_random_uuid(), lpad(n::text, 3, '0'), created, created
  from generate_series(1, 200) as n, lateral (select now() - n * interval '1 hour' as created) as times`;

test('puts the tasks of each user in the inbox, in the order of their creation, and changes nothing else', async () => {
  const driver = await databaseBefore(migration);
  await driver.withMigrationClient((client) => client.query(tasks));
  const { pool } = driver;
  const rows = async (text: string) => (await pool.query(text)).rows;
  const contents =
    'select owner_id, id, title, version, seq, created_at::text, updated_at::text from todo.tasks order by owner_id, id';
  const before = await rows(contents);
  const history = await rows('select * from todo.changes order by owner_id, seq');

  expect(await openDatabase(databaseConfig('pglite:memory'), driver).prepare()).toEqual(
    migrationsAround(migration).later,
  );
  expect(await rows(contents)).toEqual(before);
  expect(await rows('select * from todo.changes order by owner_id, seq')).toEqual(history);
  const placed = await rows(
    'select owner_id, title, list_id, parent_id, position from todo.tasks order by owner_id, list_key, parent_key, position',
  );
  for (const owner of ['user-0', 'user-1']) {
    const own = placed.filter(({ owner_id }) => owner_id === owner);
    // The last title is that of the oldest task.
    expect(own.map(({ title }) => title)).toEqual(
      own
        .map(({ title }) => title)
        .toSorted()
        .toReversed(),
    );
    expect(own.map(({ position }) => position)).toEqual([...new Set(own.map(({ position }) => position))]);
    expect(own[0]).toMatchObject({ list_id: null, parent_id: null, position: 'a0' });
    expect(own[62]).toMatchObject({ position: 'b00' });
  }
  await pool.query("insert into todo.tasks (owner_id, id, title) values ('user-0', gen_random_uuid(), 'new')");
  const [last] = await rows("select title from todo.tasks where owner_id = 'user-0' order by position desc limit 1");
  expect(last).toEqual({ title: 'new' });
});
