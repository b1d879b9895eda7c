/** The measured processes: the built server, the bare server, and PostgreSQL. */
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
  return start(['dist/cli/main.js'], '/readyz', variables);
}

/** @param database as in `DATABASE_URL` */
export function startBaseline(database: string): Promise<Running> {
  return start(['--import', 'tsx', 'bench/baseline.ts', database], '/api/v1/tasks?limit=1', {});
}

async function start(command: readonly string[], path: string, variables: NodeJS.ProcessEnv): Promise<Running> {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(process.execPath, command, {
    env: { PATH: process.env.PATH, PORT: port, ...variables },
    // The log is on and goes into a pipe, as in production.
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout?.resume();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended with code ${child.exitCode}`);
    const answer = await fetch(`${url}${path}`, { headers: { 'x-owner': 'unknown' } }).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) break;
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
