/** Client for one migration run: a connection outside of the pool, with a long query timeout. */
import pg from 'pg';

/** For one statement of a migration. It includes the wait for a migration of another server. */
export const migrationTimeoutMs = 600_000;

export function createMigrationClient(config: pg.ClientConfig): pg.Client {
  const client = new pg.Client({ ...config, query_timeout: migrationTimeoutMs });
  // Without a listener, an error on a connection ends the process. The query in progress is rejected with it anyway.
  client.on('error', () => {});
  return client;
}
