/** The closed list of problems: each one is provoked, is explained by the server, and leaks nothing internal. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { maxKeysPerUser } from '../../src/idempotency/keys.ts';
import { type ProblemCode, problemCodes } from '../../src/problems/catalogue.ts';
import type { NotFoundCode } from '../../src/vocabulary.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { databaseKind, type TestDatabase } from '../support/databases.ts';
import { document } from '../support/document.ts';
import { resources } from '../support/resources.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const nobodys = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

/** A task of a new user. */
async function taskOf(user = api.user()) {
  const { body } = await user.post(collection, { title: 'Secret title' });
  return { user, path: `${collection}/${body.id}`, id: body.id };
}

type Provocation = () => Promise<Answer>;

/** A request for an unknown resource of each kind. */
const unknownResources = Object.fromEntries(
  resources.map(({ collection: path }): [string, Provocation] => [
    `${path.replace(/^.*\/(\w+)s$/, '$1')}_not_found`,
    () => api.user().get(`${path}/${nobodys}`),
  ]),
) as Record<NotFoundCode, Provocation>;

/** A request that provokes each problem. */
const provocations: Record<ProblemCode, Provocation> = {
  ...unknownResources,
  token_not_found: () => api.user().delete(`/api/v1/tokens/${nobodys}`),
  tag_not_found: () => api.user().patch('/api/v1/tags/unknown', { name: 'x' }),
  malformed_request: () => api.user().post(collection, '{'),
  token_missing: () => api.anonymous().get(collection),
  token_invalid: () => api.anonymous('Bearer x').get(collection),
  token_expired: () => api.user('ada', { exp: 1_700_000_000 }).get(collection),
  insufficient_scope: () => api.user('ada', { scope: 'tasks:read' }).post(collection, { title: 'x' }),
  api_token_not_allowed: async () => {
    const fields = { name: 'Secret name', scopes: ['tasks:write'] };
    const { body } = await api.user().post('/api/v1/tokens', fields);
    return api.anonymous(`Bearer ${body.token}`).post('/api/v1/tokens', fields);
  },
  origin_not_allowed: () => api.user().post('/mcp', {}, { Origin: 'https://evil.example' }),
  not_found: () => api.user().get('/nowhere'),
  method_not_allowed: () => api.user().delete(collection),
  id_taken: async () => {
    const { user, id } = await taskOf();
    return user.post(collection, { id, title: 'Another' });
  },
  list_not_empty: async () => {
    const { user, id } = await taskOf();
    const { body } = await user.post('/api/v1/lists', { name: 'Secret name' });
    await api.database.query('update todo.tasks set list_id = $1 where id = $2', [body.id, id]);
    return user.delete(`/api/v1/lists/${body.id}`);
  },
  change_set_not_found: () => api.user().post(`/api/v1/change-sets/${crypto.randomUUID()}/undo`, undefined),
  undo_conflict: async () => {
    const { user, id } = await taskOf();
    const { headers } = await user.patch(`${collection}/${id}`, { title: 'Second' });
    await user.patch(`${collection}/${id}`, { title: 'Third' });
    return user.post(`/api/v1/change-sets/${headers.get('change-set')}/undo`, undefined);
  },
  idempotency_key_reused: async () => {
    const user = api.user();
    await user.post(collection, { title: 'one' }, { 'Idempotency-Key': 'once' });
    return user.post(collection, { title: 'other' }, { 'Idempotency-Key': 'once' });
  },
  request_in_progress: repeatTooEarly,
  rate_limited: async () => {
    const user = api.user();
    await api.database.query(
      `insert into todo.idempotency_keys (owner_id, key, fingerprint, status, created_at)
       select $1, 'key-' || number, '\\x00', 204, now() - interval '1 hour' + number * interval '1 ms' from generate_series(1, $2::int) as number`,
      [user.userId, maxKeysPerUser],
    );
    return user.post(collection, { title: 'x' }, { 'Idempotency-Key': 'one-too-many' });
  },
  quota_exceeded: async () => {
    const user = api.user();
    await user.post(collection, { title: 'x' });
    await api.database.query('update todo.heads set tasks = 100000 where owner_id = $1', [user.userId]);
    return user.post(collection, { title: 'one too many' });
  },
  version_mismatch: async () => {
    const { user, path } = await taskOf();
    return user.patch(path, { title: 'x' }, { 'If-Match': '"7"' });
  },
  payload_too_large: () => api.user().post(collection, { title: 'x'.repeat(150_000) }),
  unsupported_media_type: () => api.user().post(collection, 'x', { 'Content-Type': 'text/plain' }),
  validation_failed: () => api.user().post(collection, {}),
  internal_error: async () => {
    const broken = await startApi();
    await broken.database.query('alter table todo.tasks rename column title to secret_name');
    return broken.user().post(collection, { title: 'Secret title' });
  },
  database_unavailable: async () => {
    const broken = await startApi();
    await broken.database.driver.close();
    return broken.user().get(collection);
  },
  identity_provider_unavailable: async () => {
    const broken = await startApi();
    await broken.jwks.close();
    return broken.user().get(collection);
  },
  overloaded: findNoRoom,
  timeout: timeOut,
};

const oneConnection = 'the embedded database has one connection, so no request waits for another one';

/** The problems that this database cannot provoke, with the reasons. */
const skipped: Partial<Record<ProblemCode, string>> = {
  ...(databaseKind === 'embedded' && { timeout: oneConnection, request_in_progress: oneConnection }),
};

test('the list is closed, and the document contains all of its codes', () => {
  const { Problem, ProblemCode } = document.components.schemas;
  expect(Problem).toMatchObject({ properties: { code: { $ref: '#/components/schemas/ProblemCode' } } });
  expect(ProblemCode).toMatchObject({ enum: problemCodes });
  expect(Object.keys(provocations).sort()).toEqual([...problemCodes].sort());
});

describe.each(problemCodes)('%s', (code) => {
  test('is the response to its cause', async (context) => {
    context.skip(code in skipped, skipped[code]);
    const { status, headers, body, text } = await provocations[code]();
    const explanation = (await api.anonymous().get(body.type)).body;
    expect(body).toMatchObject({
      code,
      status,
      title: explanation.title,
      type: `/problems/${code.replaceAll('_', '-')}`,
    });
    expect(status).toBe(explanation.status);
    expect(body.detail.length).toBeGreaterThan(10);
    if (status === 401 || (status === 403 && code !== 'origin_not_allowed'))
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    if (status === 503 || (status === 429 && code !== 'quota_exceeded'))
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(text).not.toMatch(
      /select|insert|update|todo\.|Secret|Bearer ey|postgres|node_modules|src\/|\.ts:|at [A-Z]\w+\./,
    );
    // With a status of 500 or more, the body contains only the catalogue's texts and the request id.
    if (status >= 500) {
      expect(body).toEqual({
        type: explanation.type,
        title: explanation.title,
        status,
        detail: explanation.detail,
        instance: collection,
        code,
        request_id: headers.get('x-request-id'),
      });
    }
  });

  test('is explained by the server', async () => {
    for (const name of [code, code.replaceAll('_', '-')]) {
      const { status, headers, body } = await api.anonymous().get(`/problems/${name}`);
      expect({ status, code: body.code, type: headers.get('content-type') }).toEqual({
        status: 200,
        code,
        type: 'application/json',
      });
      expect(body.remedy.length).toBeGreaterThan(20);
    }
  });
});

test('neither body nor log contains the message of the database, but the log has the request id and the stack', async () => {
  const broken = await startApi();
  await broken.database.query('alter table todo.tasks rename column title to secret_name');
  const user = broken.user();
  const token = broken.token(user.userId ?? '');
  const { body } = await user.post(collection, { title: 'Secret title', description: 'Secret text' });
  const lines = broken.log.filter((line) => line.request_id === body.request_id);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 50,
    status: 500,
    code: 'internal_error',
    err: { stack: expect.any(String) },
  });
  const log = JSON.stringify(broken.log);
  expect(log).not.toMatch(/Secret|secret_name|insert into|select /);
  expect(log).not.toContain(token.split('.')[2]);
  expect(log).not.toContain(user.userId);
  // The pool has lost no connection.
  await broken.database.query('alter table todo.tasks rename column secret_name to title');
  expect((await user.post(collection, { title: 'x' })).status).toBe(201);
});

test('a request is one line of the log, whatever its content', async () => {
  const { user } = await taskOf();
  await user.post(collection, { title: 'x\n{"level":60}' });
  await user.get('/nowhere%0a%7b%22level%22:60%7d');
  expect(api.log.filter(({ level }) => level === 60)).toEqual([]);
});

/** PostgreSQL only: a connection with an open transaction that has executed this statement. */
async function holdUp({ config }: TestDatabase, text: string, values: unknown[] = []): Promise<pg.Client> {
  const holder = new pg.Client({ connectionString: config.kind === 'postgres' ? config.url : '' });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('begin');
  await holder.query(text, values);
  return holder;
}

/** A write waits for the lock of another transaction until its timeout. */
async function timeOut(): Promise<Answer> {
  const slow = await startApi({ environment: { DATABASE_TIMEOUT_MS: '1000' } });
  const holder = await holdUp(slow.database, 'lock table todo.tasks in access exclusive mode');
  const user = slow.user();
  const answer = await user.post(collection, { title: 'x' });
  await holder.query('rollback');
  expect((await user.get(collection)).status).toBe(200);
  return answer;
}

/** All connections are in use for longer than the queue timeout. */
async function findNoRoom(): Promise<Answer> {
  const busy = await startApi({ environment: { DATABASE_POOL_MAX: '1', DATABASE_TIMEOUT_MS: '1000' } });
  const connection = await busy.database.driver.pool.connect();
  const user = busy.user();
  const answer = await user.get(collection);
  connection.release();
  expect((await user.get(collection)).status).toBe(200);
  return answer;
}

/** A request is repeated while it waits for the lock of another transaction. */
async function repeatTooEarly(): Promise<Answer> {
  const { user, path, id } = await taskOf();
  const holder = await holdUp(api.database, 'select from todo.tasks where id = $1 for update', [id]);
  const send = () => user.patch(path, { title: 'x' }, { 'Idempotency-Key': 'once' });
  const first = send();
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  // The holder cannot run this query, because a transaction caches its first snapshot of pg_stat_activity.
  const isWaiting = async () => (await api.database.query(waiting)).length > 0;
  await vi.waitUntil(isWaiting, 20_000);
  const second = await send();
  await holder.query('rollback');
  expect((await first).status).toBe(200);
  return second;
}
