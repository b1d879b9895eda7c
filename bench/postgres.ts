/** The results on PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingProxy } from '../test/support/counting-proxy.ts';
import { startFaultyProxy } from '../test/support/faulty-proxy.ts';
import { fillDatabase, usersOf } from './filled-database.ts';
import { type Identity, keptTokens, startIdentity } from './identity.ts';
import { kinds, requestsOf, type Users } from './kinds.ts';
import { compare, type Effort, measure, warmUp } from './measure.ts';
import { databaseCpu, residentMb, startBaseline, startServer } from './processes.ts';
import { sideBySide } from './side-by-side.ts';

/** @param url of an empty database */
export async function measurePostgres(url: string, effort: Effort): Promise<string[]> {
  const users = await fillDatabase(url, { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 }, usersOf);
  const identity = await startIdentity();
  try {
    return [
      '## On PostgreSQL',
      await beside(url, users, identity, effort),
      '## Round trips',
      await roundTrips(url, users, identity),
    ];
  } finally {
    await identity.close();
  }
}

async function beside(url: string, users: Users, identity: Identity, effort: Effort): Promise<string> {
  const baseline = await startBaseline(url);
  const server = await startServer({ DATABASE_URL: url, ...identity.variables });
  const table = await sideBySide(server, baseline, users, identity, effort, await databaseCpu(url));
  const list = kinds['list of 20'] as (typeof kinds)[string];
  // More than are sent in a round.
  const different = () =>
    requestsOf(list, users, (user) => ({ authorization: `Bearer ${identity.token(user)}` }), 4_000 * effort.seconds);
  const kept = keptTokens(identity);
  const tokens = [() => requestsOf(list, users, kept), different].map((requests) => ({ target: server, requests }));
  await warmUp(tokens, effort);
  const [same, other] = (await compare(tokens, effort)).measured;
  const memory = residentMb(server.process.pid as number);
  const started = server.startMs;
  await server.stop();
  await baseline.stop();
  const differentCpu = Math.round((other?.cpu ?? 0) - (same?.cpu ?? 0));
  return [
    table,
    '',
    `A list of 20 with a token that was not seen before costs ${differentCpu} µs of CPU more than with one that was: ${other?.perSecond.toFixed(0)} against`,
    `${same?.perSecond.toFixed(0)} requests a second, EdDSA. Start to the first answer: ${(started / 1_000).toFixed(2)} s. Resident memory after all of it: ${memory} MB.`,
  ].join('\n');
}

/** What goes over the wire, and what a network that takes 20 ms each way makes of it. */
async function roundTrips(url: string, users: Users, identity: Identity): Promise<string> {
  const counting = await startCountingProxy(url);
  const slow = await startFaultyProxy(counting.url);
  const server = await startServer({ DATABASE_URL: slow.url, ...identity.variables });
  const rows: string[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    const requests = requestsOf(kind, users, keptTokens(identity));
    // Each connection prepares a statement when it first sends it.
    await measure(server, requests, { connections: 10, seconds: 2 });
    counting.take();
    const { perSecond } = await measure(server, requests, { connections: 1, seconds: 1 });
    await delay(100);
    const { S: syncs = 0, Q: simple = 0 } = counting.take();
    slow.cause({ type: 'delay', ms: 20 });
    const { p50, p99 } = await measure(server, requests, { connections: 4, seconds: 2 });
    slow.cause({ type: 'none' });
    const exchanges = (syncs + simple) / Math.round(perSecond);
    rows.push(`| ${name} | ${exchanges.toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`);
    console.log(rows.at(-1));
  }
  await server.stop();
  await slow.close();
  await counting.close();
  return [
    'Exchanges with PostgreSQL for one request, counted by a proxy, and latencies with 20 ms between server and database in',
    'each direction.',
    '',
    '| | exchanges | p50 | p99 |',
    '| --- | --: | --: | --: |',
    ...rows,
  ].join('\n');
}
