/** Conditional requests: entity tags, `If-Match` against lost updates, and `If-None-Match` for unchanged tasks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const unknown = '/api/v1/tasks/0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

/** A task of a new user with version 2. */
async function makeTask() {
  const owner = api.user();
  const { body } = await owner.post('/api/v1/tasks', { title: 'Buy milk' });
  const path = `/api/v1/tasks/${body.id}`;
  await owner.patch(path, { title: 'Buy oat milk' });
  return { owner, path };
}

type Write = (owner: Client, path: string, headers: Record<string, string>) => ReturnType<Client['get']>;

const writes: [string, Write][] = [
  ['PUT', (owner, path, headers) => owner.put(path, { title: 'Replaced' }, headers)],
  ['PATCH', (owner, path, headers) => owner.patch(path, { title: 'Changed' }, headers)],
  ['DELETE', (owner, path, headers) => owner.delete(path, headers)],
];

describe.each(writes)('If-Match on %s', (_method, write) => {
  test.each(['"2"', '"1", "2"', '"2","3"', ' "9" ,"2" ', '"1",, "2"', '"a,b", "2"', 'W/"2", "2"', '*'])(
    '%s allows the change',
    async (tags) => {
      const { owner, path } = await makeTask();
      expect((await write(owner, path, { 'If-Match': tags })).status).toBeLessThan(300);
    },
  );

  test.each([
    '"1"',
    '"3"',
    'W/"2"',
    '"02"',
    '"2 "'.replace(' ', '!'),
    '""',
    '"2,3"',
    '"99999999999999999999"',
    '"2147483648"',
    '"\u00e9"',
    '"-2"',
  ])('%s responds 412 and changes nothing', async (tags) => {
    const { owner, path } = await makeTask();
    const before = await owner.get(path);
    const { status, body, headers } = await write(owner, path, { 'If-Match': tags });
    expect({ status, code: body.code }).toEqual({ status: 412, code: 'version_mismatch' });
    expect({ version: body.current_version, etag: headers.get('etag') }).toEqual({ version: 2, etag: '"2"' });
    expect((await owner.get(path)).body).toEqual(before.body);
  });

  test.each(['2', '', '"2', '"2" "3"', '*, "2"', '"a b"', 'w/"2"', ','])(
    '%j is no list of entity tags: 422',
    async (tags) => {
      const { owner, path } = await makeTask();
      const { status, body } = await write(owner, path, { 'If-Match': tags });
      expect({ status, errors: body.errors }).toEqual({
        status: 422,
        errors: [{ in: 'header', pointer: 'if-match', message: expect.any(String) }],
      });
      expect((await owner.get(path)).body.version).toBe(2);
    },
  );

  test.each(['*', '"1"'])('%s on an unknown id stays 404', async (tags) => {
    const { status, body } = await write(api.user(), unknown, { 'If-Match': tags });
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'task_not_found' });
  });

  test('allows one of twenty simultaneous writes with the same entity tag', async () => {
    const { owner, path } = await makeTask();
    const answers = await Promise.all(Array.from({ length: 20 }, () => write(owner, path, { 'If-Match': '"2"' })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status < 300)).toHaveLength(1);
    // After a deletion, there is no version to compare.
    const late = _method === 'DELETE' ? 404 : 412;
    expect(statuses.filter((status) => status === late)).toHaveLength(19);
  });
});

test.each(writes)(
  'a replayed 412 of %s keeps its version and entity tag after the task has changed',
  async (_, write) => {
    const { owner, path } = await makeTask();
    const headers = { 'If-Match': '"1"', 'Idempotency-Key': 'k' };
    const first = await write(owner, path, headers);
    await owner.patch(path, { title: 'Buy soy milk' });
    const replay = await write(owner, path, headers);
    expect(first.headers.has('idempotency-replayed')).toBe(false);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    for (const { status, headers: received, body } of [first, replay]) {
      expect([status, received.get('etag'), body.current_version]).toEqual([412, '"2"', 2]);
    }
    expect(replay.text).toBe(first.text);
  },
);

test('a write with the version of a 412 succeeds, with a token that may only write', async () => {
  const { owner, path } = await makeTask();
  const writer = api.user(owner.userId as string, { scope: 'tasks:write' });
  const rejected = await writer.patch(path, { title: 'x' }, { 'If-Match': '"1"' });
  expect(rejected.status).toBe(412);
  const etag = rejected.headers.get('etag') as string;
  expect((await writer.patch(path, { title: 'x' }, { 'If-Match': etag })).status).toBe(200);
});

test('no other problem of a write has an entity tag or a version', async () => {
  const { owner, path } = await makeTask();
  for (const { status, headers, body } of [
    await owner.patch(unknown, { title: 'x' }, { 'If-Match': '"1"' }),
    await owner.patch(path, { title: '' }, { 'If-Match': '"1"' }),
  ]) {
    expect(status).not.toBe(412);
    expect([headers.has('etag'), 'current_version' in body]).toEqual([false, false]);
  }
});

test('twenty simultaneous writes without a condition all succeed, each with its own version', async () => {
  const { owner, path } = await makeTask();
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => owner.patch(path, { title: `Writer ${index}` })),
  );
  const versions = answers.map(({ body }) => body.version).sort((one, other) => one - other);
  expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => index + 3));
});

test('a failed precondition comes before a body without changes', async () => {
  const { owner, path } = await makeTask();
  expect((await owner.patch(path, {}, { 'If-Match': '"1"' })).status).toBe(412);
});

describe('If-None-Match on GET', () => {
  test.each(['"2"', 'W/"2"', '"1", "2"', '*'])('%s responds 304 without a body', async (tags) => {
    const { owner, path } = await makeTask();
    for (const method of ['GET', 'HEAD']) {
      const { status, text, headers } = await owner.request(method, path, { headers: { 'If-None-Match': tags } });
      expect({ status, text, etag: headers.get('etag') }).toEqual({ status: 304, text: '', etag: '"2"' });
    }
  });

  test.each(['"1"', '"1", W/"3"', '""'])('%s responds with the task', async (tags) => {
    const { owner, path } = await makeTask();
    expect(await owner.get(path, { 'If-None-Match': tags })).toMatchObject({ status: 200, body: { version: 2 } });
  });

  test('responds 200 again after the task has changed', async () => {
    const { owner, path } = await makeTask();
    await owner.patch(path, { priority: 'High' });
    expect((await owner.get(path, { 'If-None-Match': '"2"' })).headers.get('etag')).toBe('"3"');
  });

  test('on an unknown id stays 404', async () => {
    expect((await api.user().get(unknown, { 'If-None-Match': '*' })).status).toBe(404);
  });

  test('rejects an invalid list of entity tags', async () => {
    const { owner, path } = await makeTask();
    const { status, body } = await owner.get(path, { 'If-None-Match': '2' });
    expect({ status, pointer: body.errors[0].pointer }).toEqual({ status: 422, pointer: 'if-none-match' });
  });
});
