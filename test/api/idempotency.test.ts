/** The `Idempotency-Key` header: replays, stored problems, limits and expiry. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { deleteExpiredKeys } from '../../src/idempotency/cleanup.ts';
import { maxKeysPerUser, maxStoredBytesPerUser } from '../../src/idempotency/keys.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const key = (text: string) => ({ 'Idempotency-Key': text });

/** The stored parts of a response. */
function storedPartsOf({ status, headers, text }: Awaited<ReturnType<Client['get']>>) {
  return {
    status,
    text,
    etag: headers.get('etag'),
    location: headers.get('location'),
    type: headers.get('content-type'),
  };
}

describe('the same request with the same key runs once and gets the same response', () => {
  test('POST', async () => {
    const ada = api.user();
    const first = await ada.post('/api/v1/tasks', { title: 'x' }, key('k'));
    const second = await ada.post('/api/v1/tasks', { title: 'x' }, key('k'));
    expect(first.status).toBe(201);
    expect(first.headers.has('idempotency-replayed')).toBe(false);
    expect(storedPartsOf(second)).toEqual(storedPartsOf(first));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await ada.get('/api/v1/tasks')).body).toHaveLength(1);
  });

  test('PUT, PATCH and DELETE, even if the task has changed since', async () => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
    const path = `/api/v1/tasks/${task.id}`;
    const put = await ada.put(path, { title: 'put' }, key('put'));
    const patch = await ada.patch(path, { title: 'patch' }, { ...key('patch'), 'If-Match': '"2"' });
    expect(patch.status).toBe(200);
    expect(storedPartsOf(await ada.put(path, { title: 'put' }, key('put')))).toEqual(storedPartsOf(put));
    expect(storedPartsOf(await ada.patch(path, { title: 'patch' }, { ...key('patch'), 'If-Match': '"2"' }))).toEqual(
      storedPartsOf(patch),
    );
    expect(storedPartsOf(await ada.patch(path, { title: 'patch' }, key('patch')))).toEqual(storedPartsOf(patch));
    const gone = await ada.delete(path, key('delete'));
    expect(gone.status).toBe(204);
    expect(storedPartsOf(await ada.delete(path, key('delete')))).toEqual(storedPartsOf(gone));
    expect(storedPartsOf(await ada.put(path, { title: 'put' }, key('put')))).toEqual(storedPartsOf(put));
    expect((await ada.get(path)).status).toBe(404);
  });

  test('a batch', async () => {
    const ada = api.user();
    const body = { operations: [{ op: 'create', task: { title: 'x' } }] };
    const first = await ada.post('/api/v1/tasks/batch', body, key('k'));
    expect(first.status).toBe(200);
    expect(storedPartsOf(await ada.post('/api/v1/tasks/batch', body, key('k')))).toEqual(storedPartsOf(first));
    expect((await ada.get('/api/v1/tasks')).body).toHaveLength(1);
  });
});

describe('404, 409 id_taken and 412 are stored outcomes', () => {
  test('which stay the same after the task is created, deleted or changed', async () => {
    const ada = api.user();
    const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
    const missing = await ada.patch(`/api/v1/tasks/${id}`, { title: 'y' }, key('404'));
    await ada.post('/api/v1/tasks', { id, title: 'x' });
    const taken = await ada.post('/api/v1/tasks', { id, title: 'z' }, key('409'));
    const stale = await ada.patch(`/api/v1/tasks/${id}`, { title: 'y' }, { ...key('412'), 'If-Match': '"7"' });
    const batch = {
      operations: [
        { op: 'create', task: { title: 'undone' } },
        { op: 'delete', id, if_version: 9 },
      ],
    };
    const failed = await ada.post('/api/v1/tasks/batch', batch, key('batch'));
    expect([missing.status, taken.status, stale.status, failed.status]).toEqual([404, 409, 412, 412]);
    await ada.delete(`/api/v1/tasks/${id}`);

    const again = [
      await ada.request('PATCH', `/api/v1/tasks/${id}`, { body: { title: 'y' }, headers: key('404') }),
      await ada.request('POST', '/api/v1/tasks', { body: { id, title: 'z' }, headers: key('409') }),
      await ada.request('PATCH', `/api/v1/tasks/${id}`, { body: { title: 'y' }, headers: key('412') }),
      await ada.request('POST', '/api/v1/tasks/batch', { body: batch, headers: key('batch') }),
    ];
    expect(again.map(storedPartsOf)).toEqual([missing, taken, stale, failed].map(storedPartsOf));
    expect((await ada.get('/api/v1/tasks')).body).toEqual([]);
  });
});

describe('a rejected request does not use its key', () => {
  test.each([
    ['400', '{', {}],
    ['415', { title: 'x' }, { 'Content-Type': 'text/plain' }],
    ['413', { title: 'x'.repeat(150_000) }, {}],
    ['422', { title: '' }, {}],
    ['422', { title: 'x', due: { date: '9999-12-31', time: '23:59', time_zone: 'America/New_York' } }, {}],
  ])('%s', async (status, body, headers) => {
    const ada = api.user();
    expect((await ada.request('POST', '/api/v1/tasks', { body, headers: { ...headers, ...key('k') } })).status).toBe(
      Number(status),
    );
    expect((await ada.post('/api/v1/tasks', { title: 'good' }, key('k'))).status).toBe(201);
  });

  test('403', async () => {
    const reader = api.user('reader', { scope: 'tasks:read' });
    expect((await reader.post('/api/v1/tasks', { title: 'x' }, key('k'))).status).toBe(403);
    expect((await api.user('reader').post('/api/v1/tasks', { title: 'y' }, key('k'))).status).toBe(201);
    // A replay needs the scope, too.
    expect((await reader.post('/api/v1/tasks', { title: 'y' }, key('k'))).status).toBe(403);
  });
});

test('another method, path or body with the same key is rejected', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' }, key('k'));
  const path = `/api/v1/tasks/${task.id}`;
  const others = [
    await ada.post('/api/v1/tasks', { title: 'y' }, key('k')),
    await ada.request('POST', '/api/v1/tasks', { body: '{ "title": "x" }', headers: key('k') }),
    await ada.put(path, { title: 'x' }, key('k')),
    await ada.patch(path, { title: 'x' }, key('k')),
    await ada.delete(path, key('k')),
  ];
  for (const { status, body } of others) {
    expect(status).toBe(422);
    expect(body.code).toBe('idempotency_key_reused');
  }
  expect((await ada.get(path)).body).toEqual(task);
});

test('a key has 1 to 255 visible ASCII characters', async () => {
  const ada = api.user();
  expect((await ada.post('/api/v1/tasks', { title: 'x' }, key('~'.repeat(255)))).status).toBe(201);
  for (const bad of ['x'.repeat(256), 'a b', 'é', '']) {
    const { status, body } = await ada.post('/api/v1/tasks', { title: 'x' }, key(bad));
    expect(status, bad).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'header', pointer: 'idempotency-key' }]);
  }
});

test('users have separate keys', async () => {
  const [ada, bob] = [api.user(), api.user()];
  const first = await ada.post('/api/v1/tasks', { title: 'ada' }, key('same'));
  const second = await bob.post('/api/v1/tasks', { title: 'bob' }, key('same'));
  expect([first.body.title, second.body.title]).toEqual(['ada', 'bob']);
  expect(second.headers.has('idempotency-replayed')).toBe(false);
});

test('50 simultaneous requests with one key make one change; the others get its response, or 409 with Retry-After', async () => {
  const ada = api.user();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => ada.post('/api/v1/tasks', { title: 'x' }, key('k'))),
  );
  const [first] = answers.filter(({ status, headers }) => status === 201 && !headers.has('idempotency-replayed'));
  expect(first).toBeDefined();
  for (const answer of answers) {
    if (answer.status === 409) {
      expect(answer.body.code).toBe('request_in_progress');
      expect(answer.headers.get('retry-after')).toBe('1');
    } else {
      expect(storedPartsOf(answer)).toEqual(storedPartsOf(first as (typeof answers)[0]));
    }
  }
  expect(answers.filter(({ status, headers }) => status === 201 && !headers.has('idempotency-replayed'))).toHaveLength(
    1,
  );
  expect((await ada.get('/api/v1/tasks')).body).toHaveLength(1);
});

test('a key expires after 24 hours, and its record is removed', async () => {
  const [ada, bob] = [api.user(), api.user()];
  const first = await ada.post('/api/v1/tasks', { title: 'x' }, key('old'));
  await bob.post('/api/v1/tasks', { title: 'x' }, key('old'));
  await ada.post('/api/v1/tasks', { title: 'x' }, key('young'));
  const age = (user: Client) =>
    api.database.query(
      "update todo.idempotency_keys set created_at = now() - interval '24 hours 1 second' where owner_id = $1 and key = 'old'",
      [user.userId],
    );
  await age(ada);
  const again = await ada.post('/api/v1/tasks', { title: 'x' }, key('old'));
  expect(again.status).toBe(201);
  expect(again.body.id).not.toBe(first.body.id);

  await age(ada);
  await age(bob);
  const database = openDatabase(api.database.config, api.database.driver);
  expect(await deleteExpiredKeys(database.asJanitor)).toBe(2);
  const left = await api.database.query('select key from todo.idempotency_keys where owner_id = any($1)', [
    [ada.userId, bob.userId],
  ]);
  expect(left).toEqual([{ key: 'young' }]);
});

test('the number of keys per user is limited; writes without a key continue', async () => {
  const [ada, bob] = [api.user(), api.user()];
  await api.database.query(
    `insert into todo.idempotency_keys (owner_id, key, fingerprint, status, created_at)
     select $1, 'k' || n, '\\x00', 204, now() - interval '23 hours' + n * interval '1 ms' from generate_series(1, $2::int) as n`,
    [ada.userId, maxKeysPerUser],
  );
  const { status, body, headers } = await ada.post('/api/v1/tasks', { title: 'x' }, key('one-more'));
  expect([status, body.code]).toEqual([429, 'rate_limited']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_500);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(3_601);
  expect((await ada.get('/api/v1/tasks')).body).toEqual([]);
  expect((await ada.post('/api/v1/tasks', { title: 'x' })).status).toBe(201);
  expect((await bob.post('/api/v1/tasks', { title: 'x' }, key('one-more'))).status).toBe(201);
});

describe('the bytes of stored responses per user are limited', () => {
  /** Sets how much the user has stored, instead of many large responses. The key `old` has the oldest response. */
  async function userWithStored(bytes: number): Promise<Client> {
    const user = api.user();
    await user.post('/api/v1/tasks', { title: 'x' }, key('old'));
    await user.post('/api/v1/tasks', { title: 'x' }, key('new'));
    await api.database.query(
      `update todo.idempotency_keys as stored set running_bytes = $2 + (
         select running_bytes - octet_length(body) from todo.idempotency_keys where owner_id = $1 and key = 'old')
       where owner_id = $1 and key = 'new'`,
      [user.userId, bytes],
    );
    return user;
  }

  test('with all of it used, a write with a new key is rejected and changes nothing', async () => {
    const bytes = maxStoredBytesPerUser;
    const user = await userWithStored(bytes);
    const write = () => user.post('/api/v1/tasks', { title: 'y' }, key('k'));
    const { status, body, headers } = await write();
    expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'quota_exceeded', null]);
    expect(body.detail).toMatch(/quota of 64 MiB of stored responses.*Write without an Idempotency-Key/);
    expect((await user.get('/api/v1/tasks')).body).toHaveLength(2);
    expect((await user.post('/api/v1/tasks', { title: 'x' }, key('old'))).headers.get('idempotency-replayed')).toBe(
      'true',
    );
    expect((await user.post('/api/v1/tasks', { title: 'z' })).status).toBe(201);

    // The oldest response expires, and the key of the rejected request is still free.
    await api.database.query(
      `update todo.idempotency_keys set created_at = now() - interval '25 hours', running_bytes = $2
       where owner_id = $1 and key = 'old'`,
      [user.userId, bytes - 100],
    );
    await api.database.query(
      `update todo.idempotency_keys set running_bytes = $2 where owner_id = $1 and key = 'new'`,
      [user.userId, bytes + 500],
    );
    const again = await write();
    expect([again.status, again.headers.has('idempotency-replayed')]).toEqual([201, false]);
  });

  test('and the totals count every response once, also that of a key used again after it has expired', async () => {
    const user = api.user();
    const send = (name: string, title: string) => user.post('/api/v1/tasks', { title }, key(name));
    for (const name of ['a', 'b', 'c']) await send(name, name.repeat(50));
    await api.database.query(
      `update todo.idempotency_keys set created_at = now() - interval '25 hours' where owner_id = $1 and key = 'a'`,
      [user.userId],
    );
    await send('a', 'again');
    await Promise.all(['d', 'e', 'f'].map((name) => send(name, name.repeat(20))));
    const rows = await api.database.query<{ running_count: string; running_bytes: string; bytes: number }>(
      `select running_count, running_bytes, octet_length(body) as bytes from todo.idempotency_keys
       where owner_id = $1 order by created_at`,
      [user.userId],
    );
    expect(rows).toHaveLength(6);
    const [oldest, newest] = [rows[0], rows.at(-1)];
    expect(Number(newest?.running_count) - Number(oldest?.running_count)).toBe(5);
    const later = rows.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(Number(newest?.running_bytes) - Number(oldest?.running_bytes)).toBe(later);
  });
});
