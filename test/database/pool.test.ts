/** Connection pool: checkout, release, idle timeout and broken connections. */
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionPool } from '../../src/database/pg/pool.ts';
import { createTestDatabase, databaseKind } from '../support/databases.ts';

beforeEach((context) => context.skip(databaseKind === 'embedded', 'the embedded database has one connection'));

async function openPool(idleTimeoutMs: number): Promise<ConnectionPool> {
  const { config, remove } = await createTestDatabase();
  const limits = { max: 3, acquireTimeoutMs: 20_000, connectTimeoutMs: 20_000, queryTimeoutMs: 20_000, idleTimeoutMs };
  const pool = new ConnectionPool({ connectionString: config.kind === 'postgres' ? config.directUrl : '' }, limits);
  onTestFinished(remove);
  onTestFinished(() => pool.end());
  return pool;
}

/** Opens the maximum number of connections. */
async function openAll(pool: ConnectionPool): Promise<void> {
  const connections = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  for (const client of connections) client.release();
  expect({ total: pool.totalCount, idle: pool.idleCount }).toEqual({ total: 3, idle: 3 });
}

test('a connection is checked out by one caller at a time', async () => {
  const pool = await openPool(0);
  await openAll(pool);
  const connections = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
  expect(new Set(connections).size).toBe(3);
  expect(pool.idleCount).toBe(0);
  const [client] = connections;
  const next = pool.connect();
  await vi.waitUntil(() => pool.waitingCount === 1, 20_000);
  client.release();
  expect(await next).toBe(client);
  for (const each of connections) each.release();
});

test('the connection that was used last is checked out first, so that the others become idle', async () => {
  const pool = await openPool(0);
  await openAll(pool);
  const connections = new Set<unknown>();
  for (let turn = 0; turn < 5; turn += 1) {
    const client = await pool.connect();
    connections.add(client);
    client.release();
  }
  expect(connections.size).toBe(1);
});

test('a connection that is released twice is checked out once', async () => {
  const pool = await openPool(0);
  const client = await pool.connect();
  client.release();
  expect(() => client.release()).toThrow(/twice/);
  expect(pool.idleCount).toBe(1);
  const [one, other] = await Promise.all([pool.connect(), pool.connect()]);
  expect(one).not.toBe(other);
  one.release();
  other.release();
});

test('idle connections are closed, and the connection in use is not', async () => {
  const pool = await openPool(200);
  await openAll(pool);
  const used = await pool.connect();
  await vi.waitUntil(() => pool.totalCount === 1, 20_000);
  expect((await used.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  used.release();
  await vi.waitUntil(() => pool.totalCount === 0, 20_000);
});

test('an idle connection that ends is removed', async () => {
  const pool = await openPool(0);
  await openAll(pool);
  await pool.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
  );
  await vi.waitUntil(() => pool.totalCount === 1, 20_000);
  expect(pool.idleCount).toBe(1);
  await openAll(pool);
});

test('a connection that is released with an error is not checked out again', async () => {
  const pool = await openPool(0);
  const client = await pool.connect();
  client.release(new Error('broken'));
  expect({ total: pool.totalCount, idle: pool.idleCount }).toEqual({ total: 0, idle: 0 });
  await openAll(pool);
});
