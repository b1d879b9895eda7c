/**
 * Database outages at every endpoint of the embedded issuer and the API: the answer is never an authentication error.
 */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { headersOf, requestsOf, targetOf } from '../security/requests-from-document.ts';
import { testSecret, withAdmin } from '../support/databases.ts';
import { documentedOperations } from '../support/document.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { requestsToAll } from '../support/issuer-requests.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { isAtRest, type Served, serve } from './serve.ts';

const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
const poolMax = 80;
const failuresPerMinute = 5;

/** Operations that need no database. */
const needNoDatabase = [
  ...['GET /', 'GET /health', 'GET /livez', 'GET /openapi.json', 'GET /docs', 'GET /problems/{code}'],
  ...['GET /api/v1/me', 'POST /api/v1/recurrence/preview'],
];

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: object;
  readonly needsDatabase: boolean;
}

let postgres: PostgresServer;
let proxy: FaultyProxy;
let served: Served;
let direct: string;
let databases = 0;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

beforeEach(async () => {
  databases += 1;
  await withAdmin(postgres.url, (admin) => admin.query(`create database faults_${databases}`));
  direct = `${postgres.url}/faults_${databases}`;
  proxy = await startFaultyProxy(direct);
  onTestFinished(() => proxy.close());
  served = await serve({
    AUTH_MODE: 'embedded',
    BETTER_AUTH_SECRET: testSecret,
    DATABASE_URL: proxy.url,
    DATABASE_TIMEOUT_MS: '2000',
    DATABASE_POOL_MAX: String(poolMax),
    AUTH_FAILURES_PER_MINUTE: String(failuresPerMinute),
  });
});

/** Valid requests of a signed-in user to each endpoint. */
function allRequests(session: string, token: string): Request[] {
  const issuers = requestsToAll(person).map((request) => ({
    ...request,
    headers: { Authorization: `Bearer ${session}` },
    needsDatabase: true,
  }));
  const operations = documentedOperations.map((documented) => {
    const [parts] = fc.sample(requestsOf(documented), { numRuns: 1, seed: 7 });
    if (!parts) throw new Error('no request was made');
    return {
      method: documented.method,
      path: targetOf(documented.path, parts),
      headers: { ...headersOf(parts), Authorization: `Bearer ${token}` },
      ...(parts.body !== undefined && { body: parts.body as object }),
      needsDatabase: !needNoDatabase.includes(`${documented.method} ${documented.path}`),
    };
  });
  return [...issuers, ...operations];
}

async function send({ method, path, headers, body }: Request) {
  const response = await fetch(`${served.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = (path: string, body: object) =>
  send({ method: 'POST', path: `/api/auth${path}`, headers: {}, body, needsDatabase: true });
const get = (path: string, token: string) =>
  send({ method: 'GET', path, headers: { Authorization: `Bearer ${token}` }, needsDatabase: true });

/** All rows of the issuer, read directly from the database. */
async function rows(): Promise<unknown> {
  const tables = ['"user"', 'session', 'account', 'verification', 'jwks'];
  const columns = tables.map((table) => `(select jsonb_agg(to_jsonb(t) order by id) from todo_auth.${table} t)`);
  const client = new pg.Client({ connectionString: direct });
  await client.connect();
  const { rows: found } = await client.query(`select jsonb_build_array(${columns.join(', ')}) as rows`);
  await client.end();
  return found;
}

/** Opens as many connections as there are requests, so that each request meets the fault and not a full pool. */
async function fillPool(): Promise<void> {
  const { pool } = served.services.database;
  for (const client of await Promise.all(Array.from({ length: poolMax }, (_, index) => pool.connect(`user ${index}`))))
    client.release();
}

let locker: pg.Client;

async function lockTables(): Promise<void> {
  locker = new pg.Client({ connectionString: direct });
  await locker.connect();
  await locker.query('begin');
  const { rows: names } = await locker.query(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname ~ '^todo'",
  );
  await locker.query(`lock table ${names.map(({ name }) => name).join(', ')} in access exclusive mode`);
}

describe.each([
  ['stopped', () => postgres.halt('fast'), () => postgres.start()],
  ['frozen', () => postgres.freeze(), () => postgres.thaw()],
  ['locked', lockTables, () => locker.end()],
  [
    'cut off in the middle of each exchange',
    () => proxy.cause({ type: 'lose answer', to: '', by: 'reset' }),
    () => proxy.cause({ type: 'none' }),
  ],
] as [string, () => unknown, () => unknown][])('a database that is %s', (name, begin, end) => {
  test('is 503 or 504 at every endpoint that needs it, counts as no failed authentication and leaves nothing half done', async () => {
    const signedUp = await post('/sign-up/email', person);
    const session = signedUp.headers.get('set-auth-token') ?? '';
    const { token } = JSON.parse((await get('/api/auth/token', session)).text);
    expect((await get('/api/v1/me', token)).status).toBe(200);
    const requests = allRequests(session, token);
    const before = await rows();
    const usual = new Map<Request, number>();
    for (const request of requests.filter(({ needsDatabase }) => !needsDatabase)) {
      usual.set(request, (await send(request)).status);
    }
    await fillPool();

    await begin();
    const answers = await Promise.all(requests.map(async (request) => [request, await send(request)] as const)).finally(
      end,
    );

    for (const [request, { status, headers, text }] of answers) {
      const what = `${request.method} ${request.path} while ${name}: ${status} ${text}`;
      // Queries on other tables than the locked ones succeed.
      const isExpectedToServe = name === 'locked' && request.path === '/readyz';
      if (!request.needsDatabase || isExpectedToServe) {
        expect(status, what).toBe(usual.get(request) ?? 200);
        continue;
      }
      expect([503, 504], what).toContain(status);
      expect(headers.get('content-type'), what).toBe('application/problem+json');
      expect(JSON.parse(text).code, what).toMatch(/^(database_unavailable|overloaded|timeout)$/);
      expect(headers.get('retry-after'), what).toMatch(/^[1-9]\d*$/);
      expect(headers.getSetCookie(), what).toEqual([]);
      expect(headers.get('set-auth-token'), what).toBeNull();
      expect(headers.get('www-authenticate'), what).toBeNull();
    }

    expect(await rows()).toEqual(before);
    while ((await get('/readyz', '')).status !== 200);
    expect((await get('/api/auth/token', session)).status).toBe(200);
    expect((await post('/sign-in/email', { ...person, password: 'not the password' })).status).toBe(401);
    expect((await post('/sign-in/email', person)).status).toBe(200);
    expect(isAtRest(served.services)).toBe(true);
  });
});

test('a token with an unknown key is not a client error during an outage', async () => {
  const session = (await post('/sign-up/email', person)).headers.get('set-auth-token') ?? '';
  const { token } = JSON.parse((await get('/api/auth/token', session)).text);
  await postgres.halt('fast');
  // No token has been verified yet, so no key is known.
  const unknown = await get('/api/v1/me', token).finally(() => postgres.start());
  expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[1-9]\d*$/)]);
});
