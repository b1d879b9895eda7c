/** Connection to PostgreSQL that a pool lends, with a time limit for each answer. */
import pg from 'pg';
import type { BoundStatement, Row } from '../statement.ts';
import type { Permit } from './fair-queue.ts';
import { Pipeline } from './pipeline.ts';

/** The part of the pool that a connection uses. */
export interface Checkin {
  checkin(connection: PooledConnection, error: Error | boolean | undefined): void;
}

export class PooledConnection {
  readonly #client: pg.Client;
  readonly #pool: Checkin;
  readonly #queryTimeoutMs: number;
  /**
   * pg's own `query_timeout` makes a timer for each query, which delays garbage collection of the rows. Pipelines share
   * one.
   */
  readonly #pipelineTimer: NodeJS.Timeout;
  #pipeline: Pipeline | undefined;

  /** Whether the session has the settings that each transaction would make otherwise (`session-settings.ts`). */
  hasSessionSettings = false;
  /** Its permit of the pool while it is checked out. */
  permit: Permit | undefined;
  isBroken = false;
  /** Time of the last release, on the clock of `performance.now()`. */
  idleSince = 0;

  /** @param queryTimeoutMs for each answer, from sending to its last byte */
  constructor(config: pg.ClientConfig, queryTimeoutMs: number, pool: Checkin) {
    this.#client = new pg.Client(config);
    this.#pool = pool;
    this.#queryTimeoutMs = queryTimeoutMs;
    this.#pipelineTimer = setTimeout(() => this.#pipeline?.expire(), queryTimeoutMs).unref();
    // Without a listener, an error on a connection ends the process. The query in progress is rejected with it anyway.
    this.#client.on('error', () => {});
    this.#client.once('end', () => clearTimeout(this.#pipelineTimer));
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  /** The id of the process that serves the connection, as the server reports it; null if it reports none. */
  get processId(): number | null {
    return (this.#client as unknown as { processID: number | null }).processID;
  }

  /** Calls `listener` when the connection fails or ends, possibly more than once. */
  onFailure(listener: () => void): void {
    this.#client.on('error', listener).once('end', listener);
  }

  /** Calls `listener` when the socket is closed. */
  onEnd(listener: () => void): void {
    this.#client.once('end', listener);
  }

  /** @throws pg's errors; `Query read timeout` after the time limit */
  query<QueryRow extends pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<QueryRow>> {
    const config = typeof query === 'string' ? { text: query } : query;
    const limited = { ...config, query_timeout: this.#queryTimeoutMs };
    return this.#client.query<QueryRow>(limited, values);
  }

  /**
   * Sends statements in one round trip.
   *
   * @param prepare whether the statements are kept prepared on the connection under their names
   * @throws pg's errors, with `failedStatement`: the index of the statement that failed
   */
  runPipeline(statements: readonly BoundStatement[], prepare: boolean): Promise<Row[][]> {
    return new Promise((resolve, reject) => {
      const pipeline = new Pipeline(statements, prepare, (error, rows = []) => {
        if (error) reject(error);
        else resolve(rows);
      });
      this.#pipeline = pipeline;
      this.#pipelineTimer.refresh();
      this.#client.query(pipeline as unknown as pg.Submittable);
    });
  }

  /**
   * Returns the connection to the pool.
   *
   * @param error an error or true closes the connection instead of keeping it
   * @throws Error if the connection has been released already
   */
  release(error?: Error | boolean): void {
    this.#pool.checkin(this, error);
  }

  /** Ends the session. If a query is in progress, pg closes the socket at once. */
  async end(): Promise<void> {
    await this.#client.end();
  }

  /** Closes the socket without a message to the server. */
  destroySocket(): void {
    destroySocket(this.#client);
  }
}

/** Closes the socket of a client without a message to the server, so that it cannot keep the process running. */
export function destroySocket(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
