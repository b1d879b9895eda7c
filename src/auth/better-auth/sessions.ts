/** Bounds for the stored sessions: a maximum per user, and the removal of expired ones. */
import type { IssuerDatabase } from './issuer-database.ts';

/** Maximum sessions per user. */
export const maxSessionsPerUser = 50;

/** Ends the oldest sessions of a user above the maximum. */
export async function endOldestSessions(database: IssuerDatabase, userId: string): Promise<void> {
  await database.query(
    `delete from todo_auth.session where id in (
       select id from todo_auth.session where user_id = $1
       order by created_at desc, id desc offset ${maxSessionsPerUser})`,
    [userId],
  );
}

const rowsPerStep = 1_000;
const stepsPerRun = 20;

/** The tables whose rows expire. */
const expiringTables = ['session', 'verification'] as const;

/**
 * A background job that removes expired sessions and verifications. It reads a table by its primary key in small steps, so
 * it needs no other index, and continues in its next run. It does nothing if the issuer has not used the database since
 * the last run, because the queries would keep a suspended database awake.
 */
export function createSessionCleanup(database: IssuerDatabase): () => Promise<void> {
  let requestsAtLastRun = 0;
  const positions = new Map<string, string>();

  async function cleanUp(table: (typeof expiringTables)[number]): Promise<void> {
    for (let step = 0; step < stepsPerRun; step += 1) {
      const last = await removeExpired(database, table, positions.get(table) ?? '');
      positions.set(table, last ?? '');
      if (last === null) return;
    }
  }

  return async () => {
    if (database.requests === requestsAtLastRun) return;
    requestsAtLastRun = database.requests;
    for (const table of expiringTables) await cleanUp(table);
  };
}

/** Removes the expired rows among the next ones after an id. Returns the last id, or null at the end of the table. */
async function removeExpired(database: IssuerDatabase, table: string, after: string): Promise<string | null> {
  const { rows } = await database.query<{ last: string | null; count: number }>(
    `with step as materialized (
       select id, expires_at from todo_auth.${table} where id > $1 order by id limit ${rowsPerStep}
     ), removed as (
       delete from todo_auth.${table} where id in (select id from step where expires_at <= now())
     )
     select max(id) as last, count(*)::integer as count from step`,
    [after],
  );
  const [row] = rows;
  return row && row.count === rowsPerStep ? row.last : null;
}
