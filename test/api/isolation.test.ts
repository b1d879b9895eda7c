/** Isolation between users: every operation responds to another user's task as to a task that does not exist. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storedRows } from '../security/stored-rows.ts';
import { type Schema, valuesOf } from '../security/values-from-schema.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { type DocumentedOperation, documentedOperations } from '../support/document.ts';
import { createEach, deleteEach, fieldsOf, resources } from '../support/resources.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

/** Every operation on one resource, so that new operations are tested, too. */
const onResources = documentedOperations.filter(({ path }) => path.includes('{id}'));

/** A valid body for an operation on a resource. */
function bodyFor(path: string, operation: DocumentedOperation): unknown {
  const resource = resources.find(({ collection: each }) => path === `${each}/{id}`);
  if (resource) return fieldsOf(resource, 'Stolen', { isMinimal: true });
  const schema = operation.requestBody?.content['application/json']?.schema as Schema;
  return fc.sample(valuesOf(schema, { ids: [unknownId], texts: ['Stolen'] }), { numRuns: 1, seed: 1 })[0];
}

/** Creates what the operations on this path work on, and returns its id. */
async function create(owner: Client, path: string, text: string): Promise<string> {
  if (path.startsWith('/api/v1/tokens/')) {
    return (await owner.post('/api/v1/tokens', { name: text, scopes: ['tasks:read'] })).body.id;
  }
  const id = crypto.randomUUID();
  const [created] = await createEach(owner, id, text);
  if (path.startsWith('/api/v1/change-sets/')) return created?.headers.get('change-set') as string;
  if (path.startsWith('/api/v1/trash/')) await deleteEach(owner, id);
  if (path.endsWith('/skip')) {
    const series = { due: { date: '2026-12-01' }, recurrence: { rule: 'FREQ=DAILY' } };
    await owner.patch(`${collection}/${id}`, series);
  }
  return id;
}

/** A response without the parts that may differ between two paths: `instance`, `request_id` and the date. */
function essence({ status, headers, text, body }: Answer, path: string): object {
  const kept = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
  const masked = text.replaceAll(path, '(path)').replaceAll(body?.request_id ?? '(none)', '(id)');
  return { status, headers: kept, text: masked };
}

describe.each(onResources)('$operation.operationId', ({ method, path, operation }) => {
  const send = (client: Client, url: string, headers = {}) =>
    client.request(method, url, {
      headers,
      ...(operation.requestBody && { body: bodyFor(path, operation) }),
    });

  test('responds to a task of another user as to an unknown one', async () => {
    const owner = api.user();
    const stranger = api.user();
    const id = await create(owner, path, 'Secret');
    const before = await storedRows(api, owner);
    expect(JSON.stringify(before)).toContain('Secret');
    for (const headers of [{}, { 'If-Match': '"1"' }, { 'If-Match': '*' }, { 'If-None-Match': '"1"' }]) {
      const [theirs, unknown] = [id, unknownId].map((each) => path.replace('{id}', each)) as [string, string];
      const toTheirs = await send(stranger, theirs, headers);
      expect(toTheirs.status).toBe(404);
      expect(toTheirs.body.code).toMatch(/^[a-z_]+_not_found$/);
      expect(toTheirs.text).not.toContain('Secret');
      expect(essence(toTheirs, theirs)).toEqual(essence(await send(stranger, unknown, headers), unknown));
    }
    expect(await storedRows(api, owner)).toEqual(before);
  });

  test('responds to the owner', async () => {
    const owner = api.user();
    const id = await create(owner, path, 'Mine');
    expect((await send(owner, path.replace('{id}', id))).status).toBeLessThan(300);
  });
});

test('the id of another user’s task can be used, and reveals nothing', async () => {
  const owner = api.user();
  const stranger = api.user();
  const { body: task } = await owner.post(collection, { title: 'Secret' });
  const taken = await stranger.post(collection, { id: task.id, title: 'Secret' });
  expect(taken).toMatchObject({ status: 201, body: { id: task.id, owner_id: stranger.userId } });
  await stranger.patch(`${collection}/${task.id}`, { title: 'Mine' });
  expect((await owner.get(`${collection}/${task.id}`)).body).toEqual(task);
});

test('lists contain only the user’s own tasks, with every query', async () => {
  const owner = api.user();
  const stranger = api.user();
  const { body: task } = await owner.post(collection, { title: 'Secret' });
  const { body: own } = await stranger.post(collection, { title: 'Mine' });
  for (const query of ['', '?status=Todo', '?priority=Medium', '?sort=created_at', '?limit=200', '?sort=-updated_at']) {
    expect((await stranger.get(`${collection}${query}`)).body).toEqual([own]);
    expect((await owner.get(`${collection}${query}`)).body).toEqual([task]);
  }
});

test('no body names an owner', async () => {
  const owner = api.user();
  const stranger = api.user();
  for (const field of ['owner_id', 'ownerId', 'owner', 'user_id', 'sub']) {
    const { status } = await stranger.post(collection, { title: 'x', [field]: owner.userId });
    expect(status).toBe(422);
  }
  expect((await owner.get(collection)).body).toEqual([]);
});

test.each([
  ['case', 'Ada', 'ada'],
  ['space around', 'ada', 'ada '],
  ['composition', 'Jos\u00e9', 'Jose\u0301'],
  ['an empty word', 'a', 'a\u200b'],
  ['a wildcard', 'a%', 'ab'],
  ['a quote', "a'", "a''"],
])('users whose names differ by %s only are two users', async (_difference, one, other) => {
  const { body } = await api.user(one).post(collection, { title: 'Secret' });
  expect((await api.user(other).get(`${collection}/${body.id}`)).status).toBe(404);
  const theirs: { id: string }[] = (await api.user(other).get(collection)).body;
  expect(theirs.map(({ id }) => id)).not.toContain(body.id);
});

test('many users on few connections see their own tasks, some of them hanging up midway', async () => {
  const users = Array.from({ length: 20 }, () => api.user());
  const work = async (user: Client, index: number) => {
    for (let round = 0; round < 5; round += 1) {
      const { body: task } = await user.post(collection, { title: `${user.userId} ${round}` });
      const abort = new AbortController();
      const cut = fetch(`${api.url}${collection}`, {
        headers: { Authorization: `Bearer ${api.token(user.userId ?? '')}` },
        signal: abort.signal,
      }).catch(() => {});
      if ((index + round) % 3 === 0) abort.abort();
      const { body: changed } = await user.patch(`${collection}/${task.id}`, { status: 'Done' });
      expect(changed.owner_id).toBe(user.userId);
      await cut;
      const { body: list } = await user.get(collection);
      expect(list).toHaveLength(round + 1);
      for (const { owner_id, title } of list) {
        expect(owner_id).toBe(user.userId);
        expect(title.startsWith(`${user.userId} `)).toBe(true);
      }
    }
  };
  await Promise.all(users.map(work));
});
