/** The permanent deletion of what has been in the trash too long, and the removal of old tombstones, in small steps. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { UserDatabase } from '../database/user-database.ts';
import { takeTurn } from '../idempotency/turn.ts';
import { principalOf } from '../principal.ts';
import type { Quotas } from '../quotas/quotas.ts';
import { newChangeSetOf } from '../resource/change.ts';
import { setDays, tombstoneDays } from '../resource/retention.ts';
import { removeInSteps } from '../runtime/background-jobs.ts';
import { purgeExpired } from './statements.ts';

const maxOwners = 100;
const maxRows = 500;

/** Runs as the janitor, which sees expired rows only, and no content. */
const findOwners: Statement<{ readonly owner_id: string }[]> = {
  name: 'trash_find_owners',
  text: `select distinct owner_id from todo.deleted limit ${maxOwners}`,
};

/**
 * Removes tombstones. A client whose cursor is older than a removed tombstone must start again, which `forgotten` tells.
 * They are removed in the order of their numbers.
 */
const forget: Statement<[{ readonly count: number }]> = {
  name: 'trash_forget_tombstones',
  text: `
    with expired as (
      select resource, id, seq from todo.deleted
      where owner_id = $1 and content is null and deleted_at < now() - interval '${tombstoneDays} days'
      order by seq limit ${maxRows}
    ), removed as (
      delete from todo.deleted as deleted using expired
      where deleted.owner_id = $1 and deleted.resource = expired.resource and deleted.id = expired.id
      returning 1
    ), raised as (
      update todo.heads as head set forgotten = greatest(forgotten, (select max(seq) from expired))
      where owner_id = $1 and exists (select from expired)
    )
    select count(*) as count from removed`,
};

export interface TrashRetention {
  readonly database: UserDatabase;
  readonly runAsJanitor: (statements: readonly BoundStatement[]) => Promise<object[]>;
  readonly quotas: Quotas;
  readonly trashDays: number;
}

/**
 * Deletes permanently what has been in the trash for more than `trashDays`, and removes tombstones after `tombstoneDays`.
 * The janitor finds the users. The rest runs as each user, in the user's turn, like a request.
 *
 * @param stopped ends it after the current step
 * @returns the number of rows changed or removed
 */
export async function deleteExpiredTrash(retention: TrashRetention, stopped?: AbortSignal): Promise<number> {
  const { runAsJanitor, trashDays } = retention;
  for (let total = 0; ; ) {
    const owners = await runAsJanitor([setDays('app.trash_days', trashDays), { statement: findOwners, values: [] }]);
    let changed = 0;
    for (const { owner_id } of owners as { readonly owner_id: string }[]) {
      if (stopped?.aborted) break;
      changed += await deleteExpiredOf(owner_id, retention, stopped);
    }
    total += changed;
    if (changed === 0 || stopped?.aborted) return total;
  }
}

function deleteExpiredOf(
  ownerId: string,
  { database, quotas, trashDays }: TrashRetention,
  stopped: AbortSignal | undefined,
): Promise<number> {
  const step = async () => {
    const change = newChangeSetOf(ownerId);
    const statements = [
      takeTurn(change, { quotas, hasTrash: true }),
      purgeExpired(change, trashDays, maxRows),
      { statement: forget, values: [ownerId] },
    ] as const;
    const [, [purged], [forgotten]] = await database.run(principalOf(ownerId), statements, 'fail', 'write');
    return Math.max(purged.count, forgotten.count);
  };
  return removeInSteps(step, maxRows, stopped);
}
