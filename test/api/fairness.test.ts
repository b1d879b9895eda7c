/** Fairness between users: the order in which requests that wait are served, and the limits of each user. */
import { expect, test, vi } from 'vitest';
import type { ConnectionPool } from '../../src/database/pg/pool.ts';
import { maxConnectionsPerUser, maxQueueLengthPerUser } from '../../src/database/pg/pool.ts';
import type { PooledConnection } from '../../src/database/pg/pooled-connection.ts';
import type { UserDatabase } from '../../src/database/user-database.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';

const tasks = '/api/v1/tasks';
const settled = () => new Promise(setImmediate);

/** Holds all connections of a pool, as different users. */
async function holdAll(pool: ConnectionPool, count: number): Promise<PooledConnection[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => pool.connect(`holder ${index}`)));
}

/** Sends requests one by one, so that they reach the queue in this order. */
async function queueUp(pool: ConnectionPool, send: readonly (() => Promise<Answer>)[]): Promise<Promise<Answer>[]> {
  const answers: Promise<Answer>[] = [];
  for (const request of send) {
    const before = pool.waitingCount;
    answers.push(request());
    await vi.waitUntil(() => pool.waitingCount === before + 1, { interval: 2, timeout: 20_000 });
  }
  return answers;
}

test('with one connection, the users that wait are served in turns', async () => {
  const served: string[] = [];
  /** Records the order in which the database answers. */
  const recording = (database: UserDatabase): UserDatabase => ({
    ...database,
    run: async (principal, ...rest) => {
      const rows = await database.run(principal, ...rest);
      served.push(principal.userId);
      return rows;
    },
  });
  const api = await startApi({
    environment: { DATABASE_POOL_MAX: '1' },
    asUser: recording,
  });
  const { pool } = api.database.driver;
  const held = await holdAll(pool, 1);
  const ask = (client: Client) => () => client.get(`${tasks}?limit=1`);
  const [eve, ada, bob] = [api.user('eve'), api.user('ada'), api.user('bob')];
  const answers = await queueUp(pool, [eve, eve, eve, eve, eve, eve, ada, ada, bob].map(ask));
  for (const connection of held) connection.release();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(9).fill(200));
  expect(served).toEqual(['eve', 'ada', 'bob', 'eve', 'ada', 'eve', 'eve', 'eve', 'eve']);
});

test('requests of a user beyond the limits get 429; another user is served meanwhile, and the metrics count the queue', async () => {
  const metricsPort = await freePort();
  const environment = { METRICS: 'on', ADMIN_PORT: String(metricsPort) };
  const api = await startApi({ environment });
  const { pool } = api.database.driver;
  const [eve, ada] = [api.user(), api.user()];
  expect((await eve.get(tasks)).status).toBe(200);
  const own = await Promise.all(
    Array.from({ length: databaseKind === 'embedded' ? 1 : maxConnectionsPerUser }, () =>
      pool.connect(eve.userId as string),
    ),
  );
  const waiting = Array.from({ length: maxQueueLengthPerUser }, () => eve.get(tasks));
  await vi.waitUntil(() => pool.waitingCount === maxQueueLengthPerUser, 20_000);
  const { status, headers, body } = await eve.get(tasks);
  expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '1']);
  expect((await scrape(metricsPort)).value('todo_api_database_connections_waiting')).toBe(maxQueueLengthPerUser);
  const line = api.log.find((each) => each.status === 429);
  expect(line).toMatchObject({ level: 30, event: 'limit_reached', reason: 'concurrency' });

  const other = ada.get(tasks);
  // The embedded database has one connection, which the user holds.
  if (databaseKind === 'postgres') expect((await other).status).toBe(200);
  for (const connection of own) connection.release();
  expect((await other).status).toBe(200);
  expect(new Set((await Promise.all(waiting)).map((answer) => answer.status))).toEqual(new Set([200]));
});

/** Lets the next write of the server wait until it is released, with its connection and its locks. */
async function holdWrite(api: TestApi, client: Client, headers = {}): Promise<{ end(): Promise<Answer> }> {
  const { pool } = api.database.driver;
  const { connect } = pool;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isHeld = false;
  pool.connect = async (...given) => {
    const connection = await connect.apply(pool, given);
    if (isHeld || given[1] !== 'write') return connection;
    isHeld = true;
    await released;
    return connection;
  };
  const answer = client.post(tasks, { title: 'first' }, headers);
  await vi.waitUntil(() => isHeld, 20_000);
  return {
    end() {
      pool.connect = connect;
      release();
      return answer;
    },
  };
}

const onServer = test.skipIf(databaseKind === 'embedded');

onServer('a write of a user leaves the other connections to reads, and to writes of others', async () => {
  const api = await startApi({ environment: { DATABASE_POOL_MAX: '2' } });
  const { pool } = api.database.driver;
  const [eve, ada] = [api.user(), api.user()];
  const first = await holdWrite(api, eve);
  const writes = await queueUp(
    pool,
    Array.from({ length: 5 }, () => () => eve.post(tasks, { title: 'later' })),
  );
  expect((await eve.get(tasks)).status).toBe(200);
  expect((await ada.post(tasks, { title: 'other' })).status).toBe(201);
  expect(pool.waitingCount).toBe(5);
  await first.end();
  expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(Array(5).fill(201));
});

onServer(
  'a key in use is 409 at once, also if its request waits for a connection; a replay does not wait',
  async () => {
    const api = await startApi();
    const { pool } = api.database.driver;
    const eve = api.user();
    const key = (name: string) => ({ 'Idempotency-Key': name });
    const done = await eve.post(tasks, { title: 'done' }, key('done'));
    const first = await holdWrite(api, eve, key('first'));
    const [queued] = await queueUp(pool, [() => eve.post(tasks, { title: 'queued' }, key('queued'))]);

    for (const name of ['first', 'queued']) {
      const again = await eve.post(tasks, { title: name }, key(name));
      expect([again.status, again.body.code], name).toEqual([409, 'request_in_progress']);
    }
    const replay = await eve.post(tasks, { title: 'done' }, key('done'));
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect(replay.body).toEqual(done.body);
    expect((await eve.post(tasks, { title: 'other' }, key('done'))).body.code).toBe('idempotency_key_reused');
    expect(pool.waitingCount).toBe(1);

    expect((await first.end()).status).toBe(201);
    expect((await queued)?.status).toBe(201);
    await settled();
    for (const name of ['first', 'queued']) {
      expect((await eve.post(tasks, { title: name }, key(name))).headers.get('idempotency-replayed')).toBe('true');
    }
    expect((await eve.get(tasks)).body).toHaveLength(3);
  },
);

test('the embedded issuer is served in turns with a user who fills the queue', async () => {
  const api = await startApi({
    environment: { AUTH_MODE: 'embedded', DATABASE_POOL_MAX: '1' },
  });
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const signedUp = await api.anonymous().post('/api/auth/sign-up/email', person);
  const session = api.anonymous(`Bearer ${signedUp.headers.get('set-auth-token')}`);
  const { body } = await session.get('/api/auth/token');
  const eve = api.anonymous(`Bearer ${body.token}`);
  // The server fetches the keys from its database for the first token.
  expect((await eve.get(tasks)).status).toBe(200);
  const { pool } = api.database.driver;
  const held = await holdAll(pool, 1);
  const order: string[] = [];
  const flood = await queueUp(
    pool,
    Array.from({ length: 20 }, () => () => eve.get(tasks).finally(() => order.push('user'))),
  );
  const [sessionAnswer] = await queueUp(pool, [
    () => session.get('/api/auth/get-session').finally(() => order.push('issuer')),
  ]);
  for (const connection of held) connection.release();
  expect((await sessionAnswer)?.status).toBe(200);
  expect((await Promise.all(flood)).map(({ status }) => status)).toEqual(Array(20).fill(200));
  expect(order.indexOf('issuer')).toBeLessThan(10);
});
