/** Databases of earlier versions, for tests of migrations. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { inject, onTestFinished } from 'vitest';
import type { Driver } from '../../src/database/driver.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { openEmbedded } from '../../src/database/pglite/pglite.ts';
import { roles } from '../../src/database/schema/roles.ts';
import { databaseConfig, databaseKind, withAdmin } from './databases.ts';

const files = readdirSync('migrations')
  .filter((file) => file.endsWith('.sql'))
  .sort();

/** The migrations before one, by its name without the number, and those from it on. */
export function migrationsAround(name: string): { earlier: readonly string[]; later: readonly string[] } {
  const index = files.findIndex((file) => file.endsWith(`_${name}.sql`));
  if (index < 0) throw new Error(`there is no migration ${name}`);
  const names = files.map((file) => file.replace(/\.sql$/, ''));
  return { earlier: names.slice(0, index), later: names.slice(index) };
}

/** An empty database with the migrations before one. It is removed at the end of the test. */
export async function databaseBefore(migration: string): Promise<Driver> {
  const driver = databaseKind === 'embedded' ? await emptyEmbedded() : await emptyPostgres();
  await driver.withMigrationClient(async (client) => {
    for (const role of roles) {
      await client.query(`do $$ begin create role ${role} nologin; exception when duplicate_object then null; end $$`);
    }
    await client.query(`
      create schema todo_admin;
      create table todo_admin.migrations (
        number integer primary key, name text not null, checksum text not null, applied_at timestamptz default now())`);
    for (const [number, name] of migrationsAround(migration).earlier.entries()) {
      const sql = readFileSync(`migrations/${name}.sql`, 'utf8').replaceAll('\r\n', '\n');
      await client.query(sql);
      await client.query('insert into todo_admin.migrations (number, name, checksum) values ($1, $2, $3)', [
        number,
        name,
        createHash('sha256').update(sql).digest('hex'),
      ]);
    }
  });
  return driver;
}

async function emptyEmbedded(): Promise<Driver> {
  const driver = await openEmbedded({ directory: null, timeoutMs: 5_000, prepare: true }, await PGlite.create());
  onTestFinished(() => driver.close());
  return driver;
}

let databases = 0;

async function emptyPostgres(): Promise<Driver> {
  const server = inject('postgresUrl');
  databases += 1;
  const name = `todo_earlier_${process.pid}_${databases}`;
  await withAdmin(server as string, (admin) => admin.query(`create database ${name}`));
  const config = databaseConfig(`${server}/${name}`);
  if (config.kind !== 'postgres') throw new Error(`${server} is not the URL of a PostgreSQL server`);
  const driver = openPostgres(config);
  onTestFinished(async () => {
    await driver.close();
    await withAdmin(server as string, (admin) => admin.query(`drop database ${name} with (force)`));
  });
  return driver;
}
