/** Connection pool with limits on queue length, acquire time, connect time and query time. */
import type pg from 'pg';
import { settledWithin } from '../../runtime/timeout.ts';
import { type Access, createFairQueue, type FairQueue, type Flow, type Permit, sharedFlows } from './fair-queue.ts';
import { PooledConnection } from './pooled-connection.ts';

export interface PoolLimits {
  /** Maximum number of connections. */
  readonly max: number;
  /** Maximum wait for a connection while all are in use, in milliseconds like the other times. */
  readonly acquireTimeoutMs: number;
  /** Maximum time to open a connection. Requests that join the queue in this time may wait as long. */
  readonly connectTimeoutMs: number;
  /** Maximum time from sending a query to the last byte of the answer. After it, the pool closes the connection. */
  readonly queryTimeoutMs: number;
  /** Time after which an idle connection is closed; 0 keeps it open. */
  readonly idleTimeoutMs: number;
}

/**
 * Maximum number of requests that wait for a connection. A longer queue adds latency and no throughput
 * (`docs/faults.md` has the measurement).
 */
export const maxQueueLength = 200;

/**
 * Maximum number of requests of a user that use a connection. With 4, a user at full speed raised the 99th percentile of
 * another user by a factor of up to 4.5 on two cores; with 2, by at most 2.5 (`npm run bench:fairness`).
 */
export const maxConnectionsPerUser = 2;

/** Maximum number of requests of the embedded issuer that use a connection, of look-ups of API tokens, and of the server's own. */
export const maxConnectionsPerSharedFlow = 4;

/** Maximum number of requests of a user that wait for a connection, so that one user cannot fill the queue. */
export const maxQueueLengthPerUser = 100;

/** Maximum wait of `end` for connections in use, in milliseconds. After it, the pool destroys their sockets. */
export const closeTimeoutMs = 2_000;

/** The pool cannot open a connection. */
class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** SQLSTATE sqlclient_unable_to_establish_sqlconnection. */
  readonly code = '08001';
}

export class ConnectionPool {
  readonly #config: pg.ClientConfig;
  readonly #limits: PoolLimits;
  readonly #configure: ((connection: PooledConnection) => Promise<void>) | undefined;
  /** A request needs a permit to open or check out a connection, and holds it until it releases the connection. */
  readonly #queue: FairQueue;
  /** The connection that was used last is checked out first, so that the others reach their idle timeout. */
  readonly #idle: PooledConnection[] = [];
  /** The connections that are connecting, checked out or idle. */
  readonly #connections = new Set<PooledConnection>();
  /** Sockets that may still be open, including those of connections that are ending. */
  readonly #sockets = new Set<PooledConnection>();
  readonly #idleTimer: NodeJS.Timeout | undefined;
  #connecting = 0;
  #useCount = 0;
  /** `end` sets it. The pool calls it when no connection is left. */
  #onEmpty: (() => void) | undefined;
  #isClosing = false;

  /** @param configure prepares a new connection before its first use; its time counts as connect time */
  constructor(
    config: pg.ClientConfig,
    limits: PoolLimits,
    configure?: (connection: PooledConnection) => Promise<void>,
  ) {
    this.#config = { ...config, connectionTimeoutMillis: limits.connectTimeoutMs };
    this.#limits = limits;
    this.#configure = configure;
    this.#queue = createFairQueue({
      permits: limits.max,
      permitsPerFlow: maxConnectionsPerUser,
      permitsPerSharedFlow: maxConnectionsPerSharedFlow,
      length: maxQueueLength,
      lengthPerFlow: maxQueueLengthPerUser,
    });
    const { idleTimeoutMs } = limits;
    if (idleTimeoutMs > 0) {
      this.#idleTimer = setInterval(() => this.#evictIdle(idleTimeoutMs), idleTimeoutMs / 4).unref();
    }
  }

  get totalCount(): number {
    return this.#connections.size;
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** Number of calls of `connect`, successful or not. If it does not change, no request has used the database. */
  get useCount(): number {
    return this.#useCount;
  }

  /** Number of requests that wait for a connection. */
  get waitingCount(): number {
    return this.#queue.waiting;
  }

  /** Whether a write of the user uses a connection or waits for one. */
  isWriting(userId: string): boolean {
    return this.#queue.isWriting(userId);
  }

  /**
   * Checks out a connection. The caller must release it.
   *
   * @param flow the user, or the part of the server, whose share of the connections the request uses
   * @throws OverloadedError if the queue is full or the wait is too long; pg's errors or ConnectError if no connection
   *   can be opened
   */
  connect(flow: Flow = sharedFlows.server, access: Access = 'read'): Promise<PooledConnection> {
    this.#useCount += 1;
    const { acquireTimeoutMs, connectTimeoutMs } = this.#limits;
    // A suspended database takes seconds to resume. Requests in the queue wait for the connection that is being opened.
    const limitMs = this.#connecting > 0 ? Math.max(connectTimeoutMs, acquireTimeoutMs) : acquireTimeoutMs;
    const permit = this.#queue.acquire(flow, access, limitMs);
    const connection = permit instanceof Promise ? undefined : this.#idle.pop();
    return connection ? Promise.resolve(checkout(connection, permit as Permit)) : this.#connectLater(permit);
  }

  /** Runs one query. If the query fails, the pool closes the connection. */
  async query<QueryRow extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
    flow?: Flow,
  ): Promise<pg.QueryResult<QueryRow>> {
    const connection = await this.connect(flow);
    try {
      const result = await connection.query<QueryRow>(query, values);
      connection.release();
      return result;
    } catch (error) {
      connection.release(true);
      throw error;
    }
  }

  async #connectLater(acquired: Permit | Promise<Permit>): Promise<PooledConnection> {
    const start = performance.now();
    const permit = await acquired;
    const connection = this.#idle.pop();
    if (connection) return checkout(connection, permit);
    const opened = this.#open(permit);
    const remainingMs = Math.max(1, this.#limits.connectTimeoutMs - (performance.now() - start));
    if (await settledWithin(opened, remainingMs)) return opened;
    opened.then(
      (late) => late.release(),
      () => {},
    );
    throw new ConnectError('no connection could be opened in time');
  }

  async #open(permit: Permit): Promise<PooledConnection> {
    if (this.#isClosing) {
      this.#queue.release(permit);
      throw new ConnectError('the pool is closed');
    }
    const connection = new PooledConnection(this.#config, this.#limits.queryTimeoutMs, this);
    this.#connections.add(connection);
    this.#sockets.add(connection);
    this.#connecting += 1;
    connection.onFailure(() => this.#onFailure(connection));
    connection.onEnd(() => this.#sockets.delete(connection));
    try {
      await connection.connect();
      await this.#configure?.(connection);
      return checkout(connection, permit);
    } catch (error) {
      this.#remove(connection);
      this.#queue.release(permit);
      throw error;
    } finally {
      this.#connecting -= 1;
    }
  }

  /** Takes back a connection; `PooledConnection.release` calls it. */
  checkin(connection: PooledConnection, error: Error | boolean | undefined): void {
    const { permit } = connection;
    if (!permit) throw new Error('a connection was released twice');
    connection.permit = undefined;
    if (error || connection.isBroken || this.#isClosing) {
      this.#remove(connection);
    } else {
      connection.idleSince = performance.now();
      this.#idle.push(connection);
    }
    this.#queue.release(permit);
  }

  /** If the connection is checked out, its query fails, and the pool removes it when it is released. */
  #onFailure(connection: PooledConnection): void {
    connection.isBroken = true;
    const index = this.#idle.indexOf(connection);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    this.#remove(connection);
  }

  #evictIdle(idleTimeoutMs: number): void {
    const oldest = performance.now() - idleTimeoutMs;
    for (let connection = this.#idle[0]; connection && connection.idleSince <= oldest; connection = this.#idle[0]) {
      this.#idle.shift();
      this.#remove(connection);
    }
  }

  #remove(connection: PooledConnection): void {
    this.#connections.delete(connection);
    connection.end().catch(() => {});
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /**
   * Closes the pool. It waits at most `closeTimeoutMs`, so that a query that hangs does not keep the process running.
   */
  async end(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#idleTimer);
    for (const connection of this.#idle.splice(0)) this.#remove(connection);
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#connections.size === 0) resolve();
    });
    await settledWithin(empty, closeTimeoutMs);
    for (const connection of this.#sockets) connection.destroySocket();
  }
}

function checkout(connection: PooledConnection, permit: Permit): PooledConnection {
  connection.permit = permit;
  return connection;
}
