/** Benchmark on PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingProxy } from '../test/support/counting-proxy.ts';
import { startFaultyProxy } from '../test/support/faulty-proxy.ts';
import { fillDatabase, usersOf } from './filled-database.ts';
import { cachedTokens, type Identity, startIdentity } from './identity.ts';
import { kinds, requestsOf, type Users } from './kinds.ts';
import { type Effort, type Measured, measure, type Round, summarise, takeTurns, warmUp } from './measure.ts';
import { databaseCpu, runOnce, startBaseline, startServer } from './processes.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * @param url of an empty database
 * @param starts number of starts of the compared servers
 */
export async function measurePostgres(url: string, starts: number, effort: Effort): Promise<string[]> {
  const users = await fillDatabase(url, { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 }, usersOf);
  const identity = await startIdentity();
  try {
    const startBoth = async () => {
      // Instead of autovacuum, which is off: outdated statistics lead to other plans.
      await runOnce(url, 'vacuum analyze');
      return {
        baseline: await startBaseline(url),
        server: await startServer({ DATABASE_URL: url, ...identity.variables }),
      };
    };
    const { table, startMs, residentMb } = await sideBySide(
      startBoth,
      starts,
      { users, identity },
      effort,
      await databaseCpu(url),
    );
    return [
      '## On PostgreSQL',
      table,
      await newTokens(url, starts, users, identity, effort),
      `Time from start to the first response: ${(startMs / 1_000).toFixed(2)} s. Resident memory after all kinds of requests: ${residentMb} MB.`,
      '## Round trips',
      await roundTrips(url, users, identity),
    ];
  } finally {
    await identity.close();
  }
}

/** The cost of a token that is not cached. */
async function newTokens(
  url: string,
  starts: number,
  users: Users,
  identity: Identity,
  effort: Effort,
): Promise<string> {
  const list = kinds['list of 20'] as (typeof kinds)[string];
  const kept = cachedTokens(identity);
  // More than a round sends.
  const count = 5_000 * effort.seconds;
  const different = () =>
    requestsOf(list, users, (user) => ({ authorization: `Bearer ${identity.token(user)}` }), count);
  const rounds: Round[] = [];
  for (let started = 0; started < starts; started += 1) {
    const target = await startServer({ DATABASE_URL: url, ...identity.variables });
    const candidates = [different, () => requestsOf(list, users, kept)].map((requests) => ({ target, requests }));
    await warmUp(candidates, effort);
    rounds.push(...(await takeTurns(candidates, effort)));
    await target.stop();
  }
  const [first, again] = summarise(rounds).measured as [Measured, Measured];
  return `A list of 20 with a new EdDSA token costs ${Math.round(first.cpu - again.cpu)} µs of CPU more than with a cached token: ${first.perSecond.toFixed(0)} requests per second
instead of ${again.perSecond.toFixed(0)}.`;
}

/** The number of round trips, and the latencies with a network delay of 20 ms in each direction. */
async function roundTrips(url: string, users: Users, identity: Identity): Promise<string> {
  const counting = await startCountingProxy(url);
  const slow = await startFaultyProxy(counting.url);
  const server = await startServer({ DATABASE_URL: slow.url, ...identity.variables });
  const rows: string[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    const requests = requestsOf(kind, users, cachedTokens(identity));
    // Each connection prepares a statement on first use.
    await measure(server, requests, { connections: 10, seconds: 2 });
    counting.take();
    const { perSecond } = await measure(server, requests, { connections: 1, seconds: 1 });
    await delay(100);
    const { S: syncs = 0, Q: simple = 0 } = counting.take();
    slow.cause({ type: 'delay', ms: 20 });
    const { p50, p99 } = await measure(server, requests, { connections: 4, seconds: 2 });
    slow.cause({ type: 'none' });
    const perRequest = (syncs + simple) / Math.round(perSecond);
    rows.push(`| ${name} | ${perRequest.toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`);
    console.log(rows.at(-1));
  }
  await server.stop();
  await slow.close();
  await counting.close();
  return [
    'Round trips to PostgreSQL per request, counted by a proxy, and latencies with a delay of 20 ms between server and database',
    'in each direction.',
    '',
    '| | round trips | p50 | p99 |',
    '| --- | --: | --: | --: |',
    ...rows,
  ].join('\n');
}
