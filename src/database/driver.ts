/**
 * Driver port: what a connection to PostgreSQL provides to the rest of the server. Code above it does not import `pg`.
 * `openDriver` selects the implementation.
 */
import type { Access } from './pg/fair-queue.ts';
import type { ConnectionPool } from './pg/pool.ts';
import type { BoundStatement, Row, RowsOf } from './statement.ts';

/**
 * The role that statements run as. A user sees their own rows; without a user id, no row is visible. At most one session
 * of a user with the access `write` is in progress; the others wait.
 */
export type Session =
  | { readonly role: 'user'; readonly userId: string | null; readonly access?: Access }
  | { readonly role: 'janitor' | 'watcher' | 'authenticator' };

/** Wraps a round trip, for metrics and traces. It returns the result of `send`. */
export type ObserveRoundTrip = <Result>(
  statements: readonly BoundStatement[],
  send: () => Promise<Result>,
) => Promise<Result>;

/** A connection that sends one query after the other. */
export interface QueryClient {
  query<QueryRow extends object = Row>(
    query: string | { text: string; values?: unknown[] },
    values?: unknown[],
  ): Promise<{ rows: QueryRow[]; rowCount: number | null }>;
}

/** An error of a statement in a batch. */
export interface StatementError extends Error {
  /** SQLSTATE. */
  readonly code?: string;
  readonly constraint?: string;
  /** Index of the statement that failed. */
  readonly failedStatement?: number;
  /** The rows of the statements before it. */
  readonly completed?: readonly Row[][];
}

export interface Driver {
  /**
   * Runs all statements in one transaction and one round trip.
   *
   * @returns the rows of each statement
   * @throws StatementError, an error of the connection, or OverloadedError
   */
  batch<const Statements extends readonly BoundStatement[]>(
    session: Session,
    statements: Statements,
    observe?: ObserveRoundTrip,
  ): Promise<RowsOf<Statements>>;

  /**
   * Connections of the login role: for schema checks, rate limits and Better Auth. User data goes through
   * `UserDatabase`.
   */
  readonly pool: ConnectionPool;

  /** Runs `work` on a direct connection to the server, not through a pooler, with the time limits of migrations. */
  withMigrationClient<Result>(work: (client: QueryClient) => Promise<Result>): Promise<Result>;

  /**
   * Background maintenance that the database does not do by itself; null if there is none. Called about once per
   * minute.
   */
  readonly maintenance: ((stopped: AbortSignal) => Promise<void>) | null;

  /**
   * Rejects if the embedded database cannot be used any more: with a `DirectoryLostError` if another process owns its
   * files, or an `EngineLostError` if it cannot be opened again.
   */
  readonly lost?: Promise<never>;

  close(): Promise<void>;
}
