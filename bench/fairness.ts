/**
 * Benchmark of fairness: the latency of one user's requests, alone and while another user sends expensive requests on 64
 * connections as fast as the server answers, without a rate limit. The built server, its database and the load
 * generators run in processes of their own. It prints a table for `docs/faults.md`.
 *
 * Usage: npm run bench:fairness [-- --seconds 4 --rounds 3]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPostgres } from '../test/support/postgres-server.ts';
import { fillDatabase, usersOf } from './filled-database.ts';
import { cachedTokens, startIdentity } from './identity.ts';
import { type Kind, kinds, requestsOf, type Users } from './kinds.ts';
import type { LoadRequest, LoadResult } from './load.ts';
import { type Measured, measure, median, runLoad, type Target } from './measure.ts';
import { startServer } from './processes.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, rounds: { type: 'string', default: '3' } },
});
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);

const flooder = 'bench-user';
const floodConnections = 64;
/** Another user, `other-0`, has the rest of the tasks. */
const filling = { user: flooder, tasks: 10_000, total: 20_000, others: 1 };

const tasks = '/api/v1/tasks';
const words = Array.from({ length: 300 }, (_, index) => `word${index}`).join(' ');
const batch = Array.from({ length: 20 }, (_, index) => ({
  op: 'create',
  task: { title: `batch ${index}`, tags: ['a'] },
}));

/** The most expensive requests that a user can send within the limits on their size. */
const expensive: readonly Kind[] = [
  () => ({ method: 'GET', path: `${tasks}?limit=200&sort=title` }),
  () => ({ method: 'GET', path: `${tasks}?limit=200&q=b%20c%20m%20r` }),
  () => ({ method: 'GET', path: `${tasks}?limit=200&skip=9000` }),
  () => ({ method: 'GET', path: '/api/v1/tags' }),
  () => ({ method: 'POST', path: tasks, body: JSON.stringify({ title: 'long', description: words }) }),
  () => ({ method: 'POST', path: `${tasks}/batch`, body: JSON.stringify({ operations: batch }) }),
];

/** The requests of an application: a list, then single tasks. */
const ordinary = ['list of 100', 'searched list', 'get', 'create', 'patch'].map((name) => kinds[name] as Kind);

interface Round {
  readonly alone: Measured;
  readonly beside: Measured;
  readonly flood: LoadResult;
}

console.log(
  '| Database, user | p50 / p99 alone, ms | p50 / p99 beside the flood, ms | p99, ratio | The flood: requests per second, p50 in ms |',
);
console.log('| --- | --- | --- | --- | --- |');
const postgres = await startPostgres();
const folder = mkdtempSync(join(tmpdir(), 'todo-api-fairness-'));
try {
  await report('PostgreSQL', `${postgres.url}/postgres`);
  await report('embedded', `pglite:${folder}`);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function report(name: string, url: string): Promise<void> {
  const large = await fillDatabase(url, filling, usersOf);
  const identity = await startIdentity();
  const server = await startServer({ DATABASE_URL: url, ...identity.variables, RATE_LIMIT_PER_MINUTE: '0' });
  try {
    const sign = cachedTokens(identity);
    const small = { small: await createTasks(server, sign('small')) };
    const flood = mix(expensive, { [flooder]: [] }, sign);
    await compare(`${name}, 100 tasks, ordinary requests`, server, mix(ordinary, small, sign), flood);
    await compare(`${name}, 10,000 tasks, both kinds`, server, mix([...ordinary, ...expensive], large, sign), flood);
  } finally {
    await server.stop();
    await identity.close();
  }
}

/** Returns the ids of 100 new tasks. */
async function createTasks({ url }: Target, headers: Record<string, string>): Promise<string[]> {
  const operations = Array.from({ length: 100 }, (_, index) => ({
    op: 'create',
    task: { title: `buy milk ${index}` },
  }));
  const response = await fetch(`${url}${tasks}/batch`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  const { results } = (await response.json()) as { results: { task: { id: string } }[] };
  return results.map(({ task }) => task.id);
}

async function compare(name: string, server: Target, requests: LoadRequest[], flood: LoadRequest[]): Promise<void> {
  await measure(server, requests, { connections: 1, seconds });
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round += 1) measured.push(await measureRound(server, requests, flood));
  const of = (pick: (round: Round) => number) => median(measured.map(pick));
  const [alone, beside] = [of((round) => round.alone.p99), of((round) => round.beside.p99)];
  const p50 = [of((round) => round.alone.p50), of((round) => round.beside.p50)].map((ms) => ms.toFixed(1));
  const [rate, floodP50] = [of((round) => round.flood.perSecond), of((round) => round.flood.p50)];
  console.log(
    `| ${name} | ${p50[0]} / ${alone.toFixed(1)} | ${p50[1]} / ${beside.toFixed(1)} | ${(beside / alone).toFixed(1)} | ${rate.toFixed(0)}, ${floodP50.toFixed(0)} |`,
  );
}

async function measureRound(server: Target, requests: LoadRequest[], flood: LoadRequest[]): Promise<Round> {
  const alone = await measure(server, requests, { connections: 1, seconds });
  const flooding = runLoad({ url: server.url, connections: floodConnections, seconds: seconds + 5, requests: flood });
  // The flood begins before the measurement and ends after it.
  await delay(2_500);
  const beside = await measure(server, requests, { connections: 1, seconds });
  return { alone, beside, flood: await flooding };
}

/** Requests of all kinds in turn. */
function mix(of: readonly Kind[], users: Users, sign: ReturnType<typeof cachedTokens>): LoadRequest[] {
  const each = of.map((kind) => requestsOf(kind, users, sign, 50));
  return Array.from({ length: 50 * of.length }, (_, index) => {
    return each[index % of.length]?.[Math.floor(index / of.length)] as LoadRequest;
  });
}
