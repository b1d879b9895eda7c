/** Ids, tags, texts, keys and cursors of another user in any part of a request: the response is the same as for unknown ones. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { documentedOperations } from '../support/document.ts';
import { createEach } from '../support/resources.ts';
import { headersOf, type Parts, requestsOf, targetOf } from './requests-from-document.ts';
import { storedRows } from './stored-rows.ts';

/** The requests are the same in each run, so the first ones are enough for the second kind of database. */
const numRuns = databaseKind === 'postgres' ? 15 : 5;

let api: TestApi;
let owner: Client;
let theirs: { id: string; title: string };
let before: unknown;

const collection = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const key = { 'Idempotency-Key': 'a-key-of-theirs' };

const secret = {
  title: 'Secret title',
  description: 'Secret description',
  tags: ['Secret Tag'],
  due: { date: '2026-12-01', time: '09:30', time_zone: 'Europe/Rome' },
};

beforeAll(async () => {
  api = await startApi({ keep: true });
  owner = api.user('the-owner-of-secrets');
  theirs = (await owner.post(collection, secret, key)).body;
  // All other resources of theirs have the same id.
  await createEach(owner, theirs.id, secret.title);
  before = await storedRows(api, owner);
});

afterAll(async () => {
  expect(await storedRows(api, owner)).toEqual(before);
  await api.stop();
});

/** The bytes of a response, without the parts that differ between equal requests of two new users. */
function bytesOf({ status, headers, text }: Answer, { userId }: Client): object {
  const mask = (part: string) =>
    part
      .replaceAll(userId ?? '', '(user)')
      .replaceAll(/\btdo_\w+/g, '(token)')
      .replaceAll(/"cursor":"[^"]+"/g, '"cursor":"(cursor)"')
      .replaceAll(/^id: .+$/gm, 'id: (cursor)')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '(id)')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '(time)');
  const kept = [...headers].filter(([name]) => name !== 'date').map(([name, value]) => [name, mask(value)]);
  return { status, headers: kept, text: mask(text) };
}

let pairs = 0;

/** Two new users with ids of the same length. */
function twoStrangers(): [Client, Client] {
  pairs += 1;
  const suffix = String(pairs).padStart(6, '0');
  return [api.user(`stranger-${suffix}`), api.user(`pristine-${suffix}`)];
}

const withToken = documentedOperations.filter(({ operation }) => operation.security.length > 0);

describe.each(withToken)('$operation.operationId', (documented) => {
  const { method, path } = documented;
  const send = (client: Client, parts: Parts) =>
    client.request(method, targetOf(path, parts), {
      headers: headersOf(parts),
      ...('body' in parts && { body: JSON.stringify(parts.body) }),
    });

  test('responds to an id of another user, in any place, as to an unknown id', async () => {
    const sample = fc.sample(requestsOf(documented, { ids: [unknownId] }), { numRuns, seed: 7 });
    for (const parts of sample) {
      const [one, other] = twoStrangers();
      const toTheirs = await send(one, JSON.parse(JSON.stringify(parts).replaceAll(unknownId, theirs.id)));
      const toUnknown = await send(other, parts);
      expect(bytesOf(toTheirs, one), JSON.stringify(parts)).toEqual(bytesOf(toUnknown, other));
      expect(toTheirs.text).not.toContain('Secret');
      expect(toTheirs.text).not.toContain(owner.userId);
    }
  });

  test('responds to a tag, a text and a key of another user as to new ones', async () => {
    const materials = { ids: [theirs.id], texts: ['secret TAG'] };
    for (const parts of fc.sample(requestsOf(documented, materials), { numRuns, seed: 8 })) {
      const [one, other] = twoStrangers();
      const asTheirs = { ...parts, header: { ...parts.header, ...key } };
      const asNew = JSON.parse(JSON.stringify(asTheirs).replaceAll('secret TAG', 'unused TAG'));
      const first = await send(one, asTheirs);
      const second = await send(other, { ...asNew, header: { ...asNew.header, 'Idempotency-Key': 'a-new-key' } });
      const masked = JSON.stringify(bytesOf(first, one)).replaceAll(/secret(?=(?: |%20|\+)TAG)/g, 'unused');
      expect(masked, JSON.stringify(parts)).toEqual(JSON.stringify(bytesOf(second, other)));
      expect(first.text).not.toContain('Secret');
    }
  });
});

test('an idempotency key of another user does not replay their response, even to the same request', async () => {
  const stranger = api.user();
  const { status, body, headers } = await stranger.post(collection, secret, key);
  expect({ status, owner: body.owner_id }).toEqual({ status: 201, owner: stranger.userId });
  expect(body.id).not.toBe(theirs.id);
  expect(headers.has('idempotency-replayed')).toBe(false);
});

test('a cursor of another user is rejected like an invented one', async () => {
  const owner = api.user();
  await owner.post(collection, secret);
  await owner.post(collection, { title: 'Another' });
  const link = (await owner.get(`${collection}?limit=1`)).headers.get('link') ?? '';
  const cursor = /cursor=([^>&]+)/.exec(link)?.[1] ?? '';
  expect(cursor).not.toBe('');
  const stranger = api.user();
  await stranger.post(collection, { title: 'Mine' });
  const answers: object[] = [];
  for (const each of [cursor, 'AAAA']) {
    answers.push(bytesOf(await stranger.get(`${collection}?limit=1&cursor=${each}`), stranger));
  }
  expect(answers[0]).toEqual(answers[1]);
  const { body } = await stranger.get(`${collection}?cursor=${cursor}`);
  expect(body.errors).toMatchObject([{ in: 'query', pointer: 'cursor' }]);
});

test('no header, query parameter, cookie or field selects the user', async () => {
  const stranger = api.user();
  const names = ['X-User-Id', 'X-Owner-Id', 'X-Forwarded-User', 'X-Auth-Request-User', 'Remote-User', 'Cookie', 'From'];
  for (const name of names) {
    const headers = { [name]: name === 'Cookie' ? `user_id=${owner.userId}` : (owner.userId ?? '') };
    expect((await stranger.get('/api/v1/me', headers)).body.id).toBe(stranger.userId);
    expect((await stranger.get(collection, headers)).body).toEqual([]);
  }
  for (const name of ['owner_id', 'owner', 'user_id', 'user', 'sub', 'role']) {
    expect((await stranger.get(`${collection}?${name}=${owner.userId}`)).status).toBe(422);
  }
});
