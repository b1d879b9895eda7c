/**
 * CPU time of the most expensive requests, of the server and of PostgreSQL, and the size of its error responses. Costs are
 * multiples of a fixed piece of work beside each request, so that the speed of the machine has no effect.
 * `npm run bench:costs` measures the times.
 */
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { platform } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxProblemBytes } from '../../src/problems/bounds.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { cpuTime, referenceTime } from '../support/cpu-time.ts';
import { databaseKind } from '../support/databases.ts';
import { createEach } from '../support/resources.ts';
import {
  type ExpensiveRequest,
  filling,
  idOf,
  largestRequests,
  movedLists,
  otherRequests,
  rejectedRequests,
  type Series,
} from './expensive-requests.ts';

/** Multiples of the reference of each process. They are at least three times what the requests need. */
interface Cost {
  readonly server: number;
  readonly database: number;
}

interface Answer {
  readonly status: number;
  readonly bytes: number;
}

const budgets = {
  valid: { server: 6, database: 35 },
  batch: { server: 6, database: 45 },
  rejected: { server: 3, database: 1 },
} as const;

/** The reference of PostgreSQL: about 6 ms on a server of 2024. */
const reference = 'select count(distinct md5(n::text)) from generate_series(1, 10000) as n';

/** Most runs of a request, until one is within the budget. The first ones also compile functions and make plans. */
const maxRuns = 12;

/**
 * Linux alone has the CPU times of other processes, and they must run on this machine. The suites behind a pooler use another
 * server. A pooler changes no cost of a prepared statement, so they do not repeat this file.
 */
const canMeasure = databaseKind === 'postgres' && platform() === 'linux' && process.env.TEST_DATABASE_URL === undefined;
const user = 'busy';

let api: TestApi;
let agent: Agent;

// The embedded database runs in the process of the server.
describe.skipIf(!canMeasure)('on PostgreSQL and Linux', () => {
  beforeAll(async () => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // One connection, so that the reference runs in the same process, which has prepared each statement before.
    api = await startApi({
      keep: true,
      environment: { DATABASE_POOL_MAX: '1', TRUSTED_PROXIES: 'loopback', MAX_TAGS_PER_USER: '0' },
    });
    for (const statement of filling) await api.database.query(statement, [user]);
    // Of each other resource, the ones that the requests read and change. The tasks exist.
    const numbers = Array.from({ length: maxRuns }, (_, run) => 1 + run);
    for (const number of [...numbers, ...movedLists]) await createEach(api.user(user), idOf(number), 'x');
    await api.database.query('analyze');
  });

  afterAll(async () => {
    agent.destroy();
    await api.stop();
  });

  test.each(namedSeries([...largestRequests, ...otherRequests]))('%s', async (name, series) => {
    const budget = name.includes('/batch') ? budgets.batch : budgets.valid;
    const { statuses, cost } = await measure(series, budget);
    expect(Math.max(...statuses)).toBeLessThan(400);
    expectWithin(cost, budget);
  });

  test.each(namedSeries(rejectedRequests))('rejected: %s', async (_name, series) => {
    const { statuses, bytes, cost } = await measure(series, budgets.rejected);
    expect(Math.min(...statuses)).toBeGreaterThanOrEqual(400);
    expect(Math.max(...statuses)).toBeLessThan(500);
    expect(bytes).toBeLessThanOrEqual(maxProblemBytes);
    expectWithin(cost, budgets.rejected);
  });
});

function namedSeries(all: readonly Series[]): [string, Series][] {
  return all.map((series) => [series(0).name, series]);
}

function expectWithin(cost: Cost, budget: Cost): void {
  expect(cost.server, 'CPU time of the server').toBeLessThanOrEqual(budget.server);
  expect(cost.database, 'CPU time of PostgreSQL').toBeLessThanOrEqual(budget.database);
}

/** Sends requests of a series until the least costs are within the budget. */
async function measure(series: Series, budget: Cost) {
  const token = api.token(user);
  const cost = { server: Number.POSITIVE_INFINITY, database: Number.POSITIVE_INFINITY };
  const isWithin = () => cost.server <= budget.server && cost.database <= budget.database;
  const statuses: number[] = [];
  let bytes = 0;
  for (let run = 0; run < maxRuns && !isWithin(); run += 1) {
    const answer = await measureOnce(series(run), token);
    statuses.push(answer.status);
    bytes = Math.max(bytes, answer.bytes);
    cost.server = Math.min(cost.server, answer.server);
    cost.database = Math.min(cost.database, answer.database);
  }
  return { statuses, bytes, cost };
}

/** The client runs in the process of the server, so its time counts, too. */
async function measureOnce(request: ExpensiveRequest, token: string): Promise<Cost & Answer> {
  const unit = { server: referenceTime(), ...(await databaseReference()) };
  const before = { server: cpuTime(), database: databaseTime(unit.pid) };
  const answer = await send(request, token);
  const server = (cpuTime() - before.server) / unit.server;
  return { ...answer, server, database: (databaseTime(unit.pid) - before.database) / unit.database };
}

/** CPU time of PostgreSQL for its reference in milliseconds, and the id of its process. */
async function databaseReference(): Promise<{ pid: number; database: number }> {
  const [{ pid } = { pid: 0 }] = await api.database.query<{ pid: number }>('select pg_backend_pid() as pid');
  const before = databaseTime(pid);
  await api.database.query(reference);
  return { pid, database: databaseTime(pid) - before };
}

/** CPU time of a process in milliseconds. See "scheduler statistics" in the documentation of the Linux kernel. */
function databaseTime(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

function send({ method, target, headers = {}, body, isAnonymous }: ExpensiveRequest, token: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${api.url}${target}`, {
      agent,
      method,
      headers: {
        ...(isAnonymous ? {} : { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    sent.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
