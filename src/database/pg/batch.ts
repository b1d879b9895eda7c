/** Batches of statements on a connection pool. */
import type { Driver, Session, StatementError } from '../driver.ts';
import { leavesConnectionUsable } from '../errors.ts';
import type { BoundStatement, RowsOf } from '../statement.ts';
import { sharedFlows } from './fair-queue.ts';
import type { ConnectionPool } from './pool.ts';
import type { PooledConnection } from './pooled-connection.ts';
import { sessionScope } from './user-scope.ts';

export interface BatchOptions {
  /** Whether statements are kept prepared on a connection under their names. */
  readonly prepare: boolean;
  /** Statement timeout in milliseconds, for sessions that have no such setting of their own. */
  readonly timeoutMs: number;
}

/** The part of the driver that runs statements on users' data. */
export function createBatch(pool: ConnectionPool, { prepare, timeoutMs }: BatchOptions): Driver['batch'] {
  return <const Statements extends readonly BoundStatement[]>(
    session: Session,
    statements: Statements,
    observe: Parameters<Driver['batch']>[2] = (_statements, send) => send(),
  ) =>
    withConnection(pool, session, async (connection) => {
      const all = [sessionScope(connection, session, statements, timeoutMs), ...statements];
      try {
        const [, ...rows] = await observe(all, () => connection.runPipeline(all, prepare));
        return rows as RowsOf<Statements>;
      } catch (error) {
        throw withoutScope(error as StatementError);
      }
    });
}

/** Only the caller's statements count in the index of an error and in the rows before it. */
function withoutScope(error: StatementError): StatementError {
  const { failedStatement, completed } = error;
  if (failedStatement === undefined) return error;
  return Object.assign(error, { failedStatement: failedStatement - 1, completed: completed?.slice(1) });
}

function connect(pool: ConnectionPool, session: Session): Promise<PooledConnection> {
  if (session.role === 'user') return pool.connect(session.userId ?? sharedFlows.server, session.access);
  return pool.connect(session.role === 'authenticator' ? sharedFlows.authenticator : sharedFlows.server);
}

async function withConnection<Result>(
  pool: ConnectionPool,
  session: Session,
  work: (connection: PooledConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await connect(pool, session);
  let isUsable = false;
  try {
    const result = await work(connection);
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = leavesConnectionUsable(error);
    throw error;
  } finally {
    // After a timeout or a lost connection, its state is unknown: no other request may use it.
    connection.release(!isUsable);
  }
}
