/** A database that holds what a benchmark needs. */

import { loadConfig } from '../src/config/load.ts';
import { openDatabase } from '../src/database/database.ts';
import type { QueryClient } from '../src/database/driver.ts';
import { openDriver } from '../src/database/open-driver.ts';
import { type Filling, fill } from './fill.ts';
import type { Users } from './kinds.ts';

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
  const { database: config } = loadConfig({
    DATABASE_URL: url,
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: 'http://localhost/',
    AUTH_ISSUER: '*',
    AUTH_AUDIENCE: '*',
  });
  const driver = await openDriver(config);
  const database = openDatabase(config, driver);
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

/** The users that requests are made for, and their tasks. */
export async function usersOf(client: QueryClient): Promise<Users> {
  const names = Array.from({ length: 50 }, (_, index) => `other-${index}`);
  const { rows } = await client.query(
    'select owner_id, array_agg(id::text) as ids from todo.tasks where owner_id = any ($1) group by 1',
    [names],
  );
  return Object.fromEntries(rows.map(({ owner_id, ids }) => [owner_id, ids]));
}
