/** Server process of a check, in its own process group. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const startMs = 60_000;

export const port = await freePort();
export const url = `http://127.0.0.1:${port}`;

let server;

/**
 * Starts a command and waits until its server is ready.
 *
 * @throws Error if the command ends first, or takes longer than a minute
 */
export async function startServer(command, words, { cwd, environment = {} }) {
  server = startProcess(command, words, { cwd, environment: { PORT: String(port), PUBLIC_URL: url, ...environment } });
  const { process: child } = server;
  const deadline = Date.now() + startMs;
  while (!(await isReady())) {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error('the server was not ready within a minute');
    await delay(100);
  }
  return server;
}

/** Sends a signal to the whole group, as a terminal does with Ctrl-C, and waits for the end. */
export async function stopServer(signal = 'SIGINT') {
  process.kill(-server.process.pid, signal);
  await server.ended;
}

/** Kills the remaining processes of the last server. */
export function killServer() {
  try {
    process.kill(-server.process.pid, 'SIGKILL');
  } catch {
    // The server has ended or was not started.
  }
}

/** The output of the last server so far. */
export function serverOutput() {
  return server?.output() ?? '';
}

/** Runs a command and waits for its end. */
export async function runProcess(command, words, options) {
  const { ended, output } = startProcess(command, words, options);
  const [code, signal] = await ended;
  return { code: code ?? signal, output: output() };
}

function startProcess(command, words, { cwd, environment = {} }) {
  const { AUTH_MODE: _, BETTER_AUTH_SECRET: __, DATABASE_URL: ___, ...inherited } = process.env;
  const child = spawn(command, words, {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  return { process: child, output: collect(child), ended: once(child, 'close') };
}

async function isReady() {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

/** Returns a function for the output of a process so far. */
function collect(child) {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
  }
  return () => text;
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  await once(listener, 'close');
  return address.port;
}
