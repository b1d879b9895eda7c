/** A database that holds what a benchmark needs. */

import type { DatabaseConfig } from '../src/config/config.ts';
import { loadConfig } from '../src/config/load.ts';
import { openDatabase } from '../src/database/database.ts';
import type { QueryClient } from '../src/database/driver.ts';
import { openDriver } from '../src/database/open-driver.ts';
import { derivedData } from '../src/tasks/derived-data.ts';
import { type Filling, fill } from './fill.ts';
import type { ReadersAndWriters, Users } from './kinds.ts';

/** @param url as in `DATABASE_URL` */
export function databaseConfigOf(url: string): DatabaseConfig {
  return loadConfig({
    DATABASE_URL: url,
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: 'http://localhost/',
    AUTH_ISSUER: '*',
    AUTH_AUDIENCE: '*',
  }).database;
}

/**
 * Brings an empty database to the schema of this version, and fills it.
 *
 * @param url as in `DATABASE_URL`
 * @param look what to ask of it before it is closed
 */
export async function fillDatabase<Result>(
  url: string,
  filling: Filling,
  look: (client: QueryClient) => Promise<Result>,
): Promise<Result> {
  const config = databaseConfigOf(url);
  const driver = await openDriver(config);
  // Otherwise the first server would derive the words of all tasks again.
  const database = openDatabase(config, driver, undefined, derivedData);
  try {
    await database.prepare();
    return await driver.withMigrationClient(async (client) => {
      await fill(client, filling);
      return look(client);
    });
  } finally {
    await database.close();
  }
}

/** Some of the users that requests are made for, and their tasks. */
export async function usersOf(client: QueryClient, { first = 0, count = 50 } = {}): Promise<Users> {
  const names = Array.from({ length: count }, (_, index) => `other-${first + index}`);
  const { rows } = await client.query(
    'select owner_id, array_agg(id::text) as ids from todo.tasks where owner_id = any ($1) group by 1',
    [names],
  );
  return Object.fromEntries(rows.map(({ owner_id, ids }) => [owner_id, ids]));
}

/** @param count of the readers, and of the writers */
export async function readersAndWriters(client: QueryClient, count = 50): Promise<ReadersAndWriters> {
  return {
    readers: await usersOf(client, { count }),
    writers: await usersOf(client, { first: count, count }),
  };
}
