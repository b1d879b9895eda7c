/** The embedded issuer's access to the database: one transaction per request, and a record of what failed in it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { databaseProblem, errorCode, leavesConnectionUsable } from '../../database/errors.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import type { PooledConnection } from '../../database/pg/pooled-connection.ts';
import { settings } from '../../database/pg/session-settings.ts';
import { ProblemError } from '../../problems/problem.ts';

/**
 * What Better Auth's adapter sends its queries to. Better Auth catches errors of its adapter in places, and answers 401
 * or even 200 then. So failures are recorded here, below Better Auth, where none is lost.
 */
export class IssuerDatabase {
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  readonly #requests = new AsyncLocalStorage<RequestTransaction>();

  /** @param timeoutMs for each statement of a transaction, where the session has no such setting of its own */
  constructor(pool: ConnectionPool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  /** Queries within the transaction of the current request; outside of a request, each for itself. */
  query<Row extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const request = this.#requests.getStore();
    return request ? request.query(query, values) : queryOnce(this.#pool, query, values);
  }

  /**
   * Better Auth's own transactions, as a part of the request's: if one fails, the whole request is rolled back.
   *
   * @throws what `work` throws
   */
  async transact<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#requests.getStore()?.refuseCommit(error);
      throw error;
    }
  }

  /**
   * Answers a request in one transaction. It commits before the answer is sent, and rolls back if `answer` rejects or
   * answers with status 500 or higher.
   *
   * @throws ProblemError if the database failed, whatever `answer` made of it; otherwise what `answer` throws
   */
  async inTransaction(answer: () => Promise<Response>): Promise<Response> {
    const request = new RequestTransaction(this.#pool, this.#timeoutMs);
    let response: Response;
    try {
      response = await this.#requests.run(request, answer);
    } catch (error) {
      await request.rollBack();
      throw request.failure ? databaseProblem(request.failure) : refusalProblem(error);
    }
    await request.settle();
    if (request.failure) {
      await request.rollBack();
      throw databaseProblem(request.failure);
    }
    if (response.status >= 500) await request.rollBack();
    else await request.end(response.status < 300);
    return response;
  }
}

/**
 * The statements of one request. A connection is taken with the first write and kept until the end; reads before it
 * borrow one each, so that none is held while a password is hashed. A request never waits for a second connection while
 * it holds one: a pool with a single place is enough.
 */
class RequestTransaction {
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  #connection: Promise<PooledConnection> | undefined;
  /** Why it cannot be committed. */
  #refusal: unknown;
  /** Ends when the last statement that was asked for does. */
  #last: Promise<void> = Promise.resolve();
  #isOver = false;
  /** The first failure of the database, as opposed to its refusal of a value. */
  failure: unknown;

  constructor(pool: ConnectionPool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  async query<Row extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    this.#requireOpen();
    try {
      if (!this.#connection && isRead(query)) return await queryOnce<Row>(this.#pool, query, values);
      return await this.#inTurn(query, values);
    } catch (error) {
      // PostgreSQL carries out nothing more in a transaction in which a statement has failed.
      if (this.#connection) this.refuseCommit(error);
      if (!isRefusal(error)) this.failure ??= error;
      throw error;
    }
  }

  /** One statement after the other: Better Auth asks for several at once in places, which pg discourages. */
  #inTurn<Row extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult<Row>> {
    this.#connection ??= begin(this.#pool, this.#timeoutMs);
    const connection = this.#connection;
    const result = this.#last.then(async () => {
      const client = await connection;
      this.#requireOpen();
      if (this.#refusal) throw this.#refusal;
      return client.query<Row>(query, values);
    });
    this.#last = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** After a failure, the next statement would fail likewise, and take as long once more. */
  #requireOpen(): void {
    if (this.#isOver) throw new Error('the request has been answered');
    if (this.failure) throw this.failure;
  }

  /** Waits until nothing that was asked for is left to do. */
  async settle(): Promise<void> {
    await this.#last;
  }

  refuseCommit(reason: unknown): void {
    this.#refusal ??= reason;
  }

  /**
   * Commits, or rolls back if a statement was refused.
   *
   * @param isSuccess whether the response says that the operation was done, so that a rollback must be a problem
   * @throws ProblemError if it cannot be committed; if the connection is lost during the commit, it may have been
   */
  async end(isSuccess: boolean): Promise<void> {
    if (!this.#refusal) return this.#finish('commit');
    await this.rollBack();
    if (isSuccess) throw new ProblemError('internal_error', { cause: this.#refusal, reason: 'rolled back' });
  }

  /** Never rejects. If the connection does not answer, it is closed, which rolls back too. */
  async rollBack(): Promise<void> {
    await this.#finish('rollback').catch(() => {});
  }

  async #finish(command: 'commit' | 'rollback'): Promise<void> {
    this.#isOver = true;
    await this.#last;
    const client = await this.#connection;
    if (!client) return;
    const isLost = this.failure !== undefined && !leavesConnectionUsable(this.failure);
    try {
      if (!isLost) await client.query(command);
      client.release(isLost);
    } catch (error) {
      client.release(true);
      throw databaseProblem(error);
    }
  }
}

async function begin(pool: ConnectionPool, timeoutMs: number): Promise<PooledConnection> {
  const client = await pool.connect();
  try {
    // If this server is cut off from the database, what it began must not hold its locks.
    const local = client.hasSessionSettings ? '' : `; select ${settings(`'${timeoutMs}'`, true)}`;
    await client.query(`begin${local}`);
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function queryOnce<Row extends pg.QueryResultRow>(
  pool: ConnectionPool,
  query: string | pg.QueryConfig,
  values: unknown[] | undefined,
): Promise<pg.QueryResult<Row>> {
  const client = await pool.connect();
  let isUsable = false;
  try {
    const result = await client.query<Row>(query, values);
    isUsable = true;
    return result;
  } catch (error) {
    isUsable = leavesConnectionUsable(error);
    throw error;
  } finally {
    client.release(!isUsable);
  }
}

function isRead(query: string | pg.QueryConfig): boolean {
  return /^select\b/i.test(typeof query === 'string' ? query : query.text);
}

/** A refusal that Better Auth did not expect as a problem with its SQLSTATE; any other error as it is. */
function refusalProblem(error: unknown): unknown {
  const { cause } = error as Error;
  return isRefusal(cause) ? databaseProblem(cause) : error;
}

/**
 * Whether PostgreSQL has refused what it was asked, which Better Auth explains to the client: classes 22 (data
 * exception), 23 (integrity constraint violation) and 54 (program limit exceeded).
 */
function isRefusal(error: unknown): boolean {
  return /^(22|23|54)/.test(errorCode(error) ?? '');
}
