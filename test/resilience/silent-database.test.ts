/** A database that does not answer, or answers late: every request gets an answer in time, and no resource leaks. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { pingTimeoutMs } from '../../src/database/pg/ping.ts';
import { maxQueueLength } from '../../src/database/pg/pool.ts';
import { connectTimeoutMs } from '../../src/database/pg/postgres.ts';
import { withAdmin } from '../support/databases.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { freePort, type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { caller, delayMs, isAtRest, serve, tokenFor } from './serve.ts';

const tasks = '/api/v1/tasks';
const timeoutMs = 2_000;
const poolMax = 4;
const isLong = process.env.RESILIENCE === 'long';

let postgres: PostgresServer;
let proxy: FaultyProxy;
let databases = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

beforeEach(async () => {
  databases += 1;
  await withAdmin(postgres.url, (admin) => admin.query(`create database faults_${databases}`));
  proxy = await startFaultyProxy(`${postgres.url}/faults_${databases}`);
  onTestFinished(() => proxy.close());
});

function variables(): Record<string, string> {
  return { DATABASE_URL: proxy.url, DATABASE_TIMEOUT_MS: String(timeoutMs), DATABASE_POOL_MAX: String(poolMax) };
}

/** Fills the pool, so that later requests use existing connections. */
async function warm(url: string): Promise<void> {
  // Each as another user, because a user has a part of the pool.
  const callAs = Array.from({ length: 2 * poolMax }, (_, index) => caller(url, tokenFor(`user ${index}`)));
  await Promise.all(callAs.map((callAsUser) => callAsUser('GET', tasks)));
}

describe.each([
  ['a frozen PostgreSQL', () => postgres.freeze(), () => postgres.thaw()],
  [
    'a network that swallows everything',
    () => proxy.cause({ type: 'black hole' }),
    () => proxy.cause({ type: 'none' }),
  ],
])('%s', (_name, begin, end) => {
  test('the server answers in time, and serves again afterwards', async () => {
    const { url, services, call } = await serve(variables());
    await warm(url);
    begin();
    onTestFinished(end);
    // Each as another user, because a user's writes wait for each other.
    const callAs = Array.from({ length: poolMax }, (_, index) => caller(url, tokenFor(`user ${index}`)));
    const answers = await Promise.all(
      callAs.map((callAsUser, index) =>
        index % 2 === 0 ? callAsUser('GET', tasks) : callAsUser('POST', tasks, { title: 'Buy milk' }),
      ),
    );
    for (const { status, body, ms } of answers) {
      expect({ status, code: body.code }).toEqual({ status: 504, code: 'timeout' });
      expect(ms).toBeLessThan(timeoutMs + delayMs);
    }
    expect(services.database.pool.totalCount).toBe(0);
    end();
    expect((await call('GET', tasks)).status).toBe(200);
    expect(isAtRest(services)).toBe(true);
  });
});

test('a write whose answer never arrives ends in time; its key has the outcome, and the user can write again', async () => {
  const { call } = await serve(variables());
  const { body: task } = await call('POST', tasks, { title: 'Buy milk' });
  proxy.cause({ type: 'lose answer', to: 'idempotency_begin', by: 'silence', once: true });
  const change = () => call('PATCH', `${tasks}/${task.id}`, { status: 'Done' }, { 'Idempotency-Key': 'once' });
  expect([503, 504]).toContain((await change()).status);
  expect(proxy.losses).toBe(1);
  const replay = await change();
  expect([replay.status, replay.headers.get('idempotency-replayed'), replay.body.version]).toEqual([200, 'true', 2]);
  expect((await call('PATCH', `${tasks}/${task.id}`, { status: 'Todo' })).status).toBe(200);
});

describe('an exhausted pool', () => {
  test('is reported in time; the server is alive, not ready, and still rejects a bad token', async () => {
    const { url, services, call } = await serve(variables());
    const { pool } = services.database;
    const held = await Promise.all(Array.from({ length: poolMax }, () => pool.connect()));
    const waiting = call('GET', tasks);
    const [live, ready, bad] = await Promise.all([
      call('GET', '/livez'),
      call('GET', '/readyz'),
      caller(url, 'bad')('GET', tasks),
    ]);
    expect([live.status, ready.status, bad.status]).toEqual([200, 503, 401]);
    expect(ready.ms).toBeLessThan(pingTimeoutMs + delayMs);
    const { status, headers, body, ms } = await waiting;
    expect({ status, code: body.code, retry: headers.get('retry-after') }).toEqual({
      status: 503,
      code: 'overloaded',
      retry: '1',
    });
    expect(ms).toBeLessThan(timeoutMs + delayMs);
    for (const client of held) client.release();
    expect((await call('GET', tasks)).status).toBe(200);
    expect((await call('GET', '/readyz')).status).toBe(200);
    expect(isAtRest(services)).toBe(true);
  });

  test('queues a limited number of requests and rejects the rest at once', async () => {
    const { url, services, call } = await serve({ ...variables(), DATABASE_TIMEOUT_MS: '60000' });
    const { pool } = services.database;
    const held = await Promise.all(Array.from({ length: poolMax }, () => pool.connect()));
    const callAs = Array.from({ length: maxQueueLength }, (_, index) => caller(url, tokenFor(`user ${index}`)));
    const waiting = callAs.map((callAsUser) => callAsUser('GET', tasks));
    while (pool.waitingCount < maxQueueLength) await delay(5);
    // The others continue to wait.
    const { status, body } = await call('GET', tasks);
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'overloaded' });
    expect(pool.waitingCount).toBe(maxQueueLength);
    for (const client of held) client.release();
    expect((await Promise.all(waiting)).map((answer) => answer.status)).toEqual(Array(maxQueueLength).fill(200));
  });
});

describe('at the start', () => {
  test('without a database, the server listens and is not ready; it serves as soon as the database exists', async () => {
    const port = await freePort();
    const url = new URL(proxy.url);
    url.port = String(port);
    const { call } = await serve({ ...variables(), DATABASE_URL: url.href }, { isReady: false });
    expect((await call('GET', '/livez')).status).toBe(200);
    expect((await call('GET', '/readyz')).status).toBe(503);
    expect((await call('GET', tasks)).status).toBe(503);
    const database = await startFaultyProxy(`${postgres.url}/faults_${databases}`, port);
    onTestFinished(() => database.close());
    while ((await call('GET', '/readyz')).status !== 200) await delay(50);
    expect((await call('GET', tasks)).status).toBe(200);
  });

  test.runIf(isLong)('a database that never answers does not stop the server', async () => {
    proxy.cause({ type: 'black hole' });
    const { call } = await serve(variables(), { isReady: false });
    await delay(connectTimeoutMs + 1_000);
    expect((await call('GET', '/livez')).status).toBe(200);
    proxy.cause({ type: 'none' });
    while ((await call('GET', '/readyz')).status !== 200) await delay(50);
  });

  test('two servers start at once: one migrates, both serve', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => serve(variables())));
    const answers = await Promise.all(servers.map(({ call }) => call('POST', tasks, { title: 'Buy milk' })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
  });
});

test('requests wait for a database that accepts connections after five seconds, also more requests than connections', async () => {
  const { services, call } = await serve({ ...variables(), DATABASE_TIMEOUT_MS: '3000' });
  for (const client of await Promise.all([1, 2, 3, 4].map(() => services.database.pool.connect())))
    client.release(true);
  proxy.cause({ type: 'slow to accept', ms: 5_000 });
  const first = call('GET', tasks);
  await delay(100);
  const answers = await Promise.all([first, ...Array.from({ length: 3 * poolMax }, () => call('GET', tasks))]);
  expect(answers.map(({ status }) => status)).toEqual(Array(1 + 3 * poolMax).fill(200));
});

test.runIf(isLong)(
  'connection attempts without an answer time out, also for requests that are queued behind them',
  async () => {
    const { url, services, call } = await serve(variables());
    await warm(url);
    proxy.reset();
    await delay(100);
    proxy.cause({ type: 'black hole' });
    const answers = await Promise.all(Array.from({ length: 3 * poolMax }, () => call('GET', tasks)));
    for (const { status, ms } of answers) {
      expect(status).toBe(503);
      expect(ms).toBeLessThan(connectTimeoutMs + timeoutMs + delayMs);
    }
    proxy.cause({ type: 'none' });
    expect((await call('GET', tasks)).status).toBe(200);
    await delay(connectTimeoutMs);
    expect(isAtRest(services)).toBe(true);
  },
);
