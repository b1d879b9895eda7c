/**
 * Benchmark of slow and silent clients: memory of the built server, and latencies of a good client beside them. It prints
 * the table for `docs/faults.md`. It needs about 12,000 file descriptors and takes about four minutes.
 *
 * Usage: npm run bench:slow
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../test/support/postgres-server.ts';
import { bytesOf, LightClient } from './light-client.ts';
import { residentMb, startServer } from './processes.ts';
import { tokenOf, unlimited } from './soak-traffic.ts';

const postgres = await startPostgres();
const server = await startServer({ DATABASE_URL: `${postgres.url}/postgres`, ...unlimited });
const url = new URL(server.url);
const tasks = '/api/v1/tasks';
const request = (method: string, path: string, body?: string, user = 'bench') => {
  const headers = { Authorization: `Bearer ${tokenOf(user)}`, 'Content-Type': 'application/json' };
  return bytesOf({ method, path, headers, ...(body !== undefined && { body }) }, url.host);
};

try {
  await createLargeTasks();
  console.log(
    '| Clients | Memory, MB: before / highest / after | Connections left after 35 s | p99 of a good client, ms |',
  );
  console.log('| --- | --- | --- | --- |');
  await measure('none', 0, Buffer.alloc(0));
  await measure('10,000 that send nothing', 10_000, Buffer.alloc(0));
  await measure('10,000 that are idle after a request', 10_000, request('GET', '/livez'));
  await measure('200 that do not read a page of large tasks', 200, request('GET', `${tasks}?limit=200`));
  await measure('2,000 that stop within a body of 140 KB', 2_000, halfBody(130_000));
  await measure(
    '200 that send 20 such requests and read nothing',
    200,
    Buffer.concat(Array(20).fill(request('GET', tasks))),
  );
} finally {
  await server.stop();
  await postgres.stop();
}

function halfBody(bytes: number): Buffer {
  return request('POST', tasks, JSON.stringify({ title: 'x', description: 'x'.repeat(140_000) })).subarray(0, bytes);
}

/** As many as one page has, with the longest descriptions. */
async function createLargeTasks(): Promise<void> {
  const client = await LightClient.connect(url);
  const operations = Array.from({ length: 3 }, () => ({
    op: 'create',
    task: { title: 'x', description: '🥕'.repeat(10_000) },
  }));
  for (let count = 0; count < 67; count += 1) {
    const status = await client.send(request('POST', `${tasks}/batch`, JSON.stringify({ operations })));
    if (status !== 200) throw new Error(`the batch returned ${status}`);
  }
  client.close();
}

async function measure(name: string, count: number, bytes: Buffer): Promise<void> {
  const memory = () => residentMb(server.process.pid as number);
  const before = memory();
  let highest = before;
  const sampling = setInterval(() => {
    highest = Math.max(highest, memory());
  }, 100);
  const silent: Socket[] = [];
  const good = goodClient(40_000);
  for (let missing = count; missing > 0; missing -= 100) {
    silent.push(...(await Promise.all(Array.from({ length: Math.min(100, missing) }, () => open(bytes)))));
  }
  await delay(35_000);
  // Reading shows which connections are closed.
  for (const socket of silent) socket.resume();
  await delay(2_000);
  const left = silent.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  for (const socket of silent) socket.destroy();
  const p99 = await good;
  await delay(2_000);
  clearInterval(sampling);
  console.log(`| ${name} | ${before} / ${highest} / ${memory()} | ${left} | ${p99.toFixed(0)} |`);
}

async function open(bytes: Buffer): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => {}).pause();
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Another user, who reads a short list 20 times per second. Returns the 99th percentile. */
async function goodClient(ms: number): Promise<number> {
  const times: number[] = [];
  const client = await LightClient.connect(url);
  for (const end = Date.now() + ms; Date.now() < end; await delay(50)) {
    const start = performance.now();
    const status = await client.send(request('GET', `${tasks}?limit=1&status=Done`, undefined, 'good'));
    if (status !== 200) throw new Error(`a good client got ${status}`);
    times.push(performance.now() - start);
  }
  client.close();
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
}
