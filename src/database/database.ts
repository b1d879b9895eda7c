/** The database as the rest of the server sees it. */
import type pg from 'pg';
import type { DatabaseConfig } from '../config/config.ts';
import type { Connections } from './connections.ts';
import { createPing } from './pg/ping.ts';
import { bringUpToDate, type DerivedData, requireUpToDate } from './schema/derived-data.ts';
import { assertSchemaUpToDate, migrate } from './schema/migrate.ts';
import { requireUsable } from './schema/requirements.ts';
import { verifyRowLevelSecurity } from './schema/verify-row-security.ts';
import type { Row, Statement } from './statement.ts';
import { createUserDatabase, type QueryObserver, runAsJanitor, type UserDatabase } from './user-database.ts';

export interface Database {
  /** Users' data, as the user. */
  readonly asUser: UserDatabase;
  /** A statement as the janitor, who sees what has expired, of everybody, and nothing else. */
  asJanitor(statement: Statement): Promise<Row[]>;
  /** For Better Auth, which runs as the login role. */
  readonly pool: pg.Pool;
  /**
   * Migrates or checks the schema and the derived data, then proves that users are kept apart. Users' data is not served
   * before.
   *
   * @returns the names of the migrations applied, and of the derived data that was brought up to date
   * @throws DatabaseSetupError where the database must be changed first; pg's errors where it cannot be reached
   */
  prepare(): Promise<string[]>;
  /** Whether it is prepared. */
  readonly isReady: boolean;
  /** Rejects while the database does not answer. */
  ping(): Promise<void>;
  /** As in `Connections`. */
  readonly lost: Promise<never> | undefined;
  close(): Promise<void>;
}

/**
 * @param observer told of what is done with users' data
 * @param derived what the server derives from users' rows
 */
export function openDatabase(
  config: DatabaseConfig,
  connections: Connections,
  observer?: QueryObserver,
  derived: readonly DerivedData[] = [],
): Database {
  let ready = false;
  const asUser = createUserDatabase(connections.pool, config, () => ready, observer);
  return {
    asUser,
    get isReady() {
      return ready;
    },
    asJanitor: (statement) => runAsJanitor(connections.pool, statement, config.prepare),
    pool: connections.pool,
    async prepare() {
      await requireUsable(connections.pool, 'DATABASE_URL');
      const applied = config.migrateOnStart ? await migrate(connections) : [];
      if (!config.migrateOnStart) await assertSchemaUpToDate(connections);
      await connections.withMigrationClient(async (client) => {
        if (config.migrateOnStart) applied.push(...(await bringUpToDate(client, derived)));
        else await requireUpToDate(client, derived);
      });
      await verifyRowLevelSecurity(connections.pool, config.prepare);
      ready = true;
      return applied;
    },
    ping: createPing(connections.pool),
    lost: connections.lost,
    close: () => connections.close(),
  };
}
