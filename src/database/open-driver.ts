/** Selection of the driver for the configured database. */
import type { DatabaseConfig } from '../config/config.ts';
import type { Driver } from './driver.ts';
import { openPostgres } from './pg/postgres.ts';
import { openEmbedded } from './pglite/pglite.ts';

/**
 * Opens the configured database. It does not connect to a PostgreSQL server yet; the embedded database is started.
 *
 * @param onRestart called when the embedded database has ended and is opened again
 */
export function openDriver(config: DatabaseConfig, onRestart?: (reason: Error) => void): Promise<Driver> {
  return config.kind === 'pglite' ? openEmbedded(config, undefined, onRestart) : Promise.resolve(openPostgres(config));
}
