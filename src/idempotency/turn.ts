/** One turn at a time for the writes of a user, on all servers of a database. */
import type { BoundStatement, Statement } from '../database/statement.ts';

/**
 * Waits until the user's other writes have ended, and holds the turn until this one has. It is the first lock that a
 * write waits for, so writes cannot wait for each other in a circle. The statements after it see what the writes before
 * it committed (READ COMMITTED). Their times (`statement_timestamp`) are in the order of the commits, so a client that
 * asks for changes since the last `updated_at` misses none. Other seeds are of locks for other purposes.
 */
const take: Statement = {
  name: 'writes_take_turn',
  text: 'select pg_advisory_xact_lock(hashtextextended($1, 1))',
};

/** What must stand before the statements of a write. */
export function takeTurn(ownerId: string): BoundStatement {
  return { statement: take, values: [ownerId] };
}
