/** Access to user data: every statement runs as the user that it is for. */
import type { DatabaseConfig } from '../config/config.ts';
import type { Principal } from '../principal.ts';
import type { Decision, Driver, ObserveRoundTrip, StatementError } from './driver.ts';
import { databaseProblem, errorCode, isLostConnection, isRetryable, notReady } from './errors.ts';
import type { Access } from './pg/fair-queue.ts';
import type { BoundStatement, RowsOf } from './statement.ts';

export interface UserDatabase {
  /**
   * Runs statements as the user, in order, in one transaction and one round trip.
   *
   * @param ifLost what to do if the connection is lost and the statements may have been committed
   * @param access a write waits until the user's other writes in this process have ended
   * @returns the rows of each statement
   * @throws ProblemError database_unavailable, overloaded, timeout or internal_error; RefusedValueError if PostgreSQL
   *   rejected a value, for the caller to translate
   */
  run<const Statements extends readonly BoundStatement[]>(
    principal: Principal,
    statements: Statements,
    ifLost?: IfLost,
    access?: Access,
  ): Promise<RowsOf<Statements>>;

  /**
   * Runs a write as the user, passes its rows to `decide`, and commits or rolls back. This takes two round trips for any
   * number of statements. It waits until the user's other writes in this process have ended.
   *
   * @param decide receives the rows of each statement and returns how the transaction ends; if it throws, everything is
   *   rolled back
   * @throws the errors of `run`, and the errors of `decide`
   */
  transact<const Statements extends readonly BoundStatement[], Value>(
    principal: Principal,
    statements: Statements,
    decide: (rows: RowsOf<Statements>) => Decision<Value>,
    ifLost?: IfLost,
  ): Promise<Value>;

  /** Whether a write of the user is in progress or waits in this process, so that another one would wait. */
  isWriting(principal: Principal): boolean;
}

/** `repeat` is for operations that are safe to run twice: reads, and writes with an idempotency key. */
export type IfLost = 'fail' | 'repeat';

/** PostgreSQL rejected a value: it violates a constraint or is not valid for its type (SQLSTATE classes 22 and 23). */
export class RefusedValueError extends Error {
  override readonly name = 'RefusedValueError';
  readonly code: string;
  readonly constraint: string | undefined;
  /** Index of the caller's statement, from 0. */
  readonly statement: number;

  constructor(cause: StatementError, statement: number) {
    super('PostgreSQL rejected a value', { cause });
    this.code = cause.code ?? '';
    this.constraint = cause.constraint;
    this.statement = statement;
  }
}

/** Observes the round trips and retries on user data, for metrics and traces. */
export interface QueryObserver {
  readonly observe: ObserveRoundTrip;
  /** A transaction was rolled back or a connection was lost, and the statements are sent again. */
  onRetry(): void;
}

const noObserver: QueryObserver = { observe: (_statements, send) => send(), onRetry: () => {} };

/** Including the first attempt, for transactions that PostgreSQL rolled back. */
const maxAttempts = 3;

/** @param isReady whether the schema is prepared and verified; statements are rejected before */
export function createUserDatabase(
  driver: Driver,
  { timeoutMs }: Pick<DatabaseConfig, 'timeoutMs'>,
  isReady: () => boolean,
  observer = noObserver,
): UserDatabase {
  const observe: ObserveRoundTrip = (statements, send) => observer.observe(statements, send);

  return {
    run: ({ userId }, statements, ifLost = 'fail', access = 'read') =>
      withRetries(ifLost, () => driver.batch({ role: 'user', userId, access }, statements, observe)),

    transact: ({ userId }, statements, decide, ifLost = 'fail') =>
      withRetries(ifLost, () =>
        driver.transaction({ role: 'user', userId, access: 'write' }, statements, decide, observe),
      ),

    isWriting: ({ userId }) => driver.pool.isWriting(userId),
  };

  async function withRetries<Result>(ifLost: IfLost, work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    let canRepeat = ifLost === 'repeat';
    if (!isReady()) throw notReady();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const isRolledBack = isRetryable(error) && attempt < maxAttempts;
        // Once, and only while the time for an answer is not over.
        const isLost = canRepeat && isLostConnection(error) && performance.now() - start < timeoutMs;
        if (isLost) canRepeat = false;
        if (isRolledBack || isLost) {
          observer.onRetry();
          continue;
        }
        throw isRefusedValue(error) ? new RefusedValueError(error, error.failedStatement) : databaseProblem(error);
      }
    }
  }
}

function isRefusedValue(error: unknown): error is StatementError & { failedStatement: number } {
  return /^2[23]/.test(errorCode(error) ?? '') && (error as StatementError).failedStatement !== undefined;
}
