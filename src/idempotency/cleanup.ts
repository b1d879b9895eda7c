/** The removal of expired idempotency keys, in small steps. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Statement } from '../database/statement.ts';
import { retention } from './retention.ts';

/** Rows per step, so that a step holds its locks for a short time. */
const maxRows = 500;
const pauseMs = 200;

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

/** Runs a statement as the janitor and returns its rows. */
export type RunAsJanitor = (statement: Statement) => Promise<object[]>;

/**
 * Removes the keys that have expired by now.
 *
 * @param stopped ends the removal after the current step
 * @returns the number of removed keys
 */
export async function deleteExpiredKeys(run: RunAsJanitor, stopped?: AbortSignal): Promise<number> {
  for (let removed = 0; ; ) {
    const { length } = await run(deleteExpired);
    removed += length;
    if (length < maxRows || stopped?.aborted) return removed;
    await delay(pauseMs, undefined, stopped && { signal: stopped }).catch(() => {});
  }
}
