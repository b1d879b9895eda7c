/** The measured processes: the built server, the bare servers, other programs, and PostgreSQL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../test/support/postgres-server.ts';

export interface Running {
  readonly url: string;
  readonly process: ChildProcess;
  /** Time from the start of the process to its first response with status 200, in milliseconds. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** @param variables environment variables except the port; the environment of the benchmark is not inherited */
export function startServer(variables: NodeJS.ProcessEnv): Promise<Running> {
  return startProgram([process.execPath, 'dist/cli/main.js'], { path: '/readyz', variables });
}

/**
 * @param name of a module in `bench/bare/`
 * @param database as in `DATABASE_URL`
 */
export function startBare(name: string, database: string): Promise<Running> {
  return startProgram([process.execPath, '--import', 'tsx', `bench/bare/${name}.ts`, database], {
    path: '/api/v1/tasks?limit=1',
    headers: { 'x-owner': 'unknown' },
  });
}

export interface ProgramOptions {
  /** A request for this path with these headers has status 200 as soon as the program is ready. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Environment variables, in addition to PATH and PORT. */
  readonly variables?: NodeJS.ProcessEnv;
  readonly directory?: string;
}

/** Time for a program to become ready, in milliseconds. */
const startTimeoutMs = 60_000;

/** Starts a program that listens on the port of the environment variable PORT. */
export async function startProgram(
  [program, ...words]: readonly [string, ...string[]],
  { path, headers = {}, variables = {}, directory = '.' }: ProgramOptions,
): Promise<Running> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(program, words, {
    cwd: directory,
    env: { PATH: process.env.PATH, PORT: port, ...variables },
    // The log is on and goes into a pipe, as in production.
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  // It would continue if the benchmark fails.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ${words.join(' ')} ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}${path}`, { headers }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) break;
    if (performance.now() - started > startTimeoutMs) {
      child.kill('SIGKILL');
      throw new Error(`${program} ${words.join(' ')} is not ready: ${path} returns ${answer?.status ?? 'nothing'}`);
    }
    await delay(10);
  }
  return {
    url,
    process: child,
    startMs: performance.now() - started,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** CPU time of a process in milliseconds. Only Linux provides it. */
export function cpuMsOf(pid: number): number {
  return cpuMsAt(pid, 11);
}

/** CPU time of the ended child processes of a process. */
function cpuMsOfEnded(pid: number): number {
  return cpuMsAt(pid, 13);
}

/** The sum of user and system time, which are this field and the next one. */
function cpuMsAt(pid: number, field: number): number {
  const [user, system] = statOf(pid).slice(field);
  return (Number(user) + Number(system)) * 10;
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

/** CPU time of all processes of a PostgreSQL server on this machine, or 0 if it runs on another machine. */
export async function databaseCpu(url: string): Promise<() => number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  // Read it now, because the backend process ends with the connection.
  const [, server] = statOf(rows[0].pid);
  await client.end();
  return () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && statOf(Number(name))[1] === server)
      .reduce((sum, pid) => sum + cpuMsOf(Number(pid)), cpuMsOfEnded(Number(server)));
}

/** Executes one statement on a new connection. */
export async function runOnce(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

/** The fields of /proc/PID/stat from the state on (Linux manual, proc_pid_stat(5)), or zeros if the process has ended. */
function statOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return Array(15).fill('0');
  }
}
