/** Lost connections and restarts of PostgreSQL: safe requests are retried, no write is lost or done twice. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { withAdmin } from '../support/databases.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { createJournal } from './journal.ts';
import { isAtRest, type Served, serve } from './serve.ts';

const poolMax = 10;

let postgres: PostgresServer;
let served: Served;
let proxy: FaultyProxy;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

let databases = 0;

/** Each test has its own database, behind its own proxy. */
beforeEach(async () => {
  databases += 1;
  await withAdmin(postgres.url, (admin) => admin.query(`create database faults_${databases}`));
  proxy = await startFaultyProxy(`${postgres.url}/faults_${databases}`);
  onTestFinished(() => proxy.close());
  served = await serve({ DATABASE_URL: proxy.url, DATABASE_POOL_MAX: String(poolMax) });
});

const tasks = '/api/v1/tasks';

/** The existing titles, read directly from the database. */
async function titles(): Promise<string[]> {
  const client = new pg.Client({ connectionString: `${postgres.url}/faults_${databases}` });
  await client.connect();
  const { rows } = await client.query<{ title: string }>('select title from todo.tasks');
  await client.end();
  return rows.map(({ title }) => title);
}

function terminateBackends(): Promise<unknown> {
  return withAdmin(postgres.url, (admin) =>
    admin.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'todo-api'"),
  );
}

test('terminated idle connections are replaced without an error', async () => {
  await Promise.all(Array.from({ length: 10 }, () => served.call('GET', tasks)));
  await terminateBackends();
  await vi.waitUntil(() => served.services.database.pool.totalCount === 0, 20_000);
  const answers = await Promise.all(Array.from({ length: 30 }, () => served.call('GET', tasks)));
  expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(200));
  expect(isAtRest(served.services)).toBe(true);
});

test('terminated busy connections fail no read, and a write at most with a 503 and Retry-After', async () => {
  const ended = new AbortController();
  const journal = createJournal();
  const running = journal.run(served.call, 20, ended.signal);
  for (let round = 0; round < 20; round += 1) {
    await delay(50);
    await terminateBackends();
  }
  ended.abort();
  await running;
  expect([...journal.outcomes.keys()].filter((outcome) => !['200', '201', '503'].includes(outcome))).toEqual([]);
  expect(journal.acknowledged.size).toBeGreaterThan(0);
  expect(journal.faults(await titles())).toEqual([]);
  expect(isAtRest(served.services)).toBe(true);
});

test('a read is retried once if its answer is lost', async () => {
  await served.call('POST', tasks, { title: 'Buy milk' });
  proxy.cause({ type: 'lose answer', to: 'tasks_list', by: 'reset', once: true });
  expect(await served.call('GET', tasks)).toMatchObject({ status: 200, body: [{ title: 'Buy milk' }] });
  expect(proxy.losses).toBe(1);
});

test('a read whose answer is lost twice is a 503', async () => {
  proxy.cause({ type: 'lose answer', to: 'tasks_list', by: 'reset' });
  const { status, headers, body } = await served.call('GET', tasks);
  expect({ status, code: body.code, retry: headers.get('retry-after') }).toEqual({
    status: 503,
    code: 'database_unavailable',
    retry: '1',
  });
  expect(proxy.losses).toBe(2);
  expect(isAtRest(served.services)).toBe(true);
});

test('a write that may have been committed is not retried', async () => {
  proxy.cause({ type: 'lose answer', to: 'tasks_insert', by: 'reset' });
  expect((await served.call('POST', tasks, { title: 'Buy milk' })).status).toBe(503);
  expect(proxy.losses).toBe(1);
  expect(await titles()).toEqual(['Buy milk']);
});

test('a write with a key is retried, and committed once', async () => {
  proxy.cause({ type: 'lose answer', to: 'tasks_insert_recorded', by: 'reset', once: true });
  const { status, headers, body } = await served.call(
    'POST',
    tasks,
    { title: 'Buy milk' },
    { 'Idempotency-Key': 'once' },
  );
  expect(proxy.losses).toBe(1);
  expect({ status, title: body.title }).toEqual({ status: 201, title: 'Buy milk' });
  expect(headers.get('idempotency-replayed')).toBe('true');
  expect(await titles()).toEqual(['Buy milk']);
});

test('a slow network delays the answers and causes no error', async () => {
  for (const fault of [
    { type: 'delay', ms: 50 },
    { type: 'drip', bytes: 7, ms: 1 },
  ] as const) {
    proxy.cause(fault);
    expect((await served.call('POST', tasks, { title: fault.type })).status).toBe(201);
    expect((await served.call('GET', tasks)).status).toBe(200);
  }
  expect((await titles()).sort()).toEqual(['delay', 'drip']);
});

test('four restarts with twenty clients: no acknowledged write is lost or duplicated, and all connections are usable', async () => {
  const journal = createJournal(50);
  const ended = new AbortController();
  const running = journal.run(served.call, 20, ended.signal);
  // The test waits for it below, unless something else fails before.
  running.catch(() => {});
  const succeed = async (count: number) => {
    for (const enough = journal.successes + count; journal.successes < enough; ) await delay(10);
  };
  await succeed(200);
  for (const how of ['fast', 'immediate', 'fast', 'kill'] as const) {
    await postgres.halt(how);
    await delay(300);
    await postgres.start();
    await succeed(200);
  }
  ended.abort();
  await running;
  expect([...journal.outcomes.keys()].filter((outcome) => !['200', '201', '409', '503'].includes(outcome))).toEqual([]);
  expect(journal.faults(await titles())).toEqual([]);
  expect(isAtRest(served.services)).toBe(true);
  const { pool } = served.services.database;
  const held = await Promise.all(Array.from({ length: poolMax }, (_, index) => pool.connect(`user ${index}`)));
  for (const connection of held) connection.release();
  expect((await served.call('GET', '/readyz')).status).toBe(200);
});
