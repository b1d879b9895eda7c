/** The removal of API tokens that expired long ago, in small steps. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { removeInSteps } from '../runtime/background-jobs.ts';
import { expiredFor } from './expiry.ts';

/** Rows per step, so that a step holds its locks for a short time. */
const maxRows = 500;

/** Runs as the janitor, which sees expired rows only. */
const removeExpired: Statement = {
  name: 'tokens_remove_expired',
  text: `
    delete from todo.tokens where (owner_id, id) in (
      select owner_id, id from todo.tokens where expires_at < now() - ${expiredFor} limit ${maxRows}
    )
    returning true as removed`,
};

/**
 * @param stopped ends the removal after the current step
 * @returns the number of removed tokens
 */
export function deleteExpiredTokens(
  runAsJanitor: (statements: readonly BoundStatement[]) => Promise<object[]>,
  stopped?: AbortSignal,
): Promise<number> {
  return removeInSteps(
    async () => (await runAsJanitor([{ statement: removeExpired, values: [] }])).length,
    maxRows,
    stopped,
  );
}
