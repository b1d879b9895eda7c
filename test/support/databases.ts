/** Databases for tests: empty but for the schema, and nobody else's. */
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { inject } from 'vitest';
import type { DatabaseConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Driver } from '../../src/database/driver.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { openEmbedded } from '../../src/database/pglite/pglite.ts';

export type DatabaseKind = 'embedded' | 'postgres';

/** The database of the test project that runs. */
export const databaseKind = (process.env.TEST_DATABASE_KIND ?? 'embedded') as DatabaseKind;

export interface TestDatabase {
  readonly config: DatabaseConfig;
  readonly driver: Driver;
  /** A connection of the login role, past every policy (on PostgreSQL a superuser's). */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Closes the connections, if they are not closed yet, and removes the database. */
  remove(): Promise<void>;
}

/** The URL, without a database, of a pooler in transaction mode before the server: what is tested goes through it. */
const pooler = process.env.TEST_POOLER_URL;

export const isPooled = pooler !== undefined;

/** Whether statements can be prepared: many poolers do not know which connection has which. */
export const canPrepare = !isPooled || process.env.TEST_POOLER_PREPARES === 'true';

let databases = 0;

/** A copy of the migrated template. `url` of its configuration works on PostgreSQL only. */
export async function createTestDatabase(overrides: Partial<DatabaseConfig> = {}): Promise<TestDatabase> {
  return databaseKind === 'embedded' ? embeddedDatabase(overrides) : postgresDatabase(overrides);
}

async function embeddedDatabase(overrides: Partial<DatabaseConfig>): Promise<TestDatabase> {
  const loadDataDir = new Blob([readFileSync(inject('embeddedTemplate'))]);
  const pglite = await PGlite.create({ loadDataDir, postgresqlconf: ['shared_buffers=16MB'] });
  const config = { ...databaseConfig('pglite:memory'), ...overrides } as DatabaseConfig;
  const opened = await openEmbedded({ ...config, directory: null }, pglite);
  const driver = { ...opened, close: once(() => opened.close()) };
  return {
    config,
    driver,
    query: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await driver.pool.query<Row>(text, values)).rows,
    remove: () => driver.close(),
  };
}

async function postgresDatabase(overrides: Partial<DatabaseConfig>): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  if (server === null) throw new Error(inject('postgresMissing'));
  databases += 1;
  const name = `todo_test_${process.pid}_${databases}`;
  await withAdmin(server, (admin) => admin.query(`create database ${name} template ${inject('postgresTemplate')}`));
  const pooled = pooler ? { url: `${pooler}/${name}`, prepare: canPrepare } : {};
  const config = { ...databaseConfig(`${server}/${name}`), ...pooled, ...overrides } as DatabaseConfig;
  if (config.kind !== 'postgres') throw new Error(`${server} is not the URL of a PostgreSQL server`);
  const opened = openPostgres(config);
  const driver = { ...opened, close: once(() => opened.close()) };
  return {
    config,
    driver,
    query: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await driver.pool.query<Row>(text, values)).rows,
    async remove() {
      await driver.close();
      await withAdmin(server, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

/** Something at a server's own database, as its superuser. */
export async function withAdmin<Result>(server: string, work: (admin: pg.Client) => Promise<Result>): Promise<Result> {
  const admin = new pg.Client({ connectionString: `${server}/postgres` });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

export function databaseConfig(url: string): DatabaseConfig {
  return loadConfig({ DATABASE_URL: url, BETTER_AUTH_SECRET: testSecret }).database;
}

/** Long enough, and no secret of anybody's. */
export const testSecret = 'kept-by-nobody-but-the-tests-4f9d1c7a';

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
