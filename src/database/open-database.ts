/** The connections to whichever database is configured. */

import type { DatabaseConfig } from '../config/config.ts';
import type { Connections } from './connections.ts';
import { openPostgres } from './pg/postgres.ts';
import { openEmbedded } from './pglite/pglite.ts';

/** Opens the configured database. PostgreSQL is not contacted yet; the embedded one is ready. */
export function openConnections(config: DatabaseConfig): Promise<Connections> {
  return config.kind === 'pglite' ? openEmbedded(config) : Promise.resolve(openPostgres(config));
}
