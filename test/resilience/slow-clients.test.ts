/** Clients that take their time are closed at the limit, and keep nobody else waiting. */
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

/** A connection on which a byte comes now and then, after a beginning. */
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

/** How long it took the server to close it, and what it said. */
async function untilClosed(socket: Socket): Promise<{ ms: number; text: string }> {
  const start = performance.now();
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return { ms: performance.now() - start, text };
}

test('headers that take too long are answered and closed', async () => {
  const { url } = await serve({ DATABASE_URL: 'pglite:memory' });
  const { ms, text } = await untilClosed(await slowClient(url, halfHeaders));
  expect(ms).toBeGreaterThan(headersTimeoutMs - 1_000);
  expect(ms).toBeLessThan(headersTimeoutMs + connectionCheckIntervalMs + 3_000);
  expect(text).toContain('application/problem+json');
});

test.runIf(isLong)('so is a body', async () => {
  const { url } = await serve({ DATABASE_URL: 'pglite:memory' });
  const { ms } = await untilClosed(await slowClient(url, halfBody));
  expect(ms).toBeGreaterThan(requestTimeoutMs - 1_000);
  expect(ms).toBeLessThan(requestTimeoutMs + connectionCheckIntervalMs + 3_000);
});

test('two thousand slow connections leave the others served', async () => {
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
  // The slow ones are driven by this very process, which takes its share of the time.
  expect(among).toBeLessThan(Math.max(2 * alone, 500));
  for (const socket of slow) socket.destroy();
  await delay(100);
});

/** The 99th percentile of how long a good client waits, in milliseconds. */
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
