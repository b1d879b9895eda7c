/** The turn of a user's writes: one at a time, on all servers of a database. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { ChangeSet } from '../resource/change.ts';
import { setWriteSettings, type WriteOptions, writeSettings } from '../resource/write-settings.ts';
import { lockSeeds } from './lock-seeds.ts';

/** SQL that waits for the turn of the user `$1`. */
export const waitForTurn = `pg_advisory_xact_lock(hashtextextended($1, ${lockSeeds.turn}))`;

/**
 * Waits until the user's other writes have ended, and holds the turn until this one ends. It is the first lock that a
 * write waits for, so writes cannot deadlock. The statements after it see what the writes before it committed (READ
 * COMMITTED). Their times (`statement_timestamp`) are in the order of the commits, so a client that asks for changes
 * since the last `updated_at` misses none. The settings hold for the statements after it.
 */
const take: Statement = { name: 'writes_take_turn', text: `select ${waitForTurn}, ${setWriteSettings(2)}` };

/** Precedes the statements of a write without an idempotency key. */
export function takeTurn(change: ChangeSet, options: WriteOptions): BoundStatement {
  return { statement: take, values: [change.ownerId, ...writeSettings(change, options)] };
}
