/**
 * Maintenance of the embedded database: checkpoints and vacuum, which a PostgreSQL server runs in background processes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Driver } from '../driver.ts';

/**
 * Each round makes a checkpoint, because the write-ahead log grows with every write. A vacuum is needed less often. The first
 * round has one, because a new database has no statistics, and PostgreSQL plans for empty tables without them.
 */
const roundsPerVacuum = 10;

/** Maximum wait before each step for a moment in which no request uses the database. */
const maxWaitMs = 5_000;

/**
 * @param useCount returns a number that grows with each use of the database; an unused database is skipped
 * @returns one round of maintenance
 */
export function createMaintenance(
  pool: Driver['pool'],
  withClient: Driver['withMigrationClient'],
  useCount: () => number,
): (stopped: AbortSignal) => Promise<void> {
  let rounds = 0;
  let lastUseCount = 0;

  return async (stopped) => {
    if (useCount() === lastUseCount) return;
    if (rounds % roundsPerVacuum === 0) {
      const names = await tables(pool);
      for (const name of names) for (const verb of ['vacuum', 'analyze']) await step(`${verb} ${name}`, stopped);
    }
    rounds += 1;
    await step('checkpoint', stopped);
    lastUseCount = useCount();
  };

  /** Checks out a connection for each step, so that requests run between two steps. */
  async function step(text: string, stopped: AbortSignal): Promise<void> {
    for (const end = Date.now() + maxWaitMs; isBusy(pool) && Date.now() < end && !stopped.aborted; ) {
      await delay(50, undefined, { signal: stopped }).catch(() => {});
    }
    if (!stopped.aborted) await withClient((client) => client.query(text));
  }
}

function isBusy(pool: Driver['pool']): boolean {
  return pool.waitingCount > 0 || pool.totalCount > pool.idleCount;
}

async function tables(pool: Driver['pool']): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname ~ '^todo'",
  );
  return rows.map(({ name }) => name);
}
