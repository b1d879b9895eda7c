/** Replays: every operation that accepts an `Idempotency-Key`, sent twice with one key, changes rows only once. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { documentedOperations } from '../support/document.ts';
import { createEach, replaceEach } from '../support/resources.ts';
import { headersOf, type Parts, requestsOf, targetOf } from './requests-from-document.ts';
import { storedRows } from './stored-rows.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
/** How many stored responses of an operation are replayed. Invalid requests store none. */
const replays = databaseKind === 'postgres' ? 8 : 3;
const maxRequests = 200;

/** The parts of a response that a replay repeats. It does not repeat an API token, which is not stored. */
function storedPartsOf({ status, headers, text }: Answer): object {
  const names = ['content-type', 'etag', 'location'];
  const stored = text.replace(/"token":"tdo_\w+"/, '"token":null');
  return { status, text: stored, headers: names.map((name) => headers.get(name)) };
}

const keyed = documentedOperations.filter(({ operation }) =>
  operation.parameters.some(({ name }) => name === 'Idempotency-Key'),
);

test('every write accepts an Idempotency-Key, except for the erasure, which also erases the keys', () => {
  // A POST that only reads has the scope of a read.
  const writes = documentedOperations
    .filter(({ method, operation }) => method !== 'GET' && operation['x-scope'] !== 'tasks:read')
    .map(({ operation }) => operation)
    .filter(({ operationId }) => operationId !== 'eraseMe');
  expect(keyed.map(({ operation }) => operation)).toEqual(writes);
});

describe.each(keyed)('$operation.operationId', ({ method, path, operation }) => {
  const send = (client: Client, parts: Parts, key: string): Promise<Answer> =>
    client.request(method, targetOf(path, parts), {
      headers: { ...headersOf(parts), 'Idempotency-Key': key },
      ...('body' in parts && { body: JSON.stringify(parts.body) }),
    });

  test('changes nothing in a replay and repeats the response', async () => {
    const user = api.user();
    let stored = 0;
    for (const [run, parts] of fc
      .sample(requestsOf({ method, path, operation }, { ids: [id] }), maxRequests)
      .entries()) {
      if (stored === replays) break;
      // A deleted task keeps its id, so that it can be restored.
      await api.database.query('delete from todo.deleted where owner_id = $1', [user.userId]);
      await replaceEach(user, id, 'before', { isMinimal: true });
      await createEach(user, id, 'before', { isMinimal: true });
      const first = await send(user, parts, `key-${run}`);
      const details = `${method} ${targetOf(path, parts)} ${JSON.stringify(parts)}: ${first.text}`;
      if (first.status >= 300 && ![404, 409, 412].includes(first.status)) continue;
      stored += 1;

      // The resources change in between, so that a statement that runs again changes them again.
      await replaceEach(user, id, `after ${run}`, { isMinimal: true });
      await createEach(user, id, `after ${run}`, { isMinimal: true });
      const before = await storedRows(api, user);
      const second = await send(user, parts, `key-${run}`);
      expect(storedPartsOf(second), details).toEqual(storedPartsOf(first));
      expect(second.headers.get('idempotency-replayed'), details).toBe('true');
      expect(await storedRows(api, user), details).toEqual(before);
    }
    expect(stored).toBe(replays);
  });
});
