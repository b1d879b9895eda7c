/** An empty PostgreSQL database of a login that is subject to the policies of its own tables. */
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Driver } from '../../src/database/driver.ts';
import { openPostgres } from '../../src/database/pg/postgres.ts';
import { roles } from '../../src/database/schema/roles.ts';
import { databaseConfig, withAdmin } from './databases.ts';
import { startPostgres } from './postgres-server.ts';

/** It is removed at the end of the test. `admin` is a superuser. */
export async function databaseOfPlainLogin(): Promise<{ driver: Driver; admin: pg.Client }> {
  const server = await startPostgres();
  onTestFinished(() => server.stop());
  await withAdmin(server.url, async (admin) => {
    for (const role of roles) await admin.query(`create role ${role} nologin`);
    await admin.query('create role plain login');
    await admin.query(`grant ${roles.join(', ')} to plain`);
    await admin.query('create database owned owner plain');
  });
  const config = databaseConfig(`postgres://plain@127.0.0.1:${server.port}/owned`);
  if (config.kind !== 'postgres') throw new Error('not a PostgreSQL server');
  const driver = openPostgres(config);
  onTestFinished(() => driver.close());
  const admin = new pg.Client({ connectionString: `${server.url}/owned` });
  await admin.connect();
  onTestFinished(() => admin.end());
  return { driver, admin };
}

/** The tables whose policies do not bind their owner. */
export async function tablesWithoutForce(admin: pg.Client): Promise<object[]> {
  const { rows } = await admin.query<object>(
    `select relname from pg_class where relnamespace = 'todo'::regnamespace and relkind = 'r' and not relforcerowsecurity`,
  );
  return rows;
}
