/** Slow clients: their connections are closed at the time limit, and do not delay other clients. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { apiLimits } from '../../src/server/limits.ts';
import { availableConnections } from '../../src/server/open-files.ts';
import { serveReady } from '../e2e/built-command.ts';
import { type SilentClient, silentClient } from '../support/silent-client.ts';
import { caller, delayMs, environment, serve, tokenFor } from './serve.ts';

const { headersTimeoutMs, requestTimeoutMs, checkIntervalMs } = apiLimits;

const isLong = process.env.RESILIENCE === 'long';
const tasks = '/api/v1/tasks';
const halfHeaders = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
const halfBody = `POST ${tasks} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokenFor('slow')}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"title":"`;

/** A connection that sends the beginning of a request, and then single bytes at intervals. */
async function slowClient(url: string, beginning: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(beginning);
  const dripping = setInterval(() => socket.write('x'), 3_000);
  socket.once('close', () => clearInterval(dripping));
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Time until the server closed the connection, and its answer. */
async function untilClosed(socket: Socket): Promise<{ ms: number; text: string }> {
  const start = performance.now();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return { ms: performance.now() - start, text };
}

test('headers that arrive too slowly get an answer, and the connection is closed', async () => {
  const { url } = await serve({ DATABASE_URL: 'pglite:memory' });
  const { ms, text } = await untilClosed(await slowClient(url, halfHeaders));
  expect(ms).toBeGreaterThan(headersTimeoutMs - 1_000);
  expect(ms).toBeLessThan(headersTimeoutMs + checkIntervalMs + delayMs);
  expect(text).toContain('application/problem+json');
});

test.runIf(isLong)('a body that arrives too slowly gets an answer, and the connection is closed', async () => {
  const { url } = await serve({ DATABASE_URL: 'pglite:memory' });
  const { ms } = await untilClosed(await slowClient(url, halfBody));
  expect(ms).toBeGreaterThan(requestTimeoutMs - 1_000);
  expect(ms).toBeLessThan(requestTimeoutMs + checkIntervalMs + delayMs);
});

/** The built server, as a user starts it, and the highest memory of its process in MB. */
async function builtServer() {
  const server = await serveReady({ ...environment, DATABASE_URL: 'pglite:memory', LOG_LEVEL: 'fatal' });
  const url = `http://127.0.0.1:${server.port}`;
  const memory = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]) / 1024;
  let highest = 0;
  const sampling = setInterval(() => {
    highest = Math.max(highest, memory());
  }, 100);
  onTestFinished(() => clearInterval(sampling));
  return { url, call: caller(url, tokenFor('ada')), memory, highest: () => highest };
}

describe.runIf(isLong && process.platform === 'linux')('the built server', () => {
  test('closes the connections of clients that do not read, within a bounded memory', async () => {
    const { url, call, memory, highest } = await builtServer();
    const operations = Array.from({ length: 3 }, () => ({
      op: 'create',
      task: { title: 'Long', description: '🥕'.repeat(10_000) },
    }));
    for (let count = 0; count < 67; count += 1) await call('POST', `${tasks}/batch`, { operations });
    const get = `GET ${tasks}?limit=200 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenFor('ada')}\r\n\r\n`;
    const before = memory();
    const silent = await Promise.all(Array.from({ length: 100 }, () => silentClient(url, get.repeat(20))));
    const end = Date.now() + 60_000;
    while (Date.now() < end) {
      expect((await call('GET', `${tasks}?limit=1`)).status).toBe(200);
      await delay(1_000);
    }
    // Without a bound, the responses would need gigabytes.
    expect(highest() - before).toBeLessThan(500);
    const received = await Promise.all(silent.map((client) => client.readAll()));
    // None of them received all of its responses, and `readAll` returns only for a closed connection.
    for (const text of received) expect(text.match(/HTTP\/1\.1 200/g)?.length ?? 0).toBeLessThan(20);
  });

  test('serves others beside ten thousand idle connections', async (context) => {
    context.skip(availableConnections() < 11_000, 'the limit on open files is too low for the clients');
    const { url, call, memory, highest } = await builtServer();
    const before = memory();
    const live = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
    const idle: SilentClient[] = [];
    for (let batch = 0; batch < 105; batch += 1) {
      const bytes = [live, '', 'GET /livez HTTP/1.1\r\n'][batch % 3] as string;
      idle.push(...(await Promise.all(Array.from({ length: 100 }, () => silentClient(url, bytes)))));
      expect((await call('GET', `${tasks}?limit=1`)).status).toBe(200);
    }
    for (let count = 0; count < 25; count += 1) {
      expect((await call('GET', `${tasks}?limit=1`)).status).toBe(200);
      await delay(1_000);
    }
    expect(highest() - before).toBeLessThan(300);
    // This process needs time to see that thousands of its connections are closed.
    const open = async () => (await Promise.all(idle.map((client) => client.isClosed()))).filter((is) => !is).length;
    await expect.poll(open, { timeout: 60_000, interval: 1_000 }).toBeLessThanOrEqual(apiLimits.maxIdleConnections);
  });
});

test('two thousand slow connections do not prevent other requests from being served', async () => {
  // A busy machine needs longer than the default to open them all.
  const limits = { headersTimeoutMs: 100_000, requestTimeoutMs: 100_000 };
  const { url, call } = await serve({ DATABASE_URL: 'pglite:memory' }, { limits });
  const slow: Socket[] = [];
  for (let batch = 0; batch < 20; batch += 1) {
    const kinds = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? halfHeaders : halfBody));
    slow.push(...(await Promise.all(kinds.map((kind) => slowClient(url, kind)))));
  }
  for (let round = 0; round < 50; round += 1) {
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('GET', `${tasks}?limit=1`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  }
  expect(slow.filter((socket) => !socket.destroyed)).toHaveLength(2_000);
});
