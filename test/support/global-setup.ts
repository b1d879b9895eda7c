/** Setup of all tests: the build, a PostgreSQL server, and a migrated template database of each kind. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { openEmbedded } from '../../src/database/pglite/pglite.ts';
import { databaseConfig, withAdmin } from './databases.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser URL of a PostgreSQL server, without a database; null without a server. */
    postgresUrl: string | null;
    /** The reason why there is no server. */
    postgresMissing: string;
    /** The template database on that server. */
    postgresTemplate: string;
    /** A file with the data directory of a migrated embedded database. */
    embeddedTemplate: string;
  }
}

// biome-ignore lint/style/noDefaultExport: vitest looks for the default export.
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync(process.execPath, ['scripts/build-if-needed.js'], { stdio: 'inherit' });
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-test-'));
  project.provide('embeddedTemplate', await makeEmbeddedTemplate(folder));

  const given = process.env.TEST_DATABASE_URL;
  let server: PostgresServer | undefined;
  let missing = '';
  if (!given) {
    server = await startPostgres(['max_wal_size=256MB'], memoryFolder()).catch((error: Error) => {
      if (process.env.CI) throw error;
      missing = `no PostgreSQL server could be started (${error.message}); set TEST_DATABASE_URL to one`;
      process.stderr.write(`\nThe tests on PostgreSQL are skipped: ${missing}\n\n`);
      return undefined;
    });
  }
  const url = given?.replace(/\/[^/]*$/, '') ?? server?.url ?? null;
  const template = `todo_template_${process.pid}`;
  project.provide('postgresUrl', url);
  project.provide('postgresMissing', missing);
  project.provide('postgresTemplate', template);
  if (url) await makePostgresTemplate(url, template);

  return async () => {
    if (url) await withAdmin(url, (admin) => admin.query(`drop database if exists ${template} with (force)`));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/**
 * A folder in memory, if there is enough of it. A database has hundreds of files, and ext4 looks for their inodes among all
 * that were deleted in the last minute.
 */
function memoryFolder(): string | undefined {
  const folder = '/dev/shm';
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 4e9 ? folder : undefined;
}

/** A small one, because each test that starts an embedded database copies it into memory. */
async function makeEmbeddedTemplate(folder: string): Promise<string> {
  const pglite = await PGlite.create({
    postgresqlconf: ['shared_buffers=16MB'],
    initDbStartParams: ['--wal-segsize=1'],
  });
  const driver = await openEmbedded({ directory: null, timeoutMs: 5_000, prepare: true }, pglite);
  await openDatabase(databaseConfig('pglite:memory'), driver).prepare();
  await pglite.query('update pg_database set datistemplate = false');
  for (const name of ['template0', 'template1']) await pglite.query(`drop database ${name}`);
  await pglite.query('checkpoint');
  const dump = await pglite.dumpDataDir('none');
  await driver.close();
  const file = join(folder, 'embedded.tar');
  writeFileSync(file, Buffer.from(await dump.arrayBuffer()));
  return file;
}

async function makePostgresTemplate(url: string, template: string): Promise<void> {
  await withAdmin(url, (admin) => admin.query(`create database ${template}`));
  const config = databaseConfig(`${url}/${template}`);
  if (config.kind !== 'postgres') throw new Error(`${url} is not the URL of a PostgreSQL server`);
  const database = openDatabase(config, openPostgres(config));
  await database.prepare();
  await database.close();
}
