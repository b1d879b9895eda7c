/** Shared part of the commands on accounts of the embedded issuer. */
import { ConfigError, loadConfig } from '../../config/load.ts';
import { openDriver } from '../../database/open-driver.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { assertSchemaUpToDate } from '../../database/schema/migrate.ts';
import { currentEnvironment } from '../current-environment.ts';

/**
 * Runs a command with the database of the accounts.
 *
 * @returns the exit code
 * @throws ConfigError if another issuer has the accounts
 */
export async function withAccounts(run: (pool: ConnectionPool) => Promise<void>): Promise<number> {
  const { auth, database } = loadConfig(currentEnvironment().variables);
  if (auth.mode !== 'embedded') {
    throw new ConfigError([`AUTH_MODE: is ${auth.mode}, and another issuer has the accounts; change them there.`]);
  }
  const driver = await openDriver(database);
  try {
    await assertSchemaUpToDate(driver);
    await run(driver.pool);
    return 0;
  } finally {
    await driver.close();
  }
}
