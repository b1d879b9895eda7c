/** Migrations: concurrent servers, logins with few privileges, unknown schemas. */
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import type { Driver } from '../../src/database/driver.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { openEmbedded } from '../../src/database/pglite/pglite.ts';
import { roles } from '../../src/database/schema/roles.ts';
import { createTestDatabase, databaseConfig, databaseKind, withAdmin } from '../support/databases.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

const migrated = async (driver: Driver, url = 'pglite:memory', migrateOnStart = true) =>
  openDatabase({ ...databaseConfig(url), migrateOnStart }, driver).prepare();

function opened(url: string): Driver {
  const config = databaseConfig(url);
  if (config.kind !== 'postgres') throw new Error(`${url} is not the URL of a PostgreSQL server`);
  const driver = openPostgres(config);
  onTestFinished(() => driver.close());
  return driver;
}

describe('a migrated database', () => {
  test('needs no migration', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.remove());
    expect(await migrated(database.driver)).toEqual([]);
    expect(await migrated(database.driver, undefined, false)).toEqual([]);
  });

  test.each([
    [
      'is newer',
      `insert into todo_admin.migrations (number, name, checksum) values (900, '0900_from_the_future', 'x')`,
      /newer than this server.*0900_from_the_future.*newer version/,
    ],
    ['has another history', `update todo_admin.migrations set checksum = 'x'`, /differs from this server/],
  ])('is rejected if it %s', async (_fault, change, message) => {
    const database = await createTestDatabase();
    onTestFinished(() => database.remove());
    await database.query(change);
    for (const onStart of [true, false]) {
      await expect(migrated(database.driver, undefined, onStart)).rejects.toMatchObject({
        name: 'DatabaseSetupError',
        message: expect.stringMatching(message),
      });
    }
  });
});

test('an empty database is rejected with MIGRATE_ON_START=false, and stays unchanged', async () => {
  const pglite = await PGlite.create();
  const driver = await openEmbedded({ directory: null, timeoutMs: 5_000, prepare: true }, pglite);
  onTestFinished(() => driver.close());
  await expect(migrated(driver, undefined, false)).rejects.toMatchObject({
    name: 'DatabaseSetupError',
    message: expect.stringMatching(/older than this server.*todo-api migrate/),
  });
  const { rows } = await driver.pool.query(`select nspname from pg_namespace where nspname like 'todo%'`);
  expect(rows).toEqual([]);
});

describe('on a separate server', () => {
  let server: PostgresServer;

  beforeEach((context) => {
    context.skip(databaseKind === 'embedded', 'the embedded database has one login, and one process');
  });

  beforeAll(async () => {
    if (databaseKind === 'postgres') server = await startPostgres();
  });

  afterAll(() => server?.stop());

  const admin = (...statements: string[]) =>
    withAdmin(server.url, async (client) => {
      for (const statement of statements) await client.query(statement);
    });

  const urlOf = (login: string, database: string) => `postgres://${login}@127.0.0.1:${server.port}/${database}`;

  /** What remains in the cluster after a test. */
  const forget = async (...databases: string[]) => {
    await admin(...databases.map((name) => `drop database if exists ${name} with (force)`));
    for (const role of roles) await admin(`drop role if exists ${role}`);
  };

  test('eight servers migrate two empty databases at once', async () => {
    onTestFinished(() => forget('one', 'other'));
    await admin('create database one', 'create database other');
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const url = urlOf('postgres', index % 2 ? 'one' : 'other');
        return migrated(opened(url), url);
      }),
    );
    // Each migration runs in its own transaction. Several servers may apply some of them, but none twice.
    const [other, one] = [0, 1].map((index) =>
      results
        .filter((_, each) => each % 2 === index)
        .flat()
        .sort(),
    );
    expect(new Set(one).size).toBe(one?.length);
    expect(one?.length).toBeGreaterThan(0);
    expect(other).toEqual(one);
  });

  test('an owner with CREATEROLE can migrate, as on Neon', async () => {
    onTestFinished(async () => {
      await forget('owned');
      await admin('drop role neon_owner');
    });
    await admin('create role neon_owner login createrole bypassrls', 'create database owned owner neon_owner');
    const url = urlOf('neon_owner', 'owned');
    const driver = opened(url);
    expect((await migrated(driver, url)).length).toBeGreaterThan(0);
    expect(await migrated(driver, url)).toEqual([]);
    const { rows } = await driver.pool.query('select rolsuper from pg_roles where rolname = current_user');
    expect(rows).toEqual([{ rolsuper: false }]);
  });

  test('a second database of the cluster and the same owner share the role', async () => {
    onTestFinished(async () => {
      await forget('first', 'second');
      await admin('drop role neon_owner');
    });
    await admin('create role neon_owner login createrole bypassrls');
    for (const name of ['first', 'second']) {
      await admin(`create database ${name} owner neon_owner`);
      const url = urlOf('neon_owner', name);
      expect((await migrated(opened(url), url)).length).toBeGreaterThan(0);
    }
  });

  test('a login without the privileges gets an error with the SQL that fixes it', async () => {
    onTestFinished(async () => {
      await forget('bare');
      await admin('drop role plain');
    });
    await admin('create role plain login', 'create database bare');
    const url = urlOf('plain', 'bare');
    const driver = opened(url);
    const refusal: Error = await migrated(driver, url).then(
      () => expect.fail('it must be refused'),
      (error) => error,
    );
    expect(refusal.name).toBe('DatabaseSetupError');
    const sql = refusal.message.split('\n').filter((line) => /^ {2}\w/.test(line));
    expect(sql.length).toBeGreaterThan(0);
    await admin(...sql);
    expect((await migrated(driver, url)).length).toBeGreaterThan(0);
  });

  test('an owner without CREATEROLE, in a cluster that has the role, gets an error with the grant', async () => {
    onTestFinished(async () => {
      await forget('granted');
      await admin('drop role owner_only_login');
    });
    await admin(...roles.map((role) => `create role ${role} nologin`), 'create role owner_only_login login');
    await admin('create database granted owner owner_only_login');
    const url = urlOf('owner_only_login', 'granted');
    const driver = opened(url);
    const grant = `grant ${roles.join(', ')} to owner_only_login`;
    await expect(migrated(driver, url)).rejects.toThrow(grant);
    await admin(grant);
    expect((await migrated(driver, url)).length).toBeGreaterThan(0);
  });

  test('a failed migration leaves nothing behind', async () => {
    onTestFinished(() => forget('taken'));
    await admin('create database taken');
    const url = urlOf('postgres', 'taken');
    const driver = opened(url);
    await driver.pool.query('create schema todo');
    await expect(migrated(driver, url)).rejects.toMatchObject({ code: '42P06' });
    const { rows } = await driver.pool.query(`select nspname from pg_namespace where nspname like 'todo_%'`);
    expect(rows).toEqual([]);
    await driver.pool.query('drop schema todo');
    expect((await migrated(driver, url)).length).toBeGreaterThan(0);
  });
});
