/** The connections to a database, whichever it is. */
import type pg from 'pg';

export interface Connections {
  /** Connections of the login role. What runs on user data goes through `UserDatabase` instead. */
  readonly pool: pg.Pool;
  /** A connection that leads to the server itself, past any pooler, for as long as `work` takes. */
  withMigrationClient<Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result>;
  /** Does what PostgreSQL does by itself and the embedded one does not; null where there is nothing to do. */
  readonly upkeep: ((stopped: AbortSignal) => Promise<void>) | null;
  /** Rejects with a `DirectoryLostError` if the files are no longer this process's own; absent if there are none. */
  readonly lost?: Promise<never>;
  close(): Promise<void>;
}
