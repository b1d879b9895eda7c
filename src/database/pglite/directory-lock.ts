/**
 * Lock on a data directory. One process holds it at a time. PGlite has no lock of its own, and two processes on one
 * directory overwrite each other's changes.
 *
 * Process ids are not unique across containers: the server may be process 1 in each of them. So the holder listens on a
 * socket in the directory. The kernel closes the socket when the process ends for any reason. Another process on the same
 * kernel then cannot connect to it. A heartbeat replaces the socket for processes on other kernels that share the
 * directory over a network, and on file systems without sockets.
 *
 * Each attempt creates its own files under a unique name. So the files of a dead process can be removed at any time. Two
 * processes that start at once cannot both succeed: each creates its files before it looks for the files of others, so at
 * least one of them sees the other.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askHolder, type Holder, kernelId, listenAsHolder, parseHolder } from './lock-socket.ts';

/** Another process has the directory open. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

/** The directory was deleted, moved or replaced while this process had it open. */
export class DirectoryLostError extends Error {
  override readonly name = 'DirectoryLostError';

  constructor(directory: string) {
    super(
      `The data directory ${directory} was deleted, moved or replaced while the server had it open. The server has stopped writing to it; start it again.`,
    );
  }
}

export interface DirectoryLock {
  /** Rejects with a `DirectoryLostError` if the lock's files disappear; otherwise never settles. */
  readonly lost: Promise<never>;
  release(): Promise<void>;
}

export interface LockTiming {
  /** Milliseconds between two heartbeats. */
  readonly heartbeatMs: number;
  /** Milliseconds without a heartbeat after which a process on another kernel is considered dead. */
  readonly silenceMs: number;
}

const defaultTiming: LockTiming = { heartbeatMs: 2_000, silenceMs: 10_000 };

/** Maximum time for which processes that start at once retry before they fail. */
const contentionMs = 5_000;

/**
 * Acquires the lock, also after a process that ended without releasing it.
 *
 * @param directory absolute path
 * @throws DirectoryInUseError if another process holds the lock, or if that cannot be excluded
 */
export async function lockDirectory(directory: string, timing: LockTiming = defaultTiming): Promise<DirectoryLock> {
  const lockFiles = join(directory, 'lock');
  createLockFolder(lockFiles, directory);
  for (const end = performance.now() + contentionMs; ; ) {
    const entry = await announce(lockFiles, directory, timing);
    const other = await findHolder(lockFiles, entry.id, timing);
    if (!other) {
      entry.open();
      return { lost: entry.lost, release: () => entry.remove() };
    }
    await entry.remove();
    if (other.isOpen !== false || performance.now() > end) throw inUse(directory, other);
    // Both have withdrawn. With random delays, one of them retries alone.
    await delay(Math.random() * 500);
  }
}

function createLockFolder(lockFiles: string, directory: string): void {
  try {
    mkdirSync(lockFiles, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new DirectoryInUseError(
      `The data directory ${directory} has the lock file of an older version of this server. Stop that server; if none is running, delete ${lockFiles}.`,
    );
  }
}

function inUse(directory: string, { pid, host }: Partial<Holder>): DirectoryInUseError {
  const holder = pid === undefined || host === undefined ? 'another process' : `process ${pid} on ${host}`;
  return new DirectoryInUseError(
    `The data directory ${directory} is in use by ${holder}. Stop that process, or use another directory.`,
  );
}

/** The files of one attempt to acquire the lock. */
interface Entry {
  readonly id: string;
  /** As in `DirectoryLock`. */
  readonly lost: Promise<never>;
  /** Reports to later connections that this process holds the lock. */
  open(): void;
  remove(): Promise<void>;
}

/** Creates the files and starts the heartbeat, so that other processes see this one before it looks for them. */
async function announce(lockFiles: string, directory: string, { heartbeatMs }: LockTiming): Promise<Entry> {
  const id = randomUUID();
  const file = join(lockFiles, `${id}.json`);
  let self: Holder = { pid: process.pid, host: hostname(), kernel: kernelId, listens: true, isOpen: false };
  const server = await listenAsHolder(lockFiles, id, () => self);
  self = { ...self, listens: server !== null && kernelId !== null };
  // Renaming is atomic, so that no process reads an incomplete file.
  writeFileSync(`${file}.new`, JSON.stringify(self), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const { ino } = statSync(file);
  let heartbeat: NodeJS.Timeout | undefined;
  const lost = new Promise<never>((_, reject) => {
    heartbeat = setInterval(() => {
      if (beat(file, ino)) return;
      clearInterval(heartbeat);
      reject(new DirectoryLostError(directory));
    }, heartbeatMs).unref();
  });
  lost.catch(() => {});
  return {
    id,
    lost,
    open() {
      self = { ...self, isOpen: true };
    },
    async remove() {
      clearInterval(heartbeat);
      removeEntry(lockFiles, id);
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
    },
  };
}

/**
 * Returns the process that holds the lock or tries to; undefined if there is none. Removes the files of dead processes.
 */
async function findHolder(lockFiles: string, self: string, timing: LockTiming): Promise<Partial<Holder> | undefined> {
  const ids = readdirSync(lockFiles).flatMap((name) => /^([\da-f-]{36})\.json$/.exec(name)?.[1] ?? []);
  const others = ids.filter((id) => id !== self);
  const states = await Promise.all(others.map((id) => stateOf(lockFiles, id, timing)));
  for (const [index, id] of others.entries()) if (states[index] === 'dead') removeEntry(lockFiles, id);
  const alive = states.filter((state) => state !== 'dead');
  return alive.find(({ isOpen }) => isOpen !== false) ?? alive[0];
}

/** Returns the known properties of a process, or `dead`. */
async function stateOf(lockFiles: string, id: string, { silenceMs }: LockTiming): Promise<Partial<Holder> | 'dead'> {
  const file = join(lockFiles, `${id}.json`);
  const holder = readHolder(file);
  if (holder === null) return 'dead';
  if (holder.listens && holder.kernel === kernelId) return askHolder(lockFiles, id);
  const seen = heartbeatOf(file);
  await delay(silenceMs);
  const { isOpen: _, ...known } = holder;
  const last = heartbeatOf(file);
  // Another process may have removed the file of a dead one meanwhile.
  return last === null || last === seen ? 'dead' : known;
}

/** Returns null if the file does not exist. If it cannot be read, the heartbeat decides. */
function readHolder(file: string): Partial<Holder> | null {
  try {
    return parseHolder(readFileSync(file, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : {};
  }
}

/** The last heartbeat in a form that only compares; null if the file does not exist. */
function heartbeatOf(file: string): string | null {
  try {
    // A network file system may otherwise answer from its cache.
    readFileSync(file);
  } catch {
    // The time of a file that this user may not read still counts.
  }
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.ino} ${found.mtimeNs}` : null;
}

function removeEntry(lockFiles: string, id: string): void {
  for (const extension of ['json', 'sock']) rmSync(join(lockFiles, `${id}.${extension}`), { force: true });
}

/** Updates the time of the file, which other processes watch. Returns false if the file is missing or replaced. */
function beat(file: string, ino: number): boolean {
  const now = new Date();
  try {
    utimesSync(file, now, now);
    return statSync(file).ino === ino;
  } catch (error) {
    // A temporary disk error does not end the lock.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
