/** Access to the data directory: only its owner can read its files, whatever the umask and earlier versions allowed. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

/** The data directory, or a file in it, cannot be used as it is. The message has the fix. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Windows has access control lists instead, which a new file inherits from its directory. */
const hasModes = process.platform !== 'win32';

const groupAndOthers = 0o077;
const writableByOthers = 0o002;
const sticky = 0o1000;

/** The entries of this server in the directory. */
const serverFiles = /^(?:postgres(?:\.unfinished)?|lock|secret(?:\.[\da-f-]+\.new)?)$/;

/** What volumes and version control put into an empty directory. */
const remainders = /^(?:lost\+found|\.git(?:keep|ignore))$/;

/**
 * Creates the directory if it does not exist, for its owner only. Otherwise removes the access of other users, unless
 * the directory contains files of other programs.
 *
 * @throws DataDirectoryError if other users could replace files in it
 */
export function ensurePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (!hasModes) return;
  const isOurs = readdirSync(directory).every((name) => serverFiles.test(name) || remainders.test(name));
  if (isOurs) removeAccess(directory, statSync(directory));
  const { mode } = statSync(directory);
  if (mode & writableByOthers && !(mode & sticky)) {
    throw new DataDirectoryError(
      `Other users may write to the data directory ${directory}, and could replace the database. Run \`chmod go= ${directory}\` as its owner, or set DATABASE_URL to a directory below it, which the server creates.`,
    );
  }
}

/**
 * Removes the access of other users to the files of this server. Earlier versions created them with mode 0666.
 *
 * @param names of the entries in the directory; by default all that are of this server
 * @throws DataDirectoryError if a file that other users can read belongs to another user
 */
export function restrictFiles(directory: string, names = serverFiles): void {
  if (!hasModes) return;
  for (const name of readdirSync(directory)) if (names.test(name)) restrict(join(directory, name));
}

function restrict(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // A link may lead to another volume. Entries of the lock disappear if another process gives up.
  const target = stats?.isSymbolicLink() ? existing(path) : path;
  const found = target === undefined ? undefined : statSync(target, { throwIfNoEntry: false });
  if (target === undefined || found === undefined) return;
  if (!removeAccess(target, found)) {
    throw new DataDirectoryError(
      `Other users can read ${target}, and it belongs to another user. Run \`chmod go= ${target}\` as its owner, or make this user its owner.`,
    );
  }
  if (found.isDirectory()) for (const name of readdirSync(target)) restrict(join(target, name));
}

function existing(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}

/**
 * @returns whether other users have no access now; also true if the file system has no modes and ignores the change
 */
function removeAccess(path: string, { mode }: Stats): boolean {
  if ((mode & groupAndOthers) === 0) return true;
  try {
    chmodSync(path, mode & 0o7700);
    return true;
  } catch (error) {
    if (['EPERM', 'EACCES', 'EROFS', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
