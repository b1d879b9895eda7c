/** The removal of expired idempotency keys, in small steps. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { removeInSteps } from '../runtime/background-jobs.ts';
import { retention } from './retention.ts';

/** Rows per step, so that a step holds its locks for a short time. */
const maxRows = 500;

/** Runs as the janitor, the database role that sees expired rows only. */
const deleteExpired: Statement = {
  name: 'idempotency_sweep',
  text: `
    with expired as (
      select owner_id, key from todo.idempotency_keys
      where created_at < now() - ${retention}
      limit ${maxRows} for update skip locked
    )
    delete from todo.idempotency_keys as keys using expired
    where keys.owner_id = expired.owner_id and keys.key = expired.key
    returning true as removed`,
};

/** Runs statements as the janitor, in one transaction, and returns the rows of the last one. */
export type RunAsJanitor = (statements: readonly BoundStatement[]) => Promise<object[]>;

/**
 * Removes the keys that have expired by now.
 *
 * @param stopped ends the removal after the current step
 * @returns the number of removed keys
 */
export function deleteExpiredKeys(run: RunAsJanitor, stopped?: AbortSignal): Promise<number> {
  return removeInSteps(async () => (await run([{ statement: deleteExpired, values: [] }])).length, maxRows, stopped);
}
