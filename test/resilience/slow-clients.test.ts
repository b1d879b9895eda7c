/** Slow clients: their connections are closed at the time limit, and do not delay other clients. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { connectionCheckIntervalMs, headersTimeoutMs, requestTimeoutMs } from '../../src/server/server.ts';
import { type Served, serve, tokenFor } from './serve.ts';

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
  expect(ms).toBeLessThan(headersTimeoutMs + connectionCheckIntervalMs + 3_000);
  expect(text).toContain('application/problem+json');
});

test.runIf(isLong)('a body that arrives too slowly gets an answer, and the connection is closed', async () => {
  const { url } = await serve({ DATABASE_URL: 'pglite:memory' });
  const { ms } = await untilClosed(await slowClient(url, halfBody));
  expect(ms).toBeGreaterThan(requestTimeoutMs - 1_000);
  expect(ms).toBeLessThan(requestTimeoutMs + connectionCheckIntervalMs + 3_000);
});

test('two thousand slow connections do not prevent other requests from being served', async () => {
  const served = await serve({ DATABASE_URL: 'pglite:memory' });
  await percentile(served);
  const alone = await percentile(served);
  const slow: Socket[] = [];
  for (let batch = 0; batch < 20; batch += 1) {
    const kinds = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? halfHeaders : halfBody));
    slow.push(...(await Promise.all(kinds.map((kind) => slowClient(served.url, kind)))));
  }
  expect(slow.filter((socket) => !socket.destroyed)).toHaveLength(2_000);
  const among = await percentile(served);
  // This process also drives the slow clients, which takes a part of the time.
  expect(among).toBeLessThan(Math.max(2 * alone, 500));
  for (const socket of slow) socket.destroy();
  await delay(100);
});

/** 99th percentile of the latency of a normal client, in milliseconds. */
async function percentile({ call }: Served): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 50; round += 1) {
    const answers = await Promise.all([1, 2, 3, 4].map(() => call('GET', `${tasks}?limit=1`)));
    for (const { status, ms } of answers) {
      expect(status).toBe(200);
      times.push(ms);
    }
    await delay(10);
  }
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] as number;
}
