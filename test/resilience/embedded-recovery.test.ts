/**
 * The embedded database is stuck in a statement, or its thread ends: it is opened again, other users are served, and
 * nothing that was acknowledged is lost.
 */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { IssuerDatabase } from '../../src/auth/better-auth/issuer-database.ts';
import { explainStartupError } from '../../src/cli/startup-errors.ts';
import { openDriver } from '../../src/database/open-driver.ts';
import { lockDirectory } from '../../src/database/pglite/directory-lock.ts';
import { startEngine } from '../../src/database/pglite/engine.ts';
import { databaseConfig } from '../support/databases.ts';
import { createJournal } from './journal.ts';
import { type Answer, caller, type Served, serve, tokenFor } from './serve.ts';
import { storedTitles } from './stored-titles.ts';

const tasks = '/api/v1/tasks';
const timeoutMs = 1_000;
const isLong = process.env.RESILIENCE === 'long';

/** Runs for hours, and never checks whether it should end. */
const endless = 'select count(*) from generate_series(1, 1e10)';

let directory: string;
/** The thread of the database that was started last. */
let thread: Worker;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'todo-api-recovery-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const noteThread = (worker: Worker) => {
    thread = worker;
  };
  process.on('worker', noteThread);
  onTestFinished(() => void process.off('worker', noteThread));
});

function serveEmbedded(variables: Record<string, string> = {}): Promise<Served> {
  return serve({ DATABASE_URL: `pglite:${directory}`, DATABASE_TIMEOUT_MS: String(timeoutMs), ...variables });
}

/** Repeats a request while it gets 503, because a slow machine opens the database later than 2 s after the deadline. */
async function served(request: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await request();
    if (answer.status !== 503) return answer;
    expect(answer.headers.get('retry-after')).not.toBeNull();
    await delay(100);
  }
}

test('a statement that does not end is interrupted at its deadline, and the requests that wait for it are served', async () => {
  const { url, services, call } = await serveEmbedded();
  const { pool } = services.database;
  expect((await call('POST', tasks, { title: 'Buy milk' })).status).toBe(201);
  for (let round = 0; round < 3; round += 1) {
    const stuck = pool.query(endless, [], 'eve').catch((error: Error) => error.message);
    await vi.waitUntil(() => pool.idleCount === 0, 20_000);
    const answers = await Promise.all([
      served(() => call('GET', tasks)),
      served(() => caller(url, tokenFor('bob'))('POST', tasks, { title: 'Water the flowers' })),
      call('GET', '/livez'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 200]);
    expect(answers[0]?.body).toMatchObject([{ title: 'Buy milk' }]);
    expect(await stuck).toBe('Query read timeout');
  }
});

test('a stuck request gets 504, and a stuck request of the issuer too', async () => {
  const { services } = await serveEmbedded();
  const { asUser, pool } = services.database;
  const statement = { name: 'endless', text: endless };
  const user = { userId: 'eve', scopes: null, expiresAt: Number.POSITIVE_INFINITY };
  await expect(asUser.run(user, [{ statement, values: [] }], 'repeat')).rejects.toMatchObject({ code: 'timeout' });
  const issuer = new IssuerDatabase(pool, timeoutMs);
  const handled = issuer.inTransaction(async () => {
    await issuer.query('delete from todo_auth."user"');
    await issuer.query(endless);
    return new Response();
  });
  await expect(handled).rejects.toMatchObject({ code: 'timeout' });
  const again = await issuer.inTransaction(async () => {
    await issuer.query('delete from todo_auth."user"');
    return new Response(null, { status: 204 });
  });
  expect(again.status).toBe(204);
});

test('a sign-up that waits for a stuck statement succeeds', async () => {
  const { services, call } = await serveEmbedded({ AUTH_MODE: 'embedded' });
  const stuck = services.database.pool.query(endless, [], 'eve').catch(() => 'interrupted');
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  expect((await served(() => call('POST', '/api/auth/sign-up/email', person))).status).toBe(200);
  expect(await stuck).toBe('interrupted');
});

test('a thread that ends by itself is replaced; requests get 503 with Retry-After at most, and reads are repeated', async () => {
  const { call } = await serveEmbedded();
  expect((await call('POST', tasks, { title: 'Buy milk' })).status).toBe(201);
  for (let round = 0; round < 3; round += 1) {
    void thread.terminate();
    const answers = await Promise.all([
      call('GET', tasks),
      call('POST', tasks, { title: 'maybe' }),
      call('GET', tasks),
    ]);
    for (const { status, headers, body } of answers.filter(({ status }) => status >= 400)) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1']);
    }
    expect((await served(() => call('GET', tasks))).status).toBe(200);
  }
});

test('an uncaught error in the thread, such as a lack of memory, ends it and is not fatal', async () => {
  const { call, services } = await serveEmbedded();
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  thread.emit('error', Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }));
  await ended;
  expect((await served(() => call('POST', tasks, { title: 'Buy milk' }))).status).toBe(201);
  // A background job whose connection was lost leaves the pool usable.
  const job = services.database.pool.query('select 1');
  thread.emit('error', new Error('aborted'));
  await expect(job).rejects.toMatchObject({ code: '57P02' });
  expect((await served(() => call('GET', tasks))).status).toBe(200);
});

const rounds = isLong ? 50 : 8;

test(`no acknowledged write is lost in ${rounds} interruptions under writes`, { timeout: 600_000 }, async () => {
  const { services, call, stop } = await serveEmbedded({ DATABASE_TIMEOUT_MS: '500' });
  const journal = createJournal(5);
  const ended = new AbortController();
  const running = journal.run(call, 6, ended.signal);
  running.catch(() => {});
  for (let round = 0; round < rounds; round += 1) {
    const acknowledged = journal.acknowledged.size;
    while (journal.acknowledged.size < acknowledged + 5) await delay(10);
    await delay(Math.random() * 100);
    // In turns: a stuck statement, and a thread that ends in the middle of writes.
    if (round % 2 === 0) await services.database.pool.query(endless, [], 'eve').catch(() => {});
    else await thread.terminate();
  }
  ended.abort();
  await running;
  await stop();
  const titles = await storedTitles(join(directory, 'postgres'));
  expect(journal.acknowledged.size).toBeGreaterThanOrEqual(5 * rounds);
  expect(journal.faults(titles)).toEqual([]);
  expect([...journal.outcomes.keys()].filter((outcome) => !/^(200|201|409|503|504)$/.test(outcome))).toEqual([]);
});

test('while the database cannot be opened, the lock is held; it serves again, or reports the loss after some attempts', async () => {
  const restarts: string[] = [];
  const config = { ...databaseConfig(`pglite:${directory}`), timeoutMs };
  const driver = await openDriver(config, ({ message }) => void restarts.push(message));
  let lost: Error | undefined;
  driver.lost?.catch((error: Error) => {
    lost = error;
  });
  const { pool } = driver;
  const [files, moved] = [join(directory, 'postgres'), join(directory, 'moved')];
  await pool.query('create table things as select 1 as n');
  renameSync(files, moved);
  await thread.terminate();
  await expect(lockDirectory(directory)).rejects.toThrow('is in use by process');
  await delay(500);
  renameSync(moved, files);
  expect((await pool.query('select n from things')).rows).toEqual([{ n: 1 }]);
  expect(restarts).toHaveLength(1);
  expect(lost).toBeUndefined();

  renameSync(files, moved);
  await thread.terminate();
  await vi.waitUntil(() => lost, 30_000);
  expect(lost?.name).toBe('EngineLostError');
  expect(lost?.message).toContain('cannot be opened again (its directory does not exist)');
  expect(explainStartupError(lost)).toBe(lost?.message);
  await expect(pool.query('select 1')).rejects.toMatchObject({ code: '57P02' });
  await expect(lockDirectory(directory)).rejects.toThrow('is in use by process');
  await driver.close();
  await (await lockDirectory(directory)).release();
});

test('a job whose thread ends leaves the connection to others, and a stuck statement does not keep the database open', async () => {
  const driver = await openDriver({ ...databaseConfig(`pglite:${directory}`), timeoutMs: 60_000 });
  const { pool } = driver;
  await pool.query('create table things as select 1 as n');
  const job = driver.withMigrationClient((client) => client.query(endless));
  job.catch(() => {});
  await delay(200);
  await thread.terminate();
  await expect(job).rejects.toMatchObject({ code: '57P02' });
  expect((await pool.query('select n from things')).rows).toEqual([{ n: 1 }]);

  const stuck = pool.query(endless).catch(() => 'interrupted');
  await delay(200);
  await driver.close();
  expect(await stuck).toBe('interrupted');
  const again = await openDriver(databaseConfig(`pglite:${directory}`));
  expect((await again.pool.query('select n from things')).rows).toEqual([{ n: 1 }]);
  await again.close();
});

test('a database that the server stops using is not opened again', async () => {
  for (const end of ['close', 'kill'] as const) {
    const engine = await startEngine(join(directory, 'postgres'));
    const connection = await engine.connect();
    const last = thread;
    connection.interrupt();
    await engine[end]();
    expect(thread).toBe(last);
    await expect(engine.connect()).rejects.toThrow('the server stops using it');
  }
});

test('a database in memory is not interrupted, because that would lose its data; its end is reported', async () => {
  const driver = await openDriver({ ...databaseConfig('pglite:memory'), timeoutMs: 200 });
  onTestFinished(() => driver.close());
  const lost = driver.lost?.catch((error: Error) => error.message);
  await driver.pool.query('create table things as select 1 as n');
  const slow = 'select count(*) from generate_series(1, 10000000)';
  await expect(driver.pool.query(slow)).rejects.toThrow('Query read timeout');
  await vi.waitUntil(() => driver.pool.query('select n from things').catch(() => null), 30_000);
  await thread.terminate();
  expect(await lost).toContain('its data is lost');
});
