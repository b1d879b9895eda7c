/** What a PostgreSQL server has background processes for and the embedded one has not: checkpoints and vacuum. */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Connections } from '../connections.ts';

/** Vacuuming is for every so many turns, a checkpoint for each: the log of changes grows with every write. */
const roundsPerVacuum = 10;

/** How long to look for a moment in which nobody waits, before each step. */
const maxWaitMs = 5_000;

/**
 * @param used tells how often the database has been used, so that an idle one is left alone
 * @returns what is to be done about once a minute
 */
export function createMaintenance(
  pool: pg.Pool,
  withClient: Connections['withMigrationClient'],
  used: () => number,
): (stopped: AbortSignal) => Promise<void> {
  let rounds = 0;
  let usedBefore = 0;

  return async (stopped) => {
    if (used() === usedBefore) return;
    rounds += 1;
    if (rounds % roundsPerVacuum === 0) {
      const names = await tables(pool);
      for (const name of names) for (const verb of ['vacuum', 'analyze']) await step(`${verb} ${name}`, stopped);
    }
    await step('checkpoint', stopped);
    usedBefore = used();
  };

  /** A connection of its own for each: whoever has come in between goes first. */
  async function step(text: string, stopped: AbortSignal): Promise<void> {
    for (const end = Date.now() + maxWaitMs; isBusy(pool) && Date.now() < end && !stopped.aborted; ) {
      await delay(50, undefined, { signal: stopped }).catch(() => {});
    }
    if (!stopped.aborted) await withClient((client) => client.query(text));
  }
}

function isBusy(pool: pg.Pool): boolean {
  return pool.waitingCount > 0 || pool.totalCount > pool.idleCount;
}

async function tables(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname ~ '^todo'",
  );
  return rows.map(({ name }) => name);
}
