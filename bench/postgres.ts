/** Benchmark on PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { startCountingProxy } from '../test/support/counting-proxy.ts';
import { startFaultyProxy } from '../test/support/faulty-proxy.ts';
import { createPlainTable, createTableUnderPolicy } from './bare/plain-schema.ts';
import { fillDatabase, readersAndWriters } from './filled-database.ts';
import { cachedTokens, type Identity, startIdentity } from './identity.ts';
import { type Kind, kinds, type ReadersAndWriters, requestsOf, usersFor } from './kinds.ts';
import {
  type Comparison,
  type Effort,
  type Measured,
  measure,
  type Round,
  summarise,
  takeTurns,
  warmUp,
} from './measure.ts';
import { databaseCpu, runOnce, startBare, startServer } from './processes.ts';
import { asOwner, type Contender, type Setting, sideBySide } from './side-by-side.ts';
import { cpuTable, ratesTable } from './table.ts';

/** Minimum of the ratio to the rate of the bare server on a plain table, by kind of request. */
const budgets = { 'list of 20': 0.8, 'list of 100': 0.8, get: 0.9, create: 0.6, patch: 0.7 };

/** Maximum of PostgreSQL's CPU time for a list of 20, relative to a plain table under the same policy. */
const policyBudget = 1.35;

const listOf20 = kinds['list of 20'] as Kind;

interface Measurement {
  readonly url: string;
  readonly identity: Identity;
  readonly setting: Setting;
}

/**
 * @param url of an empty database
 * @param starts number of starts of the compared servers
 */
export async function measurePostgres(url: string, starts: number, effort: Effort): Promise<string[]> {
  const filling = { user: 'bench-user', tasks: 100, total: 100_000, others: 1_000 };
  const users = await fillDatabase(url, filling, async (client) => {
    await createPlainTable(client);
    await createTableUnderPolicy(client);
    return readersAndWriters(client);
  });
  const identity = await startIdentity();
  try {
    const setting: Setting = {
      ...{ kinds, users, starts, effort },
      // Instead of autovacuum, which is off: outdated statistics lead to other plans.
      prepare: () => runOnce(url, 'vacuum analyze'),
      databaseMs: await databaseCpu(url),
    };
    const measurement = { url, identity, setting };
    const contenders = [
      server(measurement),
      bare('same statements', 'same-statements', url),
      bare('plain table', 'plain-table', url),
    ];
    const names = contenders.map(({ name }) => name);
    const { results, startMs, residentMb } = await sideBySide(contenders, setting);
    return [
      '## On PostgreSQL',
      ratesTable(names, results, budgets),
      'The budget is for the ratio to the plain table. CPU time per request:',
      cpuTable(names, results),
      await underPolicy(measurement),
      await newTokens(measurement),
      `Time from start to the first response: ${(startMs / 1_000).toFixed(2)} s. Resident memory after all kinds of requests: ${residentMb} MB.`,
      '## Round trips',
      await roundTrips(url, users, identity),
    ];
  } finally {
    await identity.close();
  }
}

function server({ url, identity }: Measurement): Contender {
  const start = () => startServer({ DATABASE_URL: url, ...identity.variables });
  return { name: 'todo-api', start, sign: cachedTokens(identity) };
}

function bare(name: string, module: string, url: string): Contender {
  return { name, start: () => startBare(module, url), sign: asOwner };
}

/** PostgreSQL's share of a list, beside a plain table under the same policy. */
async function underPolicy(measurement: Measurement): Promise<string> {
  const { url, setting } = measurement;
  const contenders = [server(measurement), bare('under policy', 'plain-table-under-policy', url)];
  const { results } = await sideBySide(contenders, { ...setting, kinds: { 'list of 20': listOf20 } });
  const [{ measured, databaseRatios }] = [...results.values()] as [Comparison];
  const [ours, theirs] = measured.map(({ databaseCpu }) => databaseCpu.toFixed(0));
  const ratio = databaseRatios[0] as number;
  return `PostgreSQL's CPU time for a list of 20: ${ours} µs, and ${theirs} µs for the plain table under the same policy
(\`bench/bare/plain-table-under-policy.ts\`). Ratio: **${ratio.toFixed(2)}**, budget: at most ${policyBudget}${ratio > policyBudget ? ', missed' : ''}.`;
}

/** The cost of a token that is not cached. */
async function newTokens({ url, identity, setting: { starts, users, effort } }: Measurement): Promise<string> {
  const kept = cachedTokens(identity);
  // More than a round sends.
  const count = 5_000 * effort.seconds;
  const different = () =>
    requestsOf(listOf20, users.readers, (user) => ({ authorization: `Bearer ${identity.token(user)}` }), count);
  const rounds: Round[] = [];
  for (let started = 0; started < starts; started += 1) {
    const target = await startServer({ DATABASE_URL: url, ...identity.variables });
    const candidates = [different, () => requestsOf(listOf20, users.readers, kept)].map((requests) => ({
      target,
      requests,
    }));
    await warmUp(candidates, effort);
    rounds.push(...(await takeTurns(candidates, effort)));
    await target.stop();
  }
  const [first, again] = summarise(rounds).measured as [Measured, Measured];
  return `A list of 20 with a new EdDSA token costs ${Math.round(first.cpu - again.cpu)} µs of CPU more than with a cached token: ${first.perSecond.toFixed(0)} requests per second
instead of ${again.perSecond.toFixed(0)}.`;
}

/** The number of round trips, and the latencies with a network delay of 20 ms in each direction. */
async function roundTrips(url: string, users: ReadersAndWriters, identity: Identity): Promise<string> {
  const counting = await startCountingProxy(url);
  const slow = await startFaultyProxy(counting.url);
  const delayed = await startServer({ DATABASE_URL: slow.url, ...identity.variables });
  const rows: string[] = [];
  for (const [name, kind] of Object.entries(kinds)) {
    const requests = requestsOf(kind, usersFor(name, users), cachedTokens(identity));
    // Each connection prepares a statement on first use.
    await measure(delayed, requests, { connections: 10, seconds: 2 });
    counting.take();
    const { perSecond } = await measure(delayed, requests, { connections: 1, seconds: 1 });
    await delay(100);
    const { S: syncs = 0, Q: simple = 0 } = counting.take();
    slow.cause({ type: 'delay', ms: 20 });
    const { p50, p99 } = await measure(delayed, requests, { connections: 4, seconds: 2 });
    slow.cause({ type: 'none' });
    const perRequest = (syncs + simple) / Math.round(perSecond);
    rows.push(`| ${name} | ${perRequest.toFixed(2)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`);
    console.log(rows.at(-1));
  }
  await delayed.stop();
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
