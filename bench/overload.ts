/**
 * Benchmark of overload: many clients at once, each of which sends the next request as soon as it has a response. The
 * server runs in its own process. It prints a row per number of clients, for `docs/faults.md`.
 *
 * Usage: npm run bench:overload -- [seconds of each]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres } from '../test/support/postgres-server.ts';
import { bytesOf, LightClient } from './light-client.ts';
import { residentMb, startServer } from './processes.ts';
import { tokenOf, unlimited } from './soak-traffic.ts';

const seconds = Number(process.argv[2] ?? 5);
const postgres = await startPostgres();
const server = await startServer({ DATABASE_URL: `${postgres.url}/postgres`, ...unlimited });
const url = new URL(server.url);
/** Each client is a user, because each user has a limited part of the queue. */
const listOf = (user: number) =>
  bytesOf(
    { method: 'GET', path: '/api/v1/tasks?limit=10', headers: { Authorization: `Bearer ${tokenOf(`user-${user}`)}` } },
    url.host,
  );
const probe = bytesOf({ method: 'GET', path: '/livez', headers: {} }, url.host);
try {
  await load(20);
  console.log('| Clients | 200 per second | p50 / p99, ms | 503 per second | /livez p99, ms | Memory, MB |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const clients of [20, 100, 210, 500, 1_000, 2_000]) {
    const { served, rejected, alive } = await load(clients);
    const memory = residentMb(server.process.pid as number);
    console.log(
      `| ${clients} | ${rate(served)} | ${at(served, 0.5)} / ${at(served, 0.99)} | ${rate(rejected)} | ${at(alive, 0.99)} | ${memory} |`,
    );
  }
} finally {
  await server.stop();
  await postgres.stop();
}

/** The latencies of all responses, in milliseconds. */
async function load(clients: number): Promise<{ served: number[]; rejected: number[]; alive: number[] }> {
  const times = { served: [] as number[], rejected: [] as number[], alive: [] as number[] };
  const end = Date.now() + seconds * 1_000;
  const ask = async (client: LightClient, request: Buffer) => {
    const start = performance.now();
    const status = await client.send(request);
    return { status, ms: performance.now() - start };
  };
  const user = async (_: unknown, number: number) => {
    const client = await LightClient.connect(url);
    const list = listOf(number);
    while (Date.now() < end) {
      const { status, ms } = await ask(client, list);
      (status === 200 ? times.served : times.rejected).push(ms);
      // Shorter than the `Retry-After` of the response, to keep up the load.
      if (status !== 200) await delay(100);
    }
    client.close();
  };
  const prober = async () => {
    while (Date.now() < end) {
      const client = await LightClient.connect(url);
      times.alive.push((await ask(client, probe)).ms);
      client.close();
      await delay(50);
    }
  };
  await Promise.all([prober(), ...Array.from({ length: clients }, user)]);
  return times;
}

function rate(times: readonly number[]): number {
  return Math.round(times.length / seconds);
}

function at(times: readonly number[], quantile: number): string {
  const sorted = [...times].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * quantile)] ?? 0).toFixed(0);
}
