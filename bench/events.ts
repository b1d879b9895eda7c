/**
 * Benchmark of event streams: the time from a write to its event, in the same server process and in another one, and what
 * 1,000 open streams cost: memory, and the throughput of writes. It prints two tables for `docs/events.md`.
 *
 * Usage: npm run bench:events [-- --streams 1000 --seconds 5 --rounds 3]
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { cachedTokens, type Identity, startIdentity } from './identity.ts';
import type { LoadRequest } from './load.ts';
import { measure, median } from './measure.ts';
import { type Running, residentMb, startServer } from './processes.ts';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
  },
});
const streams = Number(options.streams);
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);

const tasks = '/api/v1/tasks';
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** An open stream. */
interface Stream {
  /** Resolves at the next event. */
  next(): Promise<void>;
  close(): void;
}

async function openStream({ url }: Running, headers: Record<string, string>): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/api/v1/events`, { agent, headers }, resolve).once('error', reject);
  });
  if (response.statusCode !== 200) throw new Error(`a stream was answered with ${response.statusCode}`);
  let onEvent = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      onEvent = resolve;
    });
  const first = next();
  response.setEncoding('utf8').on('data', (text: string) => text.includes('event: changes') && onEvent());
  response.on('error', () => {});
  await first;
  return { next, close: () => response.destroy() };
}

async function create({ url }: Running, headers: Record<string, string>): Promise<void> {
  const body = JSON.stringify({ title: 'buy milk' });
  const response = await fetch(`${url}${tasks}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
  await response.arrayBuffer();
  if (response.status !== 201) throw new Error(`a write was answered with ${response.status}`);
}

/** Prints the time from the beginning of a write to its event. */
async function reportLatency(name: string, writer: Running, reader: Running, identity: Identity, writes: number) {
  const headers = cachedTokens(identity)(`latency ${name}`);
  const stream = await openStream(reader, headers);
  const [written, received]: [number[], number[]] = [[], []];
  for (let count = 0; count < writes; count += 1) {
    // Writes fall into all parts of the interval of the poll.
    await delay(writer === reader ? 5 : Math.random() * 1_000);
    const start = performance.now();
    const next = stream.next();
    const write = create(writer, headers).then(() => written.push(performance.now() - start));
    await next;
    received.push(performance.now() - start);
    await write;
  }
  stream.close();
  const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0);
  const at = (times: number[], share: number) =>
    times.toSorted((a, b) => a - b)[Math.ceil(share * times.length) - 1] as number;
  console.log(
    `| ${name} | ${writes} | ${ms(median(written))} | ${ms(median(received))} | ${ms(at(received, 0.99))} | ${ms(Math.max(...received))} |`,
  );
}

/** Writes of these users in turn. */
function writesOf(users: readonly string[], sign: ReturnType<typeof cachedTokens>): LoadRequest[] {
  return users.map((user) => ({
    method: 'POST',
    path: tasks,
    headers: { ...sign(user), 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'buy milk' }),
  }));
}

const postgres = await startPostgres();
const identity = await startIdentity();
const variables = { DATABASE_URL: `${postgres.url}/postgres`, ...identity.variables };
const one = await startServer(variables);
const other = await startServer(variables);
try {
  console.log('| Write and stream | Writes | Response, p50, ms | Event, p50, ms | p99 | Highest |');
  console.log('| --- | --: | --: | --: | --: | --: |');
  await reportLatency('in the same process', one, one, identity, 300);
  await reportLatency('in two processes', one, other, identity, 60);
  await reportCost();
} finally {
  agent.destroy();
  await one.stop();
  await other.stop();
  await identity.close();
  await postgres.stop();
}

async function reportCost(): Promise<void> {
  const sign = cachedTokens(identity);
  const watchers = Array.from({ length: streams }, (_, index) => `watcher-${index}`);
  const strangers = watchers.map((user) => `stranger to ${user}`);
  const rate = async (users: readonly string[]) =>
    (await measure(one, writesOf(users, sign), { connections: 16, seconds })).perSecond;
  await rate(strangers);
  const memory = residentMb(one.process.pid as number);
  const rates: { without: number; idle: number; active: number; memory: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const without = await rate(strangers);
    const opened = [];
    for (const user of watchers) opened.push(await openStream(one, sign(user)));
    const withStreams = residentMb(one.process.pid as number);
    const idle = await rate(strangers);
    const active = await rate(watchers);
    for (const stream of opened) stream.close();
    await delay(1_000);
    rates.push({ without, idle, active, memory: withStreams - memory });
  }
  const of = (key: 'without' | 'idle' | 'active') => Math.round(median(rates.map((each) => each[key])));
  console.log('\n| Streams | Memory, MB | Writes per second of other users | of the users with streams |');
  console.log('| --: | --: | --: | --: |');
  console.log(`| 0 | ${memory} | ${of('without')} | – |`);
  const added = Math.max(...rates.map((each) => each.memory));
  console.log(`| ${streams} | ${memory} + ${added} | ${of('idle')} | ${of('active')} |`);
}
