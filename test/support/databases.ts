/** Separate databases for tests, with the schema and without rows. */
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

/** The kind of database of the current test project. */
export const databaseKind = (process.env.TEST_DATABASE_KIND ?? 'embedded') as DatabaseKind;

export interface TestDatabase {
  readonly config: DatabaseConfig;
  readonly driver: Driver;
  /** A connection of the login role, which bypasses every policy (a superuser on PostgreSQL). */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Closes open connections and removes the database. */
  remove(): Promise<void>;
}

/** The URL, without a database, of a transaction-mode pooler. If set, the server under test connects through it. */
const pooler = process.env.TEST_POOLER_URL;

export const isPooled = pooler !== undefined;

/** Whether prepared statements can be used. Many poolers do not support them. */
export const canPrepare = !isPooled || process.env.TEST_POOLER_PREPARES === 'true';

let databases = 0;

let embeddedTemplate: Blob | undefined;

/** A copy of the migrated template. `url` of its configuration works on PostgreSQL only. */
export async function createTestDatabase(overrides: Partial<DatabaseConfig> = {}): Promise<TestDatabase> {
  return databaseKind === 'embedded' ? embeddedDatabase(overrides) : postgresDatabase(overrides);
}

async function embeddedDatabase(overrides: Partial<DatabaseConfig>): Promise<TestDatabase> {
  embeddedTemplate ??= new Blob([readFileSync(inject('embeddedTemplate'))]);
  const pglite = await PGlite.create({ loadDataDir: embeddedTemplate, postgresqlconf: ['shared_buffers=16MB'] });
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
  const connected = connectTo(config);
  return {
    ...connected,
    async remove() {
      await connected.remove();
      await withAdmin(server, (admin) => admin.query(`drop database ${name} with (force)`));
    },
  };
}

/** The same PostgreSQL database, through other connections. `remove` closes only them. */
export function connectAgain({ config }: TestDatabase): TestDatabase {
  if (config.kind !== 'postgres') throw new Error('an embedded database belongs to one server');
  return connectTo(config);
}

function connectTo(config: Parameters<typeof openPostgres>[0]): TestDatabase {
  const opened = openPostgres(config);
  const driver = { ...opened, close: once(() => opened.close()) };
  return {
    config,
    driver,
    query: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      (await driver.pool.query<Row>(text, values)).rows,
    remove: () => driver.close(),
  };
}

/** Runs work in the maintenance database of a server, as its superuser. */
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

/** A secret of sufficient length, for tests only. */
export const testSecret = 'kept-by-the-tests-alone-4f9d1c7a';

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
