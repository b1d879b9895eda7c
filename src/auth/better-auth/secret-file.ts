/** The generated secret of the server, stored in the data directory of the embedded database. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '../../config/config.ts';
import { secretText } from '../../config/secret-text.ts';
import { cleanValue } from '../../config/value.ts';
import { DataDirectoryError, restrictFiles } from '../../database/pglite/private-directory.ts';

/**
 * Reads the secret or creates it. Servers that start at once get the same secret.
 *
 * @throws DataDirectoryError if the file has no usable secret; an error of the file system, with its path
 */
export function readOrCreateSecret(database: DatabaseConfig): string {
  if (database.kind !== 'pglite' || database.directory === null) {
    throw new Error('there is no data directory to store the secret in');
  }
  const { directory } = database;
  const file = join(directory, 'secret');
  if (!lstatSync(file, { throwIfNoEntry: false })) createSecret(file);
  restrictFiles(directory, /^secret$/);
  return readSecret(file);
}

/** Creates the file with its complete content: after a crash it either exists with the secret, or does not exist. */
function createSecret(file: string): void {
  const unfinished = `${file}.${randomUUID()}.new`;
  try {
    const descriptor = openSync(unfinished, 'wx', 0o600);
    try {
      writeSync(descriptor, randomBytes(32).toString('base64url'));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    publish(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Links the file under its name. If another server was first, its secret stays. */
function publish(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    // Some file systems have no hard links. The lock on the data directory then prevents a concurrent creation.
    renameSync(unfinished, file);
  }
}

function readSecret(file: string): string {
  const problem = (reason: string) =>
    new DataDirectoryError(
      `The secret of the embedded issuer cannot be used: ${file} ${reason}. Restore it from a backup, or set BETTER_AUTH_SECRET. If there is no backup, remove it: the server then creates another secret, and all sessions end.`,
    );
  let text: string;
  try {
    text = cleanValue(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw problem('is a directory');
    if (code === 'ENOENT') throw problem('is a link to a file that does not exist');
    throw error;
  }
  if (text === '') throw problem('is empty');
  try {
    return secretText(text);
  } catch {
    throw problem('has less than 32 bytes, or a text that can be guessed');
  }
}
