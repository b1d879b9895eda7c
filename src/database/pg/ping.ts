/** Whether the database answers, asked by many and of the database once at a time. */
import type pg from 'pg';
import { withTimeout } from '../../runtime/timeout.ts';

/** A database that takes longer than this is none that requests should be sent to. */
export const pingTimeoutMs = 2_000;

/** @returns rejects where the database does not answer in time; probes that come together share one question */
export function createPing(pool: pg.Pool): () => Promise<void> {
  let pending: Promise<void> | null = null;
  const ask = async () => {
    await pool.query('select 1');
  };
  return async () => {
    pending ??= ask().finally(() => {
      pending = null;
    });
    await withTimeout(pending, pingTimeoutMs, `the database has not answered within ${pingTimeoutMs} ms`);
  };
}
