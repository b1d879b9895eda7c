/**
 * The socket by which the holder of a data directory is known to be alive. The kernel closes it when the process ends,
 * so nothing that the process leaves behind can pass for it, and a frozen process still has it.
 */
import { closeSync, constants, openSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What a process says of itself, in its file and on its socket. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** The kernel it runs on, as in `kernelId`. */
  readonly kernel: string | null;
  /** Whether its socket can be trusted: processes of the same kernel can connect to it while it is alive. */
  readonly listens: boolean;
  /** Whether it holds the lock, or still looks for others. Only its socket tells. */
  readonly isOpen?: boolean;
}

/** How long a process may take to introduce itself, in milliseconds. One that takes longer is frozen, but alive. */
const introductionMs = 1_000;

/** The longest path of a Unix socket, in bytes: 103 on macOS (unix(4)). Node cuts longer ones off. */
const maxPathBytes = 103;

/** The running kernel: the boot id on Linux, the host's name elsewhere; null if it is unknown. */
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
 * Listens in a folder, and tells those who connect what `self` gives.
 *
 * @returns null if the file system has no sockets, as some that are shared with containers
 */
export async function listenAsHolder(folder: string, id: string, self: () => Holder): Promise<Server | null> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(self()));
  });
  try {
    await withAddress(
      folder,
      id,
      (path) => new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve)),
    );
  } catch {
    return null;
  }
  server.unref();
  // Some file systems make a socket to which nothing can connect.
  if ((await askHolder(folder, id)) !== 'dead') return server;
  server.close();
  return null;
}

/** What is known of a process whose socket is in a folder; `dead` if the kernel knows of none that listens there. */
export async function askHolder(folder: string, id: string): Promise<Partial<Holder> | 'dead'> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await withAddress(folder, id, connect);
    // It ends, or stops listening, at this very moment: the next attempt shows it.
    if (answer === 'closed' && attempt < 10) await delay(10 * attempt);
    else return answer === 'closed' ? {} : answer;
  }
}

/** Connects to a process and reads its introduction; `closed` if it hangs up without one. */
function connect(path: string): Promise<Partial<Holder> | 'dead' | 'closed'> {
  return new Promise((resolve) => {
    let text = '';
    const socket = createConnection(path);
    const silence = setTimeout(() => {
      resolve({});
      socket.destroy();
    }, introductionMs);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve('dead');
      // Any other error, a missing right for example, leaves it open whether the process is alive.
      else if (code !== 'ECONNRESET' && code !== 'EPIPE') resolve({});
    });
    socket.on('close', () => {
      clearTimeout(silence);
      resolve(text === '' ? 'closed' : parseHolder(text));
    });
  });
}

/** Nothing is known of a process whose introduction cannot be read. */
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
    // Pipes have names for the whole machine, so a copy of the folder needs other ones.
    const { ino } = statSync(folder, { bigint: true });
    return work(`\\\\.\\pipe\\todo-api-${ino}-${id}`);
  }
  if (process.platform !== 'linux') {
    const path = join(folder, `${id}.sock`);
    if (Buffer.byteLength(path) > maxPathBytes) throw new Error('the path is too long for a socket');
    return work(path);
  }
  // Through an open descriptor, paths of any length are short enough.
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await work(`/proc/self/fd/${descriptor}/${id}.sock`);
  } finally {
    closeSync(descriptor);
  }
}
