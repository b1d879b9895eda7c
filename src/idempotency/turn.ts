/** The turn of a user's writes: one at a time, on all servers of a database. */
import type { BoundStatement } from '../database/statement.ts';
import { type Quotas, quotaValues, setQuotas } from '../quotas/quotas.ts';
import { writeStatement } from '../resource/mutation-statement.ts';
import { lockSeeds } from './lock-seeds.ts';

/**
 * Waits until the user's other writes have ended, and holds the turn until this one ends. It is the first lock that a
 * write waits for, so writes cannot deadlock. The statements after it see what the writes before it committed (READ
 * COMMITTED). Their times (`statement_timestamp`) are in the order of the commits, so a client that asks for changes
 * since the last `updated_at` misses none.
 * A replay, and a request whose key is in use, do not wait. The quotas hold for the statements after it.
 */
const take = writeStatement<object[]>(
  'writes_take_turn',
  (notReplayed) => `
    select pg_advisory_xact_lock(hashtextextended($1, ${lockSeeds.turn})), ${setQuotas(2)} where ${notReplayed}`,
);

/** Precedes the statements of a write. */
export function takeTurn(ownerId: string, quotas: Quotas): BoundStatement {
  return { statement: take, values: [ownerId, ...quotaValues(quotas)] };
}
