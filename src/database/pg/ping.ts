/** Health check of the database. Concurrent checks share one query. */
import { withTimeout } from '../../runtime/timeout.ts';
import type { ConnectionPool } from './pool.ts';

/** A server whose database is slower than this should receive no requests. */
export const pingTimeoutMs = 2_000;

/** @returns a check that rejects if the database does not answer in time */
export function createPing(pool: ConnectionPool): () => Promise<void> {
  let pending: Promise<void> | null = null;
  const ping = async () => {
    await pool.query('select 1');
  };
  return async () => {
    pending ??= ping().finally(() => {
      pending = null;
    });
    await withTimeout(pending, pingTimeoutMs, `the database has not answered within ${pingTimeoutMs} ms`);
  };
}
