/** The results on PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingProxy } from '../test/support/counting-proxy.ts';
import { startFaultyProxy } from '../test/support/faulty-proxy.ts';
import { fillDatabase, usersOf } from './filled-database.ts';
import { type Identity, keptTokens, startIdentity } from './identity.ts';
import { kinds, requestsOf, type Users } from './kinds.ts';
import { type Effort, type Measured, measure, type Round, summarise, takeTurns, warmUp } from './measure.ts';
import { databaseCpu, runOnce, startBaseline, startServer } from './processes.ts';
import { sideBySide } from './side-by-side.ts';

/**
 * @param url of an empty database
 * @param starts of the servers that are compared
 */
export async function measurePostgres(url: string, starts: number, effort: Effort): Promise<string[]> {
  const users = await fillDatabase(url, { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 }, usersOf);
  const identity = await startIdentity();
  try {
    const startBoth = async () => {
      // As autovacuum would after all that a start writes: with old statistics lists get other plans.
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
      `Start to the first answer: ${(startMs / 1_000).toFixed(2)} s. Resident memory after all kinds of requests: ${residentMb} MB.`,
      '## Round trips',
      await roundTrips(url, users, identity),
    ];
  } finally {
    await identity.close();
  }
}

/** What it costs not to have seen a token before. */
async function newTokens(
  url: string,
  starts: number,
  users: Users,
  identity: Identity,
  effort: Effort,
): Promise<string> {
  const list = kinds['list of 20'] as (typeof kinds)[string];
  const kept = keptTokens(identity);
  // More than are sent in a round.
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
  return `A list of 20 with a token that was not seen before costs ${Math.round(first.cpu - again.cpu)} µs of CPU more than with one that was: ${first.perSecond.toFixed(0)} against
${again.perSecond.toFixed(0)} requests a second, EdDSA.`;
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
