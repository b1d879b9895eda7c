/** The copy of an embedded database to PostgreSQL: every row of every table and nothing else, or nothing at all. */
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { copyDatabase } from '../../src/database/copy/copy.ts';
import type { Driver, QueryClient } from '../../src/database/driver.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { verifyRowLevelSecurity } from '../../src/database/schema/verify-row-security.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { databaseConfig, databaseKind, withAdmin } from '../support/databases.ts';
import { databaseOfPlainLogin, tablesWithoutForce } from '../support/plain-login.ts';

/** All tables that PostgreSQL has not made itself, except for the record of the migrations. */
const tableNames = `
  select format('%I.%I', schemaname, tablename) as name from pg_tables
  where schemaname not in ('pg_catalog', 'information_schema') and (schemaname, tablename) <> ('todo_admin', 'migrations')
  order by 1`;

/** What a copy must leave as the migrations have made it. */
const definitions = `
  select conrelid::regclass::text as place, conname as name, pg_get_constraintdef(oid) as definition
  from pg_constraint where connamespace::regnamespace::text like 'todo%' and contype <> 'n'
  union all
  select tgrelid::regclass::text, tgname, tgenabled::text from pg_trigger where not tgisinternal
  order by 1, 2`;

/** The rows of each table, as text. */
async function contentOf(client: QueryClient): Promise<Record<string, string[]>> {
  const { rows: tables } = await client.query<{ name: string }>(tableNames);
  const content: Record<string, string[]> = {};
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(
      `select stored::text as row from ${name} as stored order by stored::text collate "C"`,
    );
    content[name] = rows.map(({ row }) => row);
  }
  return content;
}

/** An embedded database with rows in every table, more than one page of some. */
async function filledSource(): Promise<TestApi> {
  const api = await startApi({
    environment: { AUTH_MODE: 'embedded', RATE_LIMIT_STORE: 'database', RATE_LIMIT_PER_MINUTE: '1000' },
  });
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const signedUp = await api.anonymous().post('/api/auth/sign-up/email', person);
  const session = api.anonymous(`Bearer ${signedUp.headers.get('set-auth-token')}`);
  const user = api.anonymous(`Bearer ${(await session.get('/api/auth/token')).body.token}`);
  const { body: list } = await user.post('/api/v1/lists', { name: 'Home' });
  const keyed = { 'Idempotency-Key': 'x' };
  const { body: parent } = await user.post(
    '/api/v1/tasks',
    { title: 'Größe "\\ 📏', tags: ['x'], list_id: list.id },
    keyed,
  );
  await user.post('/api/v1/tasks', { title: 'Below', list_id: list.id, parent_id: parent.id });
  const { body: deleted } = await user.post('/api/v1/tasks', { title: 'Deleted' });
  await user.delete(`/api/v1/tasks/${deleted.id}`);
  await user.post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read'] });
  const owner = signedUp.body.user.id;
  await api.database.query(
    `insert into todo_auth.verification (id, identifier, value, expires_at) values ('x', 'x', 'x', 'infinity')`,
  );
  await api.database.query(
    `insert into todo_auth.two_factor (id, secret, backup_codes, user_id) values ('x', 'x', 'x', $1)`,
    [owner],
  );
  await api.database.query(
    `insert into todo.changes (owner_id, seq, resource, id, kind, version, at, change_set, fields)
     select $1, 1000 + n, 'task', gen_random_uuid(), 'Updated', 2, now(), gen_random_uuid(), '{"title": [null, "\\u00e9"]}'
     from generate_series(1, 2500) as n`,
    [owner],
  );
  await api.database.query(
    `insert into todo.idempotency_keys (owner_id, key, fingerprint, body)
     select $1, 'large-' || n, '\\x00ff', repeat('x', 1500000) from generate_series(1, 6) as n`,
    [owner],
  );
  return api;
}

let databases = 0;

/** An empty database on the server of the tests. */
async function emptyTarget(): Promise<Driver> {
  const server = inject('postgresUrl') as string;
  databases += 1;
  const name = `todo_copy_${process.pid}_${databases}`;
  await withAdmin(server, (admin) => admin.query(`create database ${name} template template0`));
  const config = databaseConfig(`${server}/${name}`);
  if (config.kind !== 'postgres') throw new Error('not a PostgreSQL server');
  const driver = openPostgres(config);
  onTestFinished(async () => {
    await driver.close();
    await withAdmin(server, (admin) => admin.query(`drop database ${name} with (force)`));
  });
  return driver;
}

beforeEach((context) => {
  context.skip(databaseKind !== 'embedded', 'the source is an embedded database');
  context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
});

describe('a copy', () => {
  test('has all rows of all tables, also by a login that is subject to the policies', async () => {
    const { database } = await filledSource();
    const { driver: target, admin } = await databaseOfPlainLogin();
    const copied = await copyDatabase(database.driver, target);
    const source = await contentOf(database.driver.pool);
    for (const [name, rows] of Object.entries(source)) expect(rows.length, `rows of ${name}`).toBeGreaterThan(0);
    expect(await contentOf(admin)).toEqual(source);
    expect(copied.map(({ name, source: { rows } }) => [name, Number(rows)]).sort()).toEqual(
      Object.entries(source).map(([name, rows]) => [name, rows.length]),
    );
    for (const { source: one, target: other } of copied) expect(one).toEqual(other);

    expect(await tablesWithoutForce(admin)).toEqual([]);
    await verifyRowLevelSecurity(target);
    expect((await admin.query(definitions)).rows).toEqual((await database.driver.pool.query(definitions)).rows);
    // The copy sets none.
    expect((await admin.query('select from pg_sequences')).rows).toEqual([]);
  });

  test('stores nothing if a row has changed on the way', async () => {
    const { database } = await filledSource();
    const target = await emptyTarget();
    const changing: Driver = {
      ...database.driver,
      withMigrationClient: (work) => database.driver.withMigrationClient((client) => work(changed(client))),
    };
    await expect(copyDatabase(changing, target)).rejects.toThrow(/The copy differs.*\n {2}todo\.tasks: 2 rows/);
    const { 'todo_admin.api_token_key': _, 'todo_admin.derived_data': __, ...tables } = await contentOf(target.pool);
    expect(Object.values(tables).flat()).toEqual([]);
  });
});

/** A client that reads another title. */
function changed(client: QueryClient): QueryClient {
  return {
    async query(query, values) {
      const result = await client.query<any>(query, values);
      const rows = result.rows.map((row) => (row.page ? { ...row, page: row.page.replaceAll('Below', 'Above') } : row));
      return { ...result, rows };
    },
  };
}

describe('no copy is made', () => {
  test('to a database with rows', async () => {
    const { database } = await startApi();
    const target = await emptyTarget();
    await copyDatabase(database.driver, target);
    await target.pool.query(`insert into todo.heads (owner_id) values ('ada')`);
    await expect(copyDatabase(database.driver, target)).rejects.toThrow(/The target has rows in todo\.heads/);
    expect((await target.pool.query('select owner_id from todo.heads')).rows).toEqual([{ owner_id: 'ada' }]);
  });

  test('of a database with an older schema', async () => {
    const { database } = await startApi();
    await database.query('delete from todo_admin.migrations where number > 10');
    await expect(copyDatabase(database.driver, await emptyTarget())).rejects.toThrow(
      /The source cannot be copied\. .* is older/,
    );
  });

  test('of a database with another table', async () => {
    const { database } = await startApi();
    await database.query('create table todo.other (owner_id text)');
    await expect(copyDatabase(database.driver, await emptyTarget())).rejects.toThrow(/different tables/);
  });
});
