/**
 * CPU time of the most expensive requests, of the server and of PostgreSQL, and the size of its error responses. The limits
 * of this test are three times the budgets, because other processes share the machine. `npm run bench:costs` measures the
 * exact values.
 */
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { platform } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxProblemBytes } from '../../src/problems/bounds.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { createEach } from '../support/resources.ts';
import {
  type ExpensiveRequest,
  filling,
  idOf,
  largestRequests,
  otherRequests,
  rejectedRequests,
  type Series,
} from './expensive-requests.ts';

/** CPU time in milliseconds. */
const budgets = {
  valid: { server: 30, database: 50 },
  batch: { server: 30, database: 80 },
  rejected: { server: 10, database: 10 },
} as const;
const margin = 3;
const runs = 5;

const canMeasure = databaseKind === 'postgres' && platform() === 'linux';
const user = 'busy';
const figures: string[] = [];

let api: TestApi;
let agent: Agent;
let backends: number[] = [];

// The embedded database runs in the process of the server. Linux alone has the CPU times of other processes.
describe.skipIf(!canMeasure)('on PostgreSQL and Linux', () => {
  beforeAll(async () => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
    // One connection, so that the measured one has prepared each statement before.
    api = await startApi({
      keep: true,
      environment: { DATABASE_POOL_MAX: '1', TRUSTED_PROXIES: 'loopback', MAX_TAGS_PER_USER: '0' },
    });
    for (const statement of filling) await api.database.query(statement, [user]);
    // Of each other resource, the ones that the requests read and change. The tasks exist.
    for (let turn = 0; turn < runs + 2; turn += 1) await createEach(api.user(user), idOf(1 + turn), 'x');
    await api.database.query('analyze');
    const rows = await api.database.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database()',
    );
    backends = rows.map(({ pid }) => pid);
  });

  afterAll(async () => {
    agent.destroy();
    await api.stop();
    console.log(`CPU time in milliseconds, server and PostgreSQL:\n${figures.join('\n')}`);
  });

  test.each(namedSeries([...largestRequests, ...otherRequests]))('%s', async (name, series) => {
    const { statuses, ...cost } = await measure(series);
    expect(Math.max(...statuses)).toBeLessThan(400);
    expectWithin(cost, name.includes('/batch') ? budgets.batch : budgets.valid);
  });

  test.each(namedSeries(rejectedRequests))('rejected: %s', async (_name, series) => {
    const { statuses, bytes, ...cost } = await measure(series);
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
  expect(cost.server, 'CPU time of the server').toBeLessThanOrEqual(margin * budget.server);
  expect(cost.database, 'CPU time of PostgreSQL').toBeLessThanOrEqual(margin * budget.database);
}

interface Cost {
  readonly server: number;
  readonly database: number;
}

/** The minimum of several runs, after two that compile functions and plans. */
async function measure(series: Series) {
  const token = api.token(user);
  const costs: Cost[] = [];
  const statuses: number[] = [];
  let bytes = 0;
  for (let turn = 0; turn < runs + 2; turn += 1) {
    const request = series(turn);
    const before = cpuTimes();
    const answer = await send(request, token);
    const after = cpuTimes();
    statuses.push(answer.status);
    bytes = Math.max(bytes, answer.bytes);
    if (turn >= 2) costs.push({ server: after.server - before.server, database: after.database - before.database });
  }
  const least = (part: keyof Cost) => Math.min(...costs.map((cost) => cost[part]));
  const cost = { server: least('server'), database: least('database') };
  figures.push(`${cost.server.toFixed(1).padStart(6)} ${cost.database.toFixed(1).padStart(6)}  ${series(0).name}`);
  return { ...cost, statuses, bytes };
}

/** The client runs in the process of the server, so its time counts, too. */
function cpuTimes(): Cost {
  const { user: userTime, system } = process.cpuUsage();
  const database = backends.reduce((sum, pid) => sum + nanosecondsOf(pid), 0);
  return { server: (userTime + system) / 1e3, database: database / 1e6 };
}

/** See "scheduler statistics" in the documentation of the Linux kernel. */
function nanosecondsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
}

function send(
  { method, target, headers = {}, body, isAnonymous }: ExpensiveRequest,
  token: string,
): Promise<{ status: number; bytes: number }> {
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
