/** Removing expired idempotency keys, a few at a time. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Statement } from '../database/statement.ts';

/** Rows a step: few enough to be over before anybody waits for them. */
const step = 500;
const pauseMs = 200;

/** Runs as the janitor, who can see expired rows only. */
const sweep: Statement = {
  name: 'idempotency_sweep',
  text: `
    with expired as (
      select owner_id, key from todo.idempotency_keys
      where created_at < now() - interval '24 hours'
      limit ${step} for update skip locked
    )
    delete from todo.idempotency_keys as keys using expired
    where keys.owner_id = expired.owner_id and keys.key = expired.key
    returning true as removed`,
};

/** Runs a statement as the janitor and gives its rows. */
export type RunAsJanitor = (statement: Statement) => Promise<object[]>;

/** Removes what has expired by now. Stops early when `stopped`. */
export async function deleteExpiredKeys(run: RunAsJanitor, stopped?: AbortSignal): Promise<number> {
  for (let removed = 0; ; ) {
    const { length } = await run(sweep);
    removed += length;
    if (length < step || stopped?.aborted) return removed;
    await delay(pauseMs, undefined, stopped && { signal: stopped }).catch(() => {});
  }
}
