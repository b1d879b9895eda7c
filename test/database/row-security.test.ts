/** Row-level security of the database, and its verification at start-up. */
import { beforeAll, describe, expect, test } from 'vitest';
import { verifyRowLevelSecurity } from '../../src/database/schema/verify-row-security.ts';
import type { BoundStatement, Parameter } from '../../src/database/statement.ts';
import { createTestDatabase, type TestDatabase } from '../support/databases.ts';

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const otherId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e';

describe('the start-up check', () => {
  let database: TestDatabase;
  const check = () => verifyRowLevelSecurity(database.driver);

  beforeAll(async () => {
    // One connection, so that all queries of a test run in one transaction.
    database = await createTestDatabase({ poolMax: 1 });
    return () => database.remove();
  });

  test('passes on a migrated database, also with tasks in it', async () => {
    await check();
    await database.query(`insert into todo.tasks (owner_id, id, seq, title) values ('ada', $1, 1, 'x')`, [id]);
    await check();
  });

  // Never committed, because roles belong to the cluster, which other tests use at the same time.
  test.each([
    ['the role is a superuser', 'alter role todo_user superuser', /superuser/],
    ['the role has BYPASSRLS', 'alter role todo_user bypassrls', /BYPASSRLS/],
    ['the role can log in', 'alter role todo_user login', /log in/],
    ['the role is a member of another', 'grant pg_read_all_data to todo_user', /member of pg_read_all_data/],
    ['row-level security is off', 'alter table todo.tasks disable row level security', /not enabled and forced.*tasks/],
    [
      'row-level security is not forced',
      'alter table todo.tasks no force row level security',
      /not enabled and forced/,
    ],
    ['a new table has none', 'create table todo.forgotten (owner_id text)', /todo\.forgotten/],
    [
      'a trigger is disabled',
      'alter table todo.tasks disable trigger write_task',
      /trigger write_task of table todo\.tasks is disabled/,
    ],
    ['there is a view', 'create view todo.everything as select * from todo.tasks', /todo\.everything is a view/],
    [
      'a function runs as its owner',
      'create function todo.peek() returns bigint language sql security definer return (select count(*) from todo.tasks)',
      /todo\.peek runs as its owner/,
    ],
    [
      'a function of a migration runs as its owner',
      'alter function todo.due_instant security definer',
      /todo\.due_instant runs as its owner/,
    ],
    [
      'the role owns a function',
      'grant create on schema todo to todo_user; alter function todo.due_instant owner to todo_user',
      /todo\.due_instant belongs to todo_user/,
    ],
    [
      'the janitor sees all deleted tasks',
      'create policy more on todo.deleted for select to todo_janitor using (true)',
      /todo_janitor sees more of table todo\.deleted/,
    ],
    [
      'the janitor sees all history',
      'alter policy expired_only on todo.changes using (true)',
      /todo_janitor sees more of table todo\.changes/,
    ],
    [
      'the janitor sees a policy of another table',
      `create policy more on todo.tasks for select to todo_janitor using (created_at < (now() - '24:00:00'::interval))`,
      /todo_janitor sees more of table todo\.tasks/,
    ],
    [
      'the janitor may read the texts of deleted tasks',
      'grant select on todo.deleted to todo_janitor',
      /todo_janitor may read the texts in deleted\.content/,
    ],
    ['there is another policy', 'create policy more on todo.tasks using (true)', /"owner_only" alone/],
    [
      'there is another policy for reading',
      `create policy more on todo.tasks for select to todo_user using (status = 'Done')`,
      /"owner_only" alone/,
    ],
    ['the policy is gone', 'drop policy owner_only on todo.tasks', /"owner_only" alone/],
    [
      'the policy lets everything be read',
      'alter policy owner_only on todo.tasks using (true)',
      /not about the current user/,
    ],
    [
      'the policy lets everything be written',
      'alter policy owner_only on todo.tasks with check (true)',
      /not about the current user/,
    ],
    ['the policy is for PUBLIC', 'alter policy owner_only on todo.tasks to public', /"owner_only" alone/],
    ['the role owns a table', 'alter table todo.tasks owner to todo_user', /belongs to todo_user/],
    ['the role may see the issuer’s tables', 'grant usage on schema todo_auth to todo_user', /todo_auth/],
    ['PUBLIC may see the issuer’s tables', 'grant usage on schema todo_auth to public', /todo_auth/],
    [
      'the watcher sees rows of another table',
      'create policy watched on todo.tasks for select to todo_watcher using (true)',
      /todo_watcher sees rows of table todo\.tasks/,
    ],
    [
      'the watcher has a policy for more than reading',
      'drop policy watched on todo.heads; create policy watched on todo.heads to todo_watcher using (true)',
      /todo_watcher sees rows of table todo\.heads/,
    ],
    [
      'the watcher may read another column',
      'grant select (epoch) on todo.heads to todo_watcher',
      /todo_watcher may read column epoch of table todo\.heads/,
    ],
    [
      'the watcher may read another table',
      'grant select on todo.tasks to todo_watcher',
      /todo_watcher may read column title of table todo\.tasks/,
    ],
    [
      'the watcher may change rows',
      'grant update (seq) on todo.heads to todo_watcher',
      /todo_watcher may change table todo\.heads/,
    ],
    ['the watcher can log in', 'alter role todo_watcher login', /role todo_watcher can log in/],
    [
      'the authenticator sees all tokens',
      'drop policy presented_only on todo.tokens; create policy presented_only on todo.tokens to todo_authenticator using (true)',
      /todo_authenticator sees more of table todo\.tokens/,
    ],
    [
      'the authenticator sees rows of another table',
      'create policy more on todo.tasks for select to todo_authenticator using (true)',
      /todo_authenticator sees more of table todo\.tasks/,
    ],
    [
      'the authenticator may read another table',
      'grant select (title) on todo.tasks to todo_authenticator',
      /todo_authenticator may read table todo\.tasks/,
    ],
    [
      'the authenticator may prolong a token',
      'grant update (expires_at) on todo.tokens to todo_authenticator',
      /todo_authenticator may change column expires_at of table todo\.tokens/,
    ],
    [
      'the authenticator may delete tokens',
      'grant delete on todo.tokens to todo_authenticator',
      /todo_authenticator may add or remove rows of table todo\.tokens/,
    ],
    ['the authenticator can log in', 'alter role todo_authenticator login', /role todo_authenticator can log in/],
    [
      'the janitor sees all tokens',
      'alter policy expired_only on todo.tokens using (true)',
      /todo_janitor sees more of table todo\.tokens/,
    ],
    [
      'the janitor may read the hashes of tokens',
      'grant select (hash) on todo.tokens to todo_janitor',
      /todo_janitor may read the texts in tokens\.hash/,
    ],
    ['the role may see the migrations', 'grant usage on schema todo_admin to todo_user', /todo_admin/],
  ])('rejects a database if %s', async (_fault, breach, message) => {
    await database.query('begin');
    try {
      await database.query(breach);
      const rejection = { name: 'DatabaseSetupError', message: expect.stringMatching(message) };
      await expect(check()).rejects.toMatchObject(rejection);
    } finally {
      await database.query('rollback');
    }
    await check();
  });
});

describe('the policies', () => {
  let database: TestDatabase;
  const as = (user: string | null, text: string, values: Parameter[] = []) => {
    const bound: BoundStatement = { statement: { name: '', text }, values };
    return database.driver.batch({ role: 'user', userId: user }, [bound]).then(([rows]) => rows);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    await database.query(
      `insert into todo.tasks (owner_id, id, seq, title) values ('ada', $1, 1, 'Ada’s'), ('eve', $2, 1, 'Eve’s')`,
      [id, otherId],
    );
    return () => database.remove();
  });

  test('show a user their own rows, without a WHERE', async () => {
    expect(await as('eve', 'select owner_id from todo.tasks')).toEqual([{ owner_id: 'eve' }]);
    expect(await as('eve', `select * from todo.tasks where owner_id = 'ada'`)).toEqual([]);
  });

  test('show no rows without a user', async () => {
    for (const noUser of [null, '']) expect(await as(noUser, 'select * from todo.tasks')).toEqual([]);
  });

  test('let a user change and delete their own rows only, without a WHERE', async () => {
    expect(await as('bob', `update todo.tasks set title = 'Stolen' returning id`)).toEqual([]);
    expect(await as('bob', 'delete from todo.tasks returning id')).toEqual([]);
    expect(await as('eve', `update todo.tasks set title = 'Mine' returning id`)).toEqual([{ id: otherId }]);
    expect(await as(null, 'delete from todo.tasks returning id')).toEqual([]);
  });

  test.each([
    ['an insert', `insert into todo.tasks (owner_id, id, seq, title) values ('ada', gen_random_uuid(), 2, 'x')`],
    ['an update', `update todo.tasks set owner_id = 'ada'`],
    [
      'an upsert',
      `insert into todo.tasks (owner_id, id, seq, title) values ('ada', '${id}', 1, 'x')
       on conflict (owner_id, id) do update set title = 'x'`,
    ],
  ])('refuse %s that names another owner', async (_kind, text) => {
    await expect(as('eve', text)).rejects.toMatchObject({ code: '42501' });
  });

  test.each([
    ['the issuer’s tables', 'select * from todo_auth."user"'],
    ['the record of migrations', 'select * from todo_admin.migrations'],
    ['other schemas', 'create table public.mine (x int)'],
    ['the tables themselves', 'alter table todo.tasks disable row level security'],
    ['a truncation', 'truncate todo.tasks'],
    ['passwords', 'select * from pg_authid'],
  ])('the role may not touch %s', async (_what, text) => {
    await expect(as('eve', text)).rejects.toMatchObject({ code: '42501' });
  });
});
