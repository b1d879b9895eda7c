/** Database of the server: user data, maintenance, schema preparation and health check. */
import type { DatabaseConfig } from '../config/config.ts';
import type { Driver } from './driver.ts';
import { createPing } from './pg/ping.ts';
import { bringUpToDate, type DerivedData, requireUpToDate } from './schema/derived-data.ts';
import { assertSchemaUpToDate, migrate } from './schema/migrate.ts';
import { requireUsable } from './schema/requirements.ts';
import { verifyRowLevelSecurity } from './schema/verify-row-security.ts';
import type { BoundStatement, RowsOf } from './statement.ts';
import { createRunInSession, createUserDatabase, type QueryObserver, type UserDatabase } from './user-database.ts';

export interface Database {
  /** Access to user data, as the user. */
  readonly asUser: UserDatabase;
  /**
   * Runs statements as the janitor, the role that sees what has expired of all users and nothing else.
   *
   * @returns the rows of the last one
   */
  asJanitor(statements: readonly BoundStatement[]): Promise<object[]>;
  /** Runs a statement as the watcher, the role that reads the change numbers of all users and nothing else. */
  asWatcher<Rows extends object[]>(statement: BoundStatement<Rows>): Promise<Rows>;
  /**
   * Runs statements on the API token that the first of them presents, as the authenticator, the role that sees that token
   * and nothing else. They must be safe to run twice.
   *
   * @throws ProblemError as `UserDatabase.run`
   */
  asAuthenticator<const Statements extends readonly BoundStatement[]>(
    statements: Statements,
  ): Promise<RowsOf<Statements>>;
  /** Connections of the login role, for Better Auth and rate limits. */
  readonly pool: Driver['pool'];
  /**
   * Migrates or checks the schema and the derived data, then verifies row-level security. User data is not served before.
   *
   * @returns the names of the migrations applied, and of the derived data that was updated
   * @throws DatabaseSetupError if the database must be changed first; pg's errors if it cannot be reached
   */
  prepare(): Promise<string[]>;
  /** Whether `prepare` has completed. */
  readonly isReady: boolean;
  /** Rejects while the database does not answer. */
  ping(): Promise<void>;
  /** As in `Driver`. */
  readonly lost: Promise<never> | undefined;
  close(): Promise<void>;
}

/**
 * @param observer receives the round trips and retries on user data
 * @param derived the data that the server derives from users' rows
 */
export function openDatabase(
  config: DatabaseConfig,
  driver: Driver,
  observer?: QueryObserver,
  derived: readonly DerivedData[] = [],
): Database {
  let ready = false;
  const isReady = () => ready;
  const asUser = createUserDatabase(driver, config, isReady, observer);
  const runInSession = createRunInSession(driver, config, isReady, observer);
  return {
    asUser,
    get isReady() {
      return ready;
    },
    async asJanitor(statements) {
      const rows = await driver.batch({ role: 'janitor' }, statements);
      return rows.at(-1) ?? [];
    },
    async asWatcher(statement) {
      const [rows] = await driver.batch({ role: 'watcher' }, [statement] as const);
      return rows;
    },
    asAuthenticator: (statements) => runInSession({ role: 'authenticator' }, statements, 'repeat'),
    pool: driver.pool,
    async prepare() {
      await requireUsable(driver.pool, 'DATABASE_URL');
      const applied = config.migrateOnStart ? await migrate(driver) : [];
      if (!config.migrateOnStart) await assertSchemaUpToDate(driver);
      await driver.withMigrationClient(async (client) => {
        if (config.migrateOnStart) applied.push(...(await bringUpToDate(client, derived)));
        else await requireUpToDate(client, derived);
      });
      await verifyRowLevelSecurity(driver);
      ready = true;
      return applied;
    },
    ping: createPing(driver.pool),
    lost: driver.lost,
    close: () => driver.close(),
  };
}
