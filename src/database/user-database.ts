/** Access to user data: every statement runs as the user that it is for. */
import type { DatabaseConfig } from '../config/config.ts';
import type { Principal } from '../principal.ts';
import type { Driver, ObserveRoundTrip, Session, StatementError } from './driver.ts';
import { databaseProblem, errorCode, isLostConnection, isRetryable, isWriteStopped, notReady } from './errors.ts';
import type { Access } from './pg/fair-queue.ts';
import type { BoundStatement, Row, RowsOf } from './statement.ts';

export interface UserDatabase {
  /**
   * Runs statements as the user, in order, in one transaction and one round trip.
   *
   * @param ifLost what to do if the connection is lost and the statements may have been committed
   * @param access a write waits until the user's other writes in this process have ended
   * @returns the rows of each statement
   * @throws ProblemError database_unavailable, overloaded, timeout or internal_error. For the caller to translate:
   *   RefusedValueError if PostgreSQL rejected a value, WriteStoppedError if a statement stopped the write
   */
  run<const Statements extends readonly BoundStatement[]>(
    principal: Principal,
    statements: Statements,
    ifLost?: IfLost,
    access?: Access,
  ): Promise<RowsOf<Statements>>;

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

  /** The error with the index of its statement among those from `start` on. */
  after(start: number): RefusedValueError {
    return new RefusedValueError(this.cause as StatementError, this.statement - start);
  }
}

/** A statement called `todo.stop_write`. Its transaction was rolled back, and the statements after it did not run. */
export class WriteStoppedError extends Error {
  override readonly name = 'WriteStoppedError';
  readonly reason: string;
  /** Index of the caller's statement, from 0. */
  readonly statement: number;
  /** The rows of the statements before it. */
  readonly rows: readonly Row[][];

  constructor(cause: StatementError, statement: number, rows = cause.completed ?? []) {
    super('a statement stopped the write', { cause });
    this.reason = cause.constraint ?? '';
    this.statement = statement;
    this.rows = rows;
  }

  /** The rows of a statement before it. */
  rowsOf<Row extends object>(statement: number): Row[] {
    return (this.rows[statement] ?? []) as Row[];
  }

  /** The error with the index and the rows of the statements from `start` on. */
  after(start: number): WriteStoppedError {
    return new WriteStoppedError(this.cause as StatementError, this.statement - start, this.rows.slice(start));
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
  config: Pick<DatabaseConfig, 'timeoutMs'>,
  isReady: () => boolean,
  observer = noObserver,
): UserDatabase {
  const runInSession = createRunInSession(driver, config, isReady, observer);
  return {
    run: ({ userId }, statements, ifLost = 'fail', access = 'read') =>
      runInSession({ role: 'user', userId, access }, statements, ifLost),

    isWriting: ({ userId }) => driver.pool.isWriting(userId),
  };
}

/** Runs statements as a role. The retries and the errors are those of `UserDatabase.run`. */
export type RunInSession = <const Statements extends readonly BoundStatement[]>(
  session: Session,
  statements: Statements,
  ifLost: IfLost,
) => Promise<RowsOf<Statements>>;

/** The parameters are those of `createUserDatabase`. */
export function createRunInSession(
  driver: Driver,
  { timeoutMs }: Pick<DatabaseConfig, 'timeoutMs'>,
  isReady: () => boolean,
  observer = noObserver,
): RunInSession {
  const observe: ObserveRoundTrip = (statements, send) => observer.observe(statements, send);
  return (session, statements, ifLost) => withRetries(ifLost, () => driver.batch(session, statements, observe));

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
        throw translated(error);
      }
    }
  }
}

function translated(error: unknown): Error {
  const code = errorCode(error) ?? '';
  const { failedStatement } = error as StatementError;
  if (failedStatement === undefined) return databaseProblem(error);
  if (isWriteStopped(error)) return new WriteStoppedError(error as StatementError, failedStatement);
  return /^2[23]/.test(code) ? new RefusedValueError(error as StatementError, failedStatement) : databaseProblem(error);
}
