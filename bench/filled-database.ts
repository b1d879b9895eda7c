/** Database with test data for a benchmark. */
import type pg from 'pg';
import { loadConfig } from '../src/config/load.ts';
import { openDatabase } from '../src/database/database.ts';
import type { QueryClient } from '../src/database/driver.ts';
import { openDriver } from '../src/database/open-driver.ts';
import { type Filling, fill } from './fill.ts';
import type { Users } from './kinds.ts';

/**
 * Migrates an empty database and fills it with test data.
 *
 * @param url as in `DATABASE_URL`
 * @param read reads from the database before it is closed
 */
export async function fillDatabase<Result>(
  url: string,
  filling: Filling,
  read: (client: pg.ClientBase) => Promise<Result>,
): Promise<Result> {
  const { database: config } = loadConfig({ DATABASE_URL: url, AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'http://localhost/' });
  const driver = await openDriver(config);
  const database = openDatabase(config, driver);
  try {
    await database.prepare();
    return await driver.withMigrationClient(async (client) => {
      await fill(client, filling);
      return read(client);
    });
  } finally {
    await database.close();
  }
}

/** The users of the requests, with the ids of their tasks. */
export async function usersOf(client: pg.ClientBase): Promise<Users> {
  const names = Array.from({ length: 50 }, (_, index) => `other-${index}`);
  const { rows } = await client.query(
    'select owner_id, array_agg(id::text) as ids from todo.tasks where owner_id = any ($1) group by 1',
    [names],
  );
  return Object.fromEntries(rows.map(({ owner_id, ids }) => [owner_id, ids]));
}
