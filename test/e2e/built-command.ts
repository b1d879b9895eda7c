/** Runs the built command as a user does: in a separate process, an empty folder and a clean environment. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject, onTestFinished } from 'vitest';
import { freePort } from '../support/postgres-server.ts';

export const root = join(import.meta.dirname, '..', '..');
export const command = join(root, 'dist', 'cli', 'main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The output on both streams so far. */
  output(): string;
  /** The JSON lines of the log so far. */
  log(): Record<string, unknown>[];
}

export interface RunOptions {
  /** A new empty folder by default. */
  readonly directory?: string;
  /** In addition to PATH and similar variables. The rest of the environment of the tests is not passed. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the test writes to its standard input. */
  readonly input?: boolean;
}

/** Runs the command and kills it at the end of the test. */
export function runCommand(words: readonly string[], options: RunOptions = {}): Run {
  return run(process.execPath, [command, ...words], options);
}

/** Runs a TypeScript file of the repository, in one process, as `tsx` does in two. */
export function runSource(file: string, words: readonly string[] = [], options: RunOptions = {}): Run {
  return run(process.execPath, ['--import', import.meta.resolve('tsx'), file, ...words], options);
}

/** Runs any program, in the same way. */
export function run(
  program: string,
  words: readonly string[],
  { directory = emptyFolder(), environment = {}, input = false }: RunOptions = {},
): Run {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, words, {
    cwd: directory,
    env: { PATH, HOME, ...environment },
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[stream] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended.catch(() => {});
  });
  return {
    process: child,
    ended,
    output: () => texts.stdout + texts.stderr,
    log: () =>
      texts.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

export interface BuiltServer extends Run {
  readonly url: string;
  readonly port: number;
}

/** Starts `serve` on a free port, on a migrated embedded database by default, and waits until it listens. */
export async function serve(
  environment: Readonly<Record<string, string>> = {},
  directory = migratedFolder(environment),
) {
  const port = await freePort();
  const server = runCommand(['serve'], { directory, environment: { PORT: String(port), ...environment } });
  const url = `http://localhost:${port}`;
  await until(async () => (await statusOf(`${url}/livez`)) === 200, server);
  return { ...server, url, port } satisfies BuiltServer;
}

/** Starts `serve` and waits until it is ready. */
export async function serveReady(environment: Readonly<Record<string, string>> = {}, directory?: string) {
  const server = await serve(environment, directory);
  await untilReady(server);
  return server;
}

export function untilReady(server: Run & { readonly url: string }): Promise<void> {
  return until(async () => (await statusOf(`${server.url}/readyz`)) === 200, server);
}

/** Waits for a condition while the process runs. */
export async function until(holds: () => Promise<boolean> | boolean, { process: child, output }: Run): Promise<void> {
  for (const deadline = Date.now() + 40_000; !(await holds()); await delay(50)) {
    if (child.exitCode !== null) throw new Error(`the process ended with exit code ${child.exitCode}:\n${output()}`);
    if (Date.now() > deadline) throw new Error(`it did not happen in time:\n${output()}`);
  }
}

async function statusOf(url: string): Promise<number> {
  try {
    return (await fetch(url)).status;
  } catch {
    return 0;
  }
}

/** A folder that is removed at the end of the test. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-system-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A folder whose `.data` is a migrated database, unless another database is configured. A new one would take seconds. */
export function migratedFolder({ DATABASE_URL }: Readonly<Record<string, string>> = {}): string {
  const folder = emptyFolder();
  if (DATABASE_URL !== undefined) return folder;
  const cluster = join(folder, '.data', 'postgres');
  mkdirSync(cluster, { recursive: true, mode: 0o700 });
  // tar reports on stderr that it removes leading slashes.
  execFileSync('tar', ['-xf', inject('embeddedTemplate'), '-C', cluster], { stdio: 'pipe' });
  return folder;
}
