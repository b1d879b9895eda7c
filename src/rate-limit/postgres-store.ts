/** Fixed-window counters in PostgreSQL, shared by all servers, at the cost of one extra round trip per request. */
import type { Database } from '../database/database.ts';
import { databaseProblem, notReady } from '../database/errors.ts';
import { type Counter, minuteMs, rateLimitResult } from './fixed-window.ts';

const consumeStatement = `
  insert into todo_admin.rate_limits as limits (key, window_ends, count)
  values ($1, now() + $2 * interval '1 millisecond', 1)
  on conflict (key) do update
  set count = case when limits.window_ends <= now() then 1 else limits.count + 1 end,
      window_ends = case when limits.window_ends <= now() then excluded.window_ends else limits.window_ends end
  returning count, extract(epoch from window_ends - now()) * 1000 as ms_left`;

const deleteExpiredWindows = `
  delete from todo_admin.rate_limits where key in (
    select key from todo_admin.rate_limits where window_ends <= now() limit 1000 for update skip locked)`;

export interface PostgresCounter extends Counter {
  /** Deletes at most 1,000 windows that have ended. */
  deleteExpired(): Promise<void>;
}

export function createPostgresCounter(quota: number, database: Database): PostgresCounter {
  return {
    async consume(key) {
      if (!database.isReady) throw notReady();
      try {
        const { rows } = await database.pool.query<{ count: number; ms_left: string }>(
          consumeStatement,
          [key, minuteMs],
          // The key is the id of the user.
          key,
        );
        const [{ count, ms_left }] = rows as [{ count: number; ms_left: string }];
        return rateLimitResult(quota, minuteMs, count, Number(ms_left));
      } catch (error) {
        throw databaseProblem(error);
      }
    },
    async deleteExpired() {
      await database.pool.query(deleteExpiredWindows);
    },
  };
}
