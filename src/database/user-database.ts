/** The only way to users' data: statements that run as the user they are for. */
import type pg from 'pg';
import type { DatabaseConfig } from '../config/config.ts';
import type { Principal } from '../principal.ts';
import { ProblemError } from '../problems/problem.ts';
import {
  databaseProblem,
  errorCode,
  isLostConnection,
  isRetryable,
  leavesConnectionUsable,
  notReady,
} from './errors.ts';
import { Pipeline } from './pg/pipeline.ts';
import { janitorScope, userScope } from './pg/user-scope.ts';
import type { BoundStatement, Row, RowsOf, Statement } from './statement.ts';

export interface UserDatabase {
  /**
   * Runs statements as the user, in order, all or nothing, in one round trip.
   *
   * @param ifLost what to do where the connection is lost on the way, and the statements may have been carried out
   * @returns the rows of each statement
   * @throws ProblemError database_unavailable, overloaded, timeout or internal_error; a `RefusedValueError` where values were
   *   refused, for the caller to make sense of
   */
  run<const Statements extends readonly BoundStatement[]>(
    principal: Principal,
    statements: Statements,
    ifLost?: IfLost,
  ): Promise<RowsOf<Statements>>;

  /**
   * Runs statements as the user, looks at what they gave, and commits or rolls back accordingly: two round trips,
   * however many statements there are.
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
}

/** `repeat` is for what may be done twice without harm: reads, and writes with an idempotency key. */
export type IfLost = 'fail' | 'repeat';

/** How a transaction ends, and the value that `transact` returns. The final statements run before the commit. */
export type Decision<Value> =
  | { readonly end: 'commit'; readonly finalStatements: readonly BoundStatement[]; readonly value: Value }
  | { readonly end: 'rollback'; readonly value: Value };

/** PostgreSQL refused a value: it breaks a constraint, or is none of its type (SQLSTATE classes 22 and 23). */
export class RefusedValueError extends Error {
  override readonly name = 'RefusedValueError';
  readonly code: string;
  readonly constraint: string | undefined;
  /** Which of the caller's statements it was, counted from 0. */
  readonly statement: number;

  constructor(cause: pg.DatabaseError, statement: number) {
    super('a value was refused', { cause });
    this.code = cause.code ?? '';
    this.constraint = cause.constraint;
    this.statement = statement;
  }
}

/** Told of each round trip on users' data, for metrics and traces. */
export interface QueryObserver {
  /** Does a round trip with these statements, and gives what it gives. */
  observe<Result>(statements: readonly BoundStatement[], runPipeline: () => Promise<Result>): Promise<Result>;
  /** A transaction was undone, or a connection lost, and it is tried again. */
  onRetry(): void;
}

const noObserver: QueryObserver = { observe: (_statements, runPipeline) => runPipeline(), onRetry: () => {} };

const attempts = 3;

const [begin, commit, rollback] = ['begin', 'commit', 'rollback'].map(
  (text): BoundStatement => ({ statement: { name: text, text }, values: [] }),
) as [BoundStatement, BoundStatement, BoundStatement];

/** @param isReady whether the schema is in place and guarded; nothing runs before */
export function createUserDatabase(
  pool: pg.Pool,
  { prepare, timeoutMs }: Pick<DatabaseConfig, 'prepare' | 'timeoutMs'>,
  isReady: () => boolean,
  observer = noObserver,
): UserDatabase {
  return {
    run: <const Statements extends readonly BoundStatement[]>(
      principal: Principal,
      statements: Statements,
      ifLost: IfLost = 'fail',
    ) =>
      attempt(ifLost, () =>
        withClient(
          pool,
          (client) =>
            observed(client, [userScope(client, principal.userId, timeoutMs), ...statements], 1) as Promise<
              RowsOf<Statements>
            >,
        ),
      ),

    transact: <const Statements extends readonly BoundStatement[], Value>(
      principal: Principal,
      statements: Statements,
      decide: (rows: RowsOf<Statements>) => Decision<Value>,
      ifLost: IfLost = 'fail',
    ) =>
      attempt(ifLost, () =>
        withClient(pool, async (client) => {
          try {
            const scope = userScope(client, principal.userId, timeoutMs);
            const rows = await observed(client, [begin, scope, ...statements], 2);
            const decision = decide(rows as RowsOf<Statements>);
            await observed(client, decision.end === 'commit' ? [...decision.finalStatements, commit] : [rollback]);
            return decision.value;
          } catch (error) {
            if (isUsableAfter(error)) await send(client, [rollback], prepare);
            throw error;
          }
        }),
      ),
  };

  function observed(client: pg.PoolClient, statements: readonly BoundStatement[], skippedRows = 0): Promise<Row[][]> {
    return observer.observe(statements, () => send(client, statements, prepare, skippedRows));
  }

  async function attempt<Result>(ifLost: IfLost, work: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    let repeats = ifLost === 'repeat' ? 1 : 0;
    if (!isReady()) throw notReady();
    for (let count = 1; ; count += 1) {
      try {
        return await work();
      } catch (error) {
        const isRolledBack = isRetryable(error) && count < attempts;
        // Once, and not where the time for an answer is over anyway.
        const isLost = isLostConnection(error) && performance.now() - start < timeoutMs && repeats-- > 0;
        if (isRolledBack || isLost) {
          observer.onRetry();
          continue;
        }
        throw error instanceof RefusedValueError ? error : databaseProblem(error);
      }
    }
  }
}

/**
 * One exchange on a connection of the pool.
 *
 * @param userId whose rows are seen; null for nobody's
 */
export function runPipeline(
  pool: pg.Pool,
  userId: string | null,
  statements: readonly BoundStatement[],
  prepare: boolean,
): Promise<Row[][]> {
  return withClient(pool, (client) => send(client, [userScope(client, userId), ...statements], prepare, 1));
}

/** Runs a statement as the janitor, who sees what has expired and nothing else. */
export async function runAsJanitor(pool: pg.Pool, statement: Statement, prepare: boolean): Promise<Row[]> {
  const [, rows = []] = await withClient(pool, (client) =>
    send(client, [janitorScope(client), { statement, values: [] }], prepare),
  );
  return rows;
}

async function withClient<Result>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let isUsable = false;
  try {
    const result = await work(client);
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = isUsableAfter(error);
    throw error;
  } finally {
    // What a connection is up to after a timeout or a cut is not known: it must not serve anybody else.
    client.release(!isUsable);
  }
}

function isUsableAfter(error: unknown): boolean {
  return error instanceof ProblemError || error instanceof RefusedValueError || leavesConnectionUsable(error);
}

/** @param skippedRows how many statements at the beginning are not the caller's, whose rows they do not get to see */
function send(
  client: pg.PoolClient,
  statements: readonly BoundStatement[],
  prepare: boolean,
  skippedRows = 0,
): Promise<Row[][]> {
  return new Promise((resolve, reject) => {
    const runPipeline = new Pipeline(statements, prepare, (error, results = []) => {
      if (error)
        reject(isRefusedValue(error) ? new RefusedValueError(error, error.failedStatement - skippedRows) : error);
      else resolve(results.slice(skippedRows));
    });
    client.query(runPipeline as unknown as pg.Submittable);
  });
}

function isRefusedValue(error: Error): error is pg.DatabaseError & { failedStatement: number } {
  return /^2[23]/.test(errorCode(error) ?? '');
}
