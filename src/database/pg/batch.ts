/** Batches and transactions on a connection pool. */
import { ProblemError } from '../../problems/problem.ts';
import type { Decision, Driver, ObserveRoundTrip, Session, StatementError } from '../driver.ts';
import { leavesConnectionUsable } from '../errors.ts';
import type { BoundStatement, Row, RowsOf } from '../statement.ts';
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

const [begin, commit, rollback] = ['begin', 'commit', 'rollback'].map(
  (text): BoundStatement => ({ statement: { name: text, text }, values: [] }),
) as [BoundStatement, BoundStatement, BoundStatement];

const unobserved: ObserveRoundTrip = (_statements, send) => send();

/** The part of the driver that runs statements on users' data. */
export function createBatches(
  pool: ConnectionPool,
  { prepare, timeoutMs }: BatchOptions,
): Pick<Driver, 'batch' | 'transaction'> {
  return {
    batch: <const Statements extends readonly BoundStatement[]>(
      session: Session,
      statements: Statements,
      observe = unobserved,
    ) =>
      withConnection(pool, session, async (connection) => {
        const rows = await send(connection, observe, [sessionScope(connection, session, timeoutMs)], statements);
        return rows as RowsOf<Statements>;
      }),

    transaction: <const Statements extends readonly BoundStatement[], Value>(
      session: Session,
      statements: Statements,
      decide: (rows: RowsOf<Statements>) => Decision<Value>,
      observe = unobserved,
    ) =>
      withConnection(pool, session, async (connection) => {
        try {
          const prelude = [begin, sessionScope(connection, session, timeoutMs)];
          const rows = await send(connection, observe, prelude, statements);
          const decision = decide(rows as RowsOf<Statements>);
          await send(
            connection,
            observe,
            [],
            decision.end === 'commit' ? [...decision.finalStatements, commit] : [rollback],
          );
          return decision.value;
        } catch (error) {
          if (isUsableAfter(error)) await connection.runPipeline([rollback], prepare);
          throw error;
        }
      }),
  };

  /**
   * Sends the prelude and the caller's statements. Only the latter count in the result and in the index of an error.
   */
  async function send(
    connection: PooledConnection,
    observe: ObserveRoundTrip,
    prelude: readonly BoundStatement[],
    statements: readonly BoundStatement[],
  ): Promise<Row[][]> {
    const all = [...prelude, ...statements];
    try {
      const rows = await observe(all, () => connection.runPipeline(all, prepare));
      return rows.slice(prelude.length);
    } catch (error) {
      const { failedStatement } = error as StatementError;
      if (failedStatement === undefined) throw error;
      throw Object.assign(error as Error, { failedStatement: failedStatement - prelude.length });
    }
  }
}

async function withConnection<Result>(
  pool: ConnectionPool,
  session: Session,
  work: (connection: PooledConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await (session.role === 'user'
    ? pool.connect(session.userId ?? sharedFlows.server, session.access)
    : pool.connect());
  let isUsable = false;
  try {
    const result = await work(connection);
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = isUsableAfter(error);
    throw error;
  } finally {
    // After a timeout or a lost connection, its state is unknown: no other request may use it.
    connection.release(!isUsable);
  }
}

/** A `ProblemError` comes from the caller's decision, not from the connection. */
function isUsableAfter(error: unknown): boolean {
  return error instanceof ProblemError || leavesConnectionUsable(error);
}
