/** The secret that the server makes for itself and keeps with the data of its embedded database. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '../../config/config.ts';

/** Reads the secret, or makes it; the data directory is locked by then, so nobody else does at the same time. */
export function readOrCreateSecret(database: DatabaseConfig): string {
  if (database.kind !== 'pglite' || database.directory === null) {
    throw new Error('there is no data directory to keep a secret in');
  }
  const file = join(database.directory, 'secret');
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  return readFileSync(file, 'utf8');
}
