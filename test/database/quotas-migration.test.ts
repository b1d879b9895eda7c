/** Migrations that count tasks and tags, remove unused tags, and store the names of tags, on an older database with tasks. */
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { databaseConfig } from '../support/databases.ts';
import { databaseBefore, migrationsAround } from '../support/earlier-database.ts';

const migration = 'quotas';

/** Ada has 3 tasks and 3 tags, one of which no task has. Bob has 1 task. Eve has a tag that no task has. */
const rows = `
  insert into todo.tasks (owner_id, id, title)
  select owner, ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'task ' || n
  from (values ('ada', 1), ('ada', 2), ('ada', 3), ('bob', 1)) as task (owner, n);
  insert into todo.tags (owner_id, name, key)
  values ('ada', 'Home', 'home'), ('ada', 'Work', 'work'), ('ada', 'Unused', 'unused'), ('eve', 'Alone', 'alone');
  insert into todo.task_tags (owner_id, task_id, tag_id)
  select task.owner_id, task.id, tag.id from todo.tasks as task join todo.tags as tag using (owner_id)
  where tag.key = 'home' or (tag.key = 'work' and task.title = 'task 1');
  insert into todo.idempotency_keys (owner_id, key, fingerprint, status, body, created_at)
  values ('ada', 'b', '\\x00', 200, 'éé', now() - interval '2 hours'), ('ada', 'a', '\\x00', 204, null, now() - interval '1 hour'),
         ('ada', 'c', '\\x00', 200, 'xyz', now()), ('bob', 'a', '\\x00', 200, 'x', now());
  update todo_admin.derived_data set version = 2 where name in ('task_words', 'tag_keys')`;

test('counts what users have, removes unused tags, totals the stored responses, and keeps the rest', async () => {
  const driver = await databaseBefore(migration);
  await driver.withMigrationClient((client) => client.query(rows));
  const { pool } = driver;
  const all = async (text: string) => (await pool.query(text)).rows;
  const content =
    'select owner_id, id, title, status, priority, version, created_at, updated_at from todo.tasks order by owner_id, id';
  const tasks = await all(content);
  const assigned = await all('select * from todo.task_tags order by 1, 2, 3');

  expect(await openDatabase(databaseConfig('pglite:memory'), driver).prepare()).toEqual(
    migrationsAround(migration).later,
  );
  expect(await all('select owner_id, tasks, tags from todo.heads order by 1')).toEqual([
    { owner_id: 'ada', tasks: 3, tags: 2 },
    { owner_id: 'bob', tasks: 1, tags: 0 },
  ]);
  expect(await all('select owner_id, name from todo.tags order by key')).toEqual([
    { owner_id: 'ada', name: 'Home' },
    { owner_id: 'ada', name: 'Work' },
  ]);
  expect(
    await all(
      'select owner_id, key, running_count::int, running_bytes::int from todo.idempotency_keys order by 1, created_at',
    ),
  ).toEqual([
    { owner_id: 'ada', key: 'b', running_count: 1, running_bytes: 4 },
    { owner_id: 'ada', key: 'a', running_count: 2, running_bytes: 4 },
    { owner_id: 'ada', key: 'c', running_count: 3, running_bytes: 7 },
    { owner_id: 'bob', key: 'a', running_count: 1, running_bytes: 1 },
  ]);
  expect(await all(content)).toEqual(tasks);
  expect(await all('select * from todo.task_tags order by 1, 2, 3')).toEqual(assigned);

  expect(await all('select owner_id, tag_names from todo.tasks order by owner_id, id')).toEqual([
    { owner_id: 'ada', tag_names: ['Home', 'Work'] },
    { owner_id: 'ada', tag_names: ['Home'] },
    { owner_id: 'ada', tag_names: ['Home'] },
    { owner_id: 'bob', tag_names: [] },
  ]);

  // A statement of any number of owners and rows keeps the counts, also without a quota.
  await pool.query("delete from todo.tasks where title = 'task 1'");
  expect(await all('select owner_id, tasks, tags from todo.heads order by 1')).toEqual([
    { owner_id: 'ada', tasks: 2, tags: 1 },
    { owner_id: 'bob', tasks: 0, tags: 0 },
  ]);
});
