/** The generated secret of the server, stored in the data directory of the embedded database. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '../../config/config.ts';

/** Reads the secret or creates it. The lock on the data directory prevents a concurrent creation. */
export function readOrCreateSecret(database: DatabaseConfig): string {
  if (database.kind !== 'pglite' || database.directory === null) {
    throw new Error('there is no data directory to store the secret in');
  }
  const file = join(database.directory, 'secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8');
}
