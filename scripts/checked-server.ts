/** Server process of a check, in its own process group. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const startMs = 60_000;

export interface RunOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly process: ChildProcess;
  /** The exit code and the signal, as in the event `close`. */
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  /** The output on both streams so far. */
  output(): string;
}

export const port = await freePort();
export const url = `http://127.0.0.1:${port}`;

let server: RunningProcess | undefined;

/**
 * Starts a command and waits until its server is ready.
 *
 * @throws Error if the command ends first, or takes longer than a minute
 */
export async function startServer(
  command: string,
  words: readonly string[],
  { cwd, environment = {} }: RunOptions,
): Promise<RunningProcess> {
  const started = startProcess(command, words, {
    cwd,
    environment: { PORT: String(port), PUBLIC_URL: url, ...environment },
  });
  server = started;
  const { process: child } = started;
  const deadline = Date.now() + startMs;
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('the server was not ready within a minute');
    await delay(100);
  }
  return started;
}

/** Sends a signal to the whole group, as a terminal does with Ctrl-C, and waits for the end. */
export async function stopServer(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
  signalGroup(signal);
  await server?.ended;
}

/** Kills the remaining processes of the last server. */
export function killServer(): void {
  try {
    signalGroup('SIGKILL');
  } catch {
    // The server has ended.
  }
}

function signalGroup(signal: NodeJS.Signals): void {
  if (server?.process.pid) process.kill(-server.process.pid, signal);
}

/** The output of the last server so far. */
export function serverOutput(): string {
  return server?.output() ?? '';
}

/** Runs a command and waits for its end. */
export async function runProcess(command: string, words: readonly string[], options: RunOptions) {
  const { ended, output } = startProcess(command, words, options);
  const [code, signal] = await ended;
  return { code: code ?? signal, output: output() };
}

function startProcess(
  command: string,
  words: readonly string[],
  { cwd, environment = {} }: RunOptions,
): RunningProcess {
  const { AUTH_MODE: _, BETTER_AUTH_SECRET: __, DATABASE_URL: ___, ...inherited } = process.env;
  const child = spawn(command, words, {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return { process: child, output: collect(child), ended: once(child, 'close') as RunningProcess['ended'] };
}

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

/** Returns a function for the output of a process so far. */
function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return () => text;
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port: free } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return free;
}
