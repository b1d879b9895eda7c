/**
 * Socket that shows that the holder of a data directory is alive. The kernel closes it when the process ends, so a dead
 * process cannot appear alive. A suspended process keeps its socket.
 */
import { chmodSync, closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Self-description of a process, in its file and on its socket. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Its kernel, as in `kernelId`. */
  readonly kernel: string | null;
  /** Whether its socket is reliable: processes on the same kernel can connect to it while the process is alive. */
  readonly listens: boolean;
  /**
   * Whether it holds the lock, or is still looking for other processes. Only the answer on the socket has this field.
   */
  readonly isOpen?: boolean;
}

/** Maximum time for the answer of a process, in milliseconds. A slower process is suspended, but alive. */
const answerTimeoutMs = 1_000;

/** The longest path of a Unix socket, in bytes: 103 on macOS (unix(4)). Node truncates longer paths. */
const maxPathBytes = 103;

/** Id of the running kernel: the boot id on Linux, otherwise the host name; null if it is unknown. */
export const kernelId = readKernelId();

function readKernelId(): string | null {
  if (process.platform !== 'linux') return hostname();
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/**
 * Listens on a socket in a folder, and sends the result of `self` to each connection.
 *
 * @returns null if the file system has no sockets, for example some that are shared with containers
 */
export async function listenAsHolder(folder: string, id: string, self: () => Holder): Promise<Server | null> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(self()));
  });
  try {
    await withAddress(folder, id, async (path) => {
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
      if (process.platform !== 'win32') chmodSync(path, 0o600);
    });
  } catch {
    return null;
  }
  server.unref();
  // On some file systems, a socket can be created but accepts no connection.
  if ((await askHolder(folder, id)) !== 'dead') return server;
  server.close();
  return null;
}

/** Asks the process whose socket is in a folder; `dead` if no process listens on it. */
export async function askHolder(folder: string, id: string): Promise<Partial<Holder> | 'dead'> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await withAddress(folder, id, connect);
    // The process is ending or closing its socket. The next attempt shows which.
    if (answer === 'closed' && attempt < 10) await delay(10 * attempt);
    else return answer === 'closed' ? {} : answer;
  }
}

/** Connects to a process and reads its answer; `closed` if it closes the connection without an answer. */
function connect(path: string): Promise<Partial<Holder> | 'dead' | 'closed'> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(path);
    const silence = setTimeout(() => {
      resolve({});
      socket.destroy();
    }, answerTimeoutMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve('dead');
      // After any other error, for example a missing permission, it is unknown whether the process is alive.
      else if (code !== 'ECONNRESET' && code !== 'EPIPE') resolve({});
    });
    socket.on('close', () => {
      clearTimeout(silence);
      resolve(text === '' ? 'closed' : parseHolder(text));
    });
  });
}

/** Parses a self-description. Returns an empty object if it is invalid. */
export function parseHolder(text: string): Partial<Holder> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<Holder>;
  } catch {
    return {};
  }
}

async function withAddress<Result>(
  folder: string,
  id: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  if (process.platform === 'win32') {
    // Pipe names are global on the machine. The inode keeps a copy of the folder apart.
    const { ino } = statSync(folder, { bigint: true });
    return work(`\\\\.\\pipe\\todo-api-${ino}-${id}`);
  }
  if (process.platform !== 'linux') {
    const path = join(folder, `${id}.sock`);
    if (Buffer.byteLength(path) > maxPathBytes) throw new Error('the path is too long for a socket');
    return work(path);
  }
  // A path through an open descriptor is short, whatever the length of the folder's path.
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await work(`/proc/self/fd/${descriptor}/${id}.sock`);
  } finally {
    closeSync(descriptor);
  }
}
