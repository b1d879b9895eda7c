/** The connections to whichever database is configured. */
import type pg from 'pg';
import type { DatabaseConfig } from '../config/config.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';

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

/** Opens the configured database. PostgreSQL is not contacted yet; the embedded one is ready. */
export function openConnections(config: DatabaseConfig): Promise<Connections> {
  return config.kind === 'pglite' ? openEmbedded(config) : Promise.resolve(openPostgres(config));
}
