/** Database access of the embedded issuer: one transaction per request, and a record of its failures. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';
import { databaseProblem, errorCode, leavesConnectionUsable } from '../../database/errors.ts';
import { sharedFlows } from '../../database/pg/fair-queue.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import type { PooledConnection } from '../../database/pg/pooled-connection.ts';
import { settings } from '../../database/pg/session-settings.ts';
import { ProblemError } from '../../problems/problem.ts';

/**
 * The query target of Better Auth's adapter. Better Auth catches some errors of its adapter and responds with 401 or even
 * 200. So this class records every failure below Better Auth.
 */
export class IssuerDatabase {
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  readonly #requests = new AsyncLocalStorage<RequestTransaction>();
  #requestCount = 0;

  /** @param timeoutMs timeout per statement of a transaction, used if the session has no own setting */
  constructor(pool: ConnectionPool, timeoutMs: number) {
    this.#pool = pool;
    this.#timeoutMs = timeoutMs;
  }

  /** Number of requests so far. */
  get requests(): number {
    return this.#requestCount;
  }

  /** Runs a query in the transaction of the current request; outside of a request, in its own transaction. */
  query<Row extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const request = this.#requests.getStore();
    return request ? request.query(query, values) : queryOnce(this.#pool, query, values);
  }

  /**
   * Runs a transaction of Better Auth as part of the request's transaction. If it fails, the whole request rolls back.
   *
   * @throws what `work` throws
   */
  async transact<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#requests.getStore()?.markForRollback(error);
      throw error;
    }
  }

  /**
   * Handles a request in one transaction. The transaction commits before the response is sent. It rolls back if `handle`
   * rejects or returns status 500 or higher.
   *
   * @throws ProblemError if the database failed, regardless of the result of `handle`; otherwise what `handle` throws
   */
  async inTransaction(handle: () => Promise<Response>): Promise<Response> {
    this.#requestCount += 1;
    const request = new RequestTransaction(this.#pool, this.#timeoutMs);
    let response: Response;
    try {
      response = await this.#requests.run(request, handle);
    } catch (error) {
      await request.rollBack();
      throw request.failure ? databaseProblem(request.failure) : valueErrorProblem(error);
    }
    await request.settle();
    if (request.failure) {
      await request.rollBack();
      throw databaseProblem(request.failure);
    }
    if (response.status >= 500) await request.rollBack();
    else await request.end(isSuccess(response));
    return response;
  }
}

/** Whether the response reports a success. A redirect reports a failure by its parameter `error`. */
function isSuccess({ status, headers }: Response): boolean {
  return status < 300 || (status < 400 && !/[?&]error=/.test(headers.get('location') ?? ''));
}

/**
 * The transaction of one request. It acquires a connection at the first write and holds it until the end. Each read before
 * that acquires its own, so that no connection is held while a password is hashed. A request never waits for a second
 * connection while it holds one, so a pool of size 1 is enough.
 */
class RequestTransaction {
  readonly #pool: ConnectionPool;
  readonly #timeoutMs: number;
  #connection: Promise<PooledConnection> | undefined;
  /** The reason why it must roll back. */
  #rollbackReason: unknown;
  /** Resolves when the last queued statement has ended. */
  #last: Promise<void> = Promise.resolve();
  #isOver = false;
  /** The first failure of the database. Rejected values do not count as failures. */
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
      return await this.#enqueue(query, values);
    } catch (error) {
      // After a failed statement, PostgreSQL rejects every other statement of the transaction.
      if (this.#connection) this.markForRollback(error);
      if (!isValueError(error)) this.failure ??= error;
      throw error;
    }
  }

  /** Queues a statement, because Better Auth sends some in parallel and pg discourages parallel queries on a client. */
  #enqueue<Row extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult<Row>> {
    this.#connection ??= begin(this.#pool, this.#timeoutMs);
    const connection = this.#connection;
    const result = this.#last.then(async () => {
      const client = await connection;
      this.#requireOpen();
      if (this.#rollbackReason) throw this.#rollbackReason;
      return client.query<Row>(query, values);
    });
    this.#last = result.then(
      () => {},
      () => {},
    );
    return result;
  }

  /** Fails fast after a failure, because the next statement would run into the same timeout. */
  #requireOpen(): void {
    if (this.#isOver) throw new Error('the request has ended');
    if (this.failure) throw this.failure;
  }

  /** Waits until all queued statements have ended. */
  async settle(): Promise<void> {
    await this.#last;
  }

  markForRollback(reason: unknown): void {
    this.#rollbackReason ??= reason;
  }

  /**
   * Commits, or rolls back if a statement was rejected.
   *
   * @param isSuccess whether the response reports a success, with which a rollback is an error
   * @throws ProblemError if the commit fails. If the connection is lost meanwhile, the transaction may have committed.
   */
  async end(isSuccess: boolean): Promise<void> {
    if (!this.#rollbackReason) return this.#finish('commit');
    await this.rollBack();
    if (isSuccess) throw new ProblemError('internal_error', { cause: this.#rollbackReason, reason: 'rolled back' });
  }

  /** Never rejects. If the connection does not respond, it is closed, which also rolls back. */
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
  const client = await pool.connect(sharedFlows.issuer);
  try {
    // The timeouts release the locks if this server loses its connection to the database.
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
  const client = await pool.connect(sharedFlows.issuer);
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

/** Converts a rejected value that Better Auth did not expect to a problem with its SQLSTATE. Returns other errors as they are. */
function valueErrorProblem(error: unknown): unknown {
  const { cause } = error as Error;
  return isValueError(cause) ? databaseProblem(cause) : error;
}

/**
 * Whether PostgreSQL rejected a value, which Better Auth reports to the client: classes 22 (data exception), 23 (integrity
 * constraint violation) and 54 (program limit exceeded).
 */
function isValueError(error: unknown): boolean {
  return /^(22|23|54)/.test(errorCode(error) ?? '');
}
