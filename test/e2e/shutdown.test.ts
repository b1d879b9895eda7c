/** Shutdown: requests in progress are completed, idle connections are closed, new ones are rejected, and the exit code is 0. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { testSecret } from '../support/databases.ts';
import { openStream } from '../support/event-stream.ts';
import { signWithSecret } from '../support/tokens.ts';
import {
  type BuiltServer,
  emptyFolder,
  migratedFolder,
  runCommand,
  serve,
  serveReady,
  until,
} from './built-command.ts';
import { ownDatabase, untilBlocked } from './own-database.ts';

const issuer = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret };
const token = signWithSecret(testSecret, { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 600 });
const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('without requests: exits', async () => {
    const server = await serveReady(issuer);
    server.process.kill(signal);
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(server.log().slice(-2)).toMatchObject([
      { msg: 'stopping', signal },
      { msg: 'stopped', finished: true },
    ]);
  });

  test('during startup: exits with 0', async () => {
    const directory = emptyFolder();
    const server = runCommand(['serve'], { directory, environment: { ...issuer, PORT: '0' } });
    // From here on it opens the embedded database, which takes seconds if it is new.
    await until(() => existsSync(join(directory, '.data', 'lock')), server);
    server.process.kill(signal);
    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
  });
});

test('with open event streams: they end, and the server exits without waiting for its timeout', async () => {
  const server = await serveReady({ ...issuer, SHUTDOWN_TIMEOUT_MS: '60000' });
  const streams = await Promise.all(Array.from({ length: 5 }, () => openStream(server.url, token)));
  for (const stream of streams) expect(await stream.next()).toMatchObject({ event: 'changes' });
  server.process.kill('SIGTERM');
  for (const stream of streams)
    expect(await stream.rest()).toMatchObject([{ event: 'end', data: { reason: 'shutdown' } }]);
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  expect(server.log().at(-1)).toMatchObject({ msg: 'stopped', finished: true });
});

describe('with a request in progress', () => {
  beforeEach((context) => {
    context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s: it is completed, and new requests are rejected', async (signal) => {
    const { server, task, holder } = await serverWithLockedTask();
    const idle = await idleConnection(server.port);
    const answer = complete(server, task);
    await untilBlocked(holder);

    server.process.kill(signal);
    // A second signal has no effect.
    server.process.kill('SIGTERM');
    await once(idle, 'close');
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
    expect(server.process.exitCode).toBeNull();

    await holder.query('commit');
    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ id: task, status: 'Done' });
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('longer than SHUTDOWN_TIMEOUT_MS: it is aborted, and the exit code is 1', async () => {
    const { server, task, holder } = await serverWithLockedTask({ SHUTDOWN_TIMEOUT_MS: '300' });
    const answer = complete(server, task);
    const failure = expect(answer).rejects.toThrow();
    await untilBlocked(holder);
    server.process.kill('SIGTERM');
    await failure;
    expect(await server.ended).toMatchObject({ code: 1, stderr: '' });
    expect(server.log()).toContainEqual(expect.objectContaining({ msg: 'stopped', finished: false }));
  });

  test('longer than SHUTDOWN_TIMEOUT_MS, beside an incomplete request: the exit code is 1', async () => {
    const { server, task, holder } = await serverWithLockedTask({ SHUTDOWN_TIMEOUT_MS: '300' });
    const answer = expect(complete(server, task)).rejects.toThrow();
    await untilBlocked(holder);
    await incompleteRequest(server.port, 'Content-Length: 10\r\n\r\n{');
    server.process.kill('SIGTERM');
    await answer;
    expect(await server.ended).toMatchObject({ code: 1, stderr: '' });
  });
});

describe('with an incomplete request', () => {
  test('it is closed after SHUTDOWN_TIMEOUT_MS at the latest, and the exit code is 0', async () => {
    const server = await serveReady({ ...issuer, SHUTDOWN_TIMEOUT_MS: '300' });
    const beginnings = [
      'Content-Length: 10\r\n',
      'Content-Length: 10\r\n\r\n',
      'Content-Length: 10\r\n\r\n{"ti',
      'Transfer-Encoding: chunked\r\n\r\n20\r\n{"ti',
    ];
    const slow = await Promise.all(beginnings.map((rest) => incompleteRequest(server.port, rest)));
    const closed = slow.map((socket) => once(socket, 'close'));
    server.process.kill('SIGTERM');
    await Promise.all(closed);
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(server.log().at(-1)).toMatchObject({ msg: 'stopped', finished: true });
    expect(server.log().filter(({ level }) => Number(level) > 30)).toEqual([]);
  });

  test('a body that continues to arrive is received and answered', async () => {
    const server = await serveReady(issuer);
    const slow = await incompleteRequest(server.port, 'Content-Length: 13\r\n\r\n{"title"');
    server.process.kill('SIGTERM');
    await until(() => server.log().some(({ msg }) => msg === 'stopping'), server);
    slow.write(':"x"}');
    const [received] = await once(slow, 'data');
    expect(String(received)).toMatch(/^HTTP\/1.1 201 /);
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

test('while the database does not respond: exits', async () => {
  const silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const server = await serve({
    ...issuer,
    DATABASE_URL: `postgres://127.0.0.1:${port}/todo`,
    SHUTDOWN_TIMEOUT_MS: '500',
  });
  server.process.kill('SIGTERM');
  expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  // If the server waited until the attempt to connect fails, it would log the failure.
  expect(server.log().filter(({ msg }) => String(msg).includes('cannot be reached'))).toEqual([]);
});

test('after the reader of the log has closed the pipe: exits', async () => {
  const server = await serveReady(issuer);
  server.process.stdout?.destroy();
  for (let count = 0; count < 5; count += 1) expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  server.process.kill('SIGTERM');
  expect((await server.ended).code).toBe(0);
});

test('the data directory is unlocked afterwards', async () => {
  const directory = migratedFolder();
  for (let start = 0; start < 2; start += 1) {
    const server = await serveReady(issuer, directory);
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  }
});

/** A server on its own database, a task, and a connection that holds a lock on the row of the task. */
async function serverWithLockedTask(environment: Record<string, string> = {}) {
  const { url, holder } = await ownDatabase();
  const server = await serveReady({
    ...issuer,
    DATABASE_URL: url,
    DATABASE_TIMEOUT_MS: '30000',
    ...environment,
  });
  const created = await fetch(`${server.url}/api/v1/tasks`, { method: 'POST', headers, body: '{"title":"Buy milk"}' });
  const { id } = (await created.json()) as { id: string };
  await holder.query('begin');
  await holder.query('select from todo.tasks for update');
  return { server, task: id, holder };
}

function complete(server: BuiltServer, task: string): Promise<Response> {
  return fetch(`${server.url}/api/v1/tasks/${task}`, { method: 'PATCH', headers, body: '{"status":"Done"}' });
}

/** A connection with the beginning of a request, which the server has read. */
async function incompleteRequest(port: number, rest: string): Promise<Socket> {
  const socket = await idleConnection(port);
  socket.write(`POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`);
  socket.write(`Content-Type: application/json\r\n${rest}`);
  // A response on another connection proves that the server has read the data above.
  expect((await fetch(`http://localhost:${port}/livez`)).status).toBe(200);
  return socket;
}

/** A keep-alive connection after one response. */
async function idleConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  return socket;
}
