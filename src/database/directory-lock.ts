/**
 * A lock on a data directory, held by one process at a time. PGlite takes none itself, and two processes on one
 * directory lose each other's writes.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The directory belongs to a living process. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';

  constructor(directory: string, holder: number) {
    super(
      `The data directory ${directory} is in use by process ${holder}. Stop that process, or set DATABASE_URL to another directory.`,
    );
  }
}

/** A process, told apart from a later one that got the same number. */
interface Holder {
  readonly pid: number;
  readonly started: string;
}

/**
 * Takes the lock, also over from a process that died without giving it back.
 *
 * @returns a function that gives the lock back
 * @throws DirectoryInUseError while its holder lives
 */
export function lockDirectory(directory: string): () => void {
  const lock = join(directory, 'lock');
  const candidate = `${lock}.${process.pid}`;
  const self: Holder = { pid: process.pid, started: startOf(process.pid) };
  writeFileSync(candidate, JSON.stringify(self));
  try {
    // A link is made whole or not at all, and never over an existing file: nobody ever reads half a lock.
    while (!linked(candidate, lock)) {
      const holder = readHolder(lock);
      if (holder && isAlive(holder)) throw new DirectoryInUseError(directory, holder.pid);
      if (holder) removeStale(lock, holder);
    }
  } finally {
    rmSync(candidate, { force: true });
  }
  return () => rmSync(lock, { force: true });
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Who holds the lock; null where it has just been given back. */
function readHolder(lock: string): Holder | null {
  try {
    const { pid, started } = (JSON.parse(readFileSync(lock, 'utf8')) ?? {}) as Partial<Holder>;
    return { pid: Number(pid) || 0, started: String(started) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    // Not ours, or cut off by a crash of the machine: nobody can be holding it.
    return { pid: 0, started: '' };
  }
}

/** Takes a dead process's lock away, unless somebody else was quicker and it is theirs by now. */
function removeStale(lock: string, dead: Holder): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  const taken = readHolder(aside);
  if (taken && (taken.pid !== dead.pid || taken.started !== dead.started)) linked(aside, lock);
  rmSync(aside, { force: true });
}

function isAlive({ pid, started }: Holder): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid);
  return now === '' || now === started;
}

/**
 * When a process started, in a form that only compares. In a container the same small numbers are given out again
 * after each restart, so a number alone does not name a process. Where the system does not tell, the number must do
 * (but this process knows of itself).
 */
function startOf(pid: number): string {
  try {
    // The 22nd field; the second one, the program's name, may hold spaces and ends at the last parenthesis.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields?.[19]}`;
  } catch {
    return pid === process.pid ? String(Math.round(performance.timeOrigin)) : '';
  }
}
