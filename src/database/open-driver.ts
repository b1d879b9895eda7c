/** Selection of the driver for the configured database. */
import type { DatabaseConfig } from '../config/config.ts';
import type { Driver } from './driver.ts';
import { openPostgres } from './pg/postgres.ts';
import { openEmbedded } from './pglite/pglite.ts';

/** Opens the configured database. It does not connect to a PostgreSQL server yet; the embedded database is started. */
export function openDriver(config: DatabaseConfig): Promise<Driver> {
  return config.kind === 'pglite' ? openEmbedded(config) : Promise.resolve(openPostgres(config));
}
