/**
 * A lock on a data directory that one process holds at a time. PGlite itself takes none, and two processes on one
 * directory lose each other's writes.
 *
 * Process ids say nothing across containers: in each, the server may be process 1. So the holder listens on a socket
 * in the directory. The kernel closes it when the process ends, however it ends, and another process of the same
 * kernel sees that: it can connect, or it cannot. Processes of other kernels that share the directory over a network,
 * and file systems without sockets, are told apart by a heartbeat instead.
 *
 * Each attempt has files of its own, under a name that is never used again. So the files of a dead process can be
 * removed at any time, and two processes that start at once cannot both win: each makes its files before it looks for
 * those of others, so at least one of them sees the other.
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
  /** Milliseconds without a heartbeat after which a process on another kernel counts as dead. */
  readonly silenceMs: number;
}

const defaultTiming: LockTiming = { heartbeatMs: 2_000, silenceMs: 10_000 };

/** How long processes that start at the same time give way to each other before they give up. */
const contentionMs = 5_000;

/**
 * Takes the lock, also after a process that ended without releasing it.
 *
 * @param directory absolute
 * @throws DirectoryInUseError while another process holds it, or if that cannot be ruled out
 */
export async function lockDirectory(directory: string, timing: LockTiming = defaultTiming): Promise<DirectoryLock> {
  const lockFiles = join(directory, 'lock');
  makeFolder(lockFiles, directory);
  for (const end = performance.now() + contentionMs; ; ) {
    const entry = await announce(lockFiles, directory, timing);
    const other = await findHolder(lockFiles, entry.id, timing);
    if (!other) {
      entry.open();
      return { lost: entry.lost, release: () => entry.remove() };
    }
    await entry.remove();
    if (other.isOpen !== false || performance.now() > end) throw inUse(directory, other);
    // Both have given way. Random delays make one of them come back alone.
    await delay(Math.random() * 500);
  }
}

function makeFolder(lockFiles: string, directory: string): void {
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
    `The data directory ${directory} is in use by ${holder}. Stop that process, or set DATABASE_URL to another directory.`,
  );
}

/** The files of one attempt to take the lock. */
interface Entry {
  readonly id: string;
  /** As in `DirectoryLock`. */
  readonly lost: Promise<never>;
  /** Tells those who connect from now on that this process holds the lock. */
  open(): void;
  remove(): Promise<void>;
}

/** Makes this process visible to all others, and keeps its heartbeat, before it looks for them. */
async function announce(lockFiles: string, directory: string, { heartbeatMs }: LockTiming): Promise<Entry> {
  const id = randomUUID();
  const file = join(lockFiles, `${id}.json`);
  let self: Holder = { pid: process.pid, host: hostname(), kernel: kernelId, listens: true, isOpen: false };
  const server = await listenAsHolder(lockFiles, id, () => self);
  self = { ...self, listens: server !== null && kernelId !== null };
  // Renamed, so that no process reads half of it.
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

/** The process that holds the lock or is about to; undefined if there is none. Removes the files of dead ones. */
async function findHolder(lockFiles: string, self: string, timing: LockTiming): Promise<Partial<Holder> | undefined> {
  const ids = readdirSync(lockFiles).flatMap((name) => /^([\da-f-]{36})\.json$/.exec(name)?.[1] ?? []);
  const others = ids.filter((id) => id !== self);
  const states = await Promise.all(others.map((id) => stateOf(lockFiles, id, timing)));
  for (const [index, id] of others.entries()) if (states[index] === 'dead') removeEntry(lockFiles, id);
  const alive = states.filter((state) => state !== 'dead');
  return alive.find(({ isOpen }) => isOpen !== false) ?? alive[0];
}

/** A process as far as it is known, or `dead`. */
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

/** Null if the file is gone. If it cannot be read, its heartbeat decides. */
function readHolder(file: string): Partial<Holder> | null {
  try {
    return parseHolder(readFileSync(file, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : {};
  }
}

/** The last heartbeat in a form that only compares; null if the file is gone. */
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

/** Renews the time of a file, which others watch. Returns false if it is gone or another file has its name. */
function beat(file: string, ino: number): boolean {
  const now = new Date();
  try {
    utimesSync(file, now, now);
    return statSync(file).ino === ino;
  } catch (error) {
    // A disk that fails for a moment takes nothing away.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
