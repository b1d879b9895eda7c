/** The removal of history that is older than its lifetime, in small steps. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { setDays } from '../resource/retention.ts';
import { removeInSteps } from '../runtime/background-jobs.ts';

/** Rows per step, so that a step holds its locks for a short time. */
const maxRows = 500;

/** Runs as the janitor, which sees expired rows only. */
const removeExpired: Statement = {
  name: 'history_remove_expired',
  text: `
    delete from todo.changes where (owner_id, seq) in (
      select owner_id, seq from todo.changes where at < now() - make_interval(days => $1::integer) limit ${maxRows}
    )
    returning true as removed`,
};

/**
 * @param stopped ends the removal after the current step
 * @returns the number of removed changes
 */
export function removeExpiredHistory(
  runAsJanitor: (statements: readonly BoundStatement[]) => Promise<object[]>,
  historyDays: number,
  stopped?: AbortSignal,
): Promise<number> {
  const statements = [setDays('app.history_days', historyDays), { statement: removeExpired, values: [historyDays] }];
  return removeInSteps(async () => (await runAsJanitor(statements)).length, maxRows, stopped);
}
