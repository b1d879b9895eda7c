/**
 * Load generator in its own process. It keeps a number of connections busy with the same kind of request for a given
 * time, and prints the result as JSON.
 *
 * Usage: tsx bench/load.ts < load.json, with a `Load` in it
 */
import { json } from 'node:stream/consumers';
import { bytesOf, LightClient } from './light-client.ts';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Sent in turn. */
  readonly requests: readonly LoadRequest[];
}

export interface LoadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadResult {
  readonly perSecond: number;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Number of responses by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const load = (await json(process.stdin)) as Load;
const url = new URL(load.url);
const requests = load.requests.map((request) => bytesOf(request, url.host));
const latencies: number[] = [];
const statuses: Record<string, number> = {};
let next = 0;

const start = performance.now();
const end = start + load.seconds * 1000;
await Promise.all(Array.from({ length: load.connections }, keepBusy));
latencies.sort((one, other) => one - other);
const seen: LoadResult = {
  perSecond: (latencies.length / (performance.now() - start)) * 1000,
  p50: at(0.5),
  p99: at(0.99),
  statuses,
};
console.log(JSON.stringify(seen));

async function keepBusy(): Promise<void> {
  const client = await LightClient.connect(url);
  while (performance.now() < end) {
    const request = requests[next % requests.length] as Buffer;
    next += 1;
    const sent = performance.now();
    const status = await client.send(request);
    latencies.push(performance.now() - sent);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  client.close();
}

function at(share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
}
