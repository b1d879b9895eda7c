/** Requests generated from the OpenAPI document: valid ones are accepted, and each invalid value is rejected with its place. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';
import { createEach, deleteEach, resources } from '../support/resources.ts';
import { headersOf, type Parts, requestsOf, spoiltOnes, tagOfTasks, targetOf } from './requests-from-document.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

/** The number of requests of each kind per operation. */
const validOnes = 15;
const spoiltOnesAtMost = 150;

/** Placeholder for the id of the resources that exist at the time of the request. */
const ownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
/** The fields of a task with a next occurrence. */
const recurring = { due: { date: '2026-12-01' }, recurrence: { rule: 'FREQ=DAILY' } };
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e';

describe.each(documentedOperations)('$operation.operationId', (documented) => {
  const { method, path, operation } = documented;
  const send = (client: Client, parts: Parts): Promise<Answer> =>
    client.request(method, targetOf(path, parts), {
      headers: headersOf(parts),
      ...('body' in parts && { body: JSON.stringify(parts.body) }),
    });

  test('accepts what the document allows', async () => {
    const user = api.user();
    const statuses = new Set<number>();
    const attempt = async (generated: Parts) => {
      // A resource of each kind, so that the request finds one.
      const id = crypto.randomUUID();
      const [created] = await createEach(user, id, 'x', { isMinimal: true });
      if (path.includes('/trash')) await deleteEach(user, id);
      if (path.endsWith('/skip')) await user.patch(`/api/v1/tasks/${id}`, recurring);
      if (path.includes('/tags/')) await user.post('/api/v1/tasks', { title: 'x', tags: [tagOfTasks] });
      const newToken = { name: 'x', scopes: ['tasks:read'] };
      const named = path.includes('/change-sets')
        ? (created?.headers.get('change-set') as string)
        : path.includes('/tokens/')
          ? (await user.post('/api/v1/tokens', newToken)).body.id
          : id;
      const parts = JSON.parse(JSON.stringify(generated).replaceAll(ownId, named)) as Parts;
      const { status, text } = await send(user, parts);
      statuses.add(status);
      if (status >= 400) expect([404, 409, 412], `${method} ${targetOf(path, parts)}: ${text}`).toContain(status);
    };
    const requests = requestsOf(documented, { ids: [ownId, unknownId] });
    await fc.assert(fc.asyncProperty(requests, attempt), { numRuns: validOnes });
    const hasSucceeded = () => [...statuses].some((status) => status < 300);
    // Most batches name an unknown id, so it can take more than these requests until one succeeds.
    for (const parts of fc.sample(requests, 200)) if (!hasSucceeded()) await attempt(parts);
    expect(hasSucceeded()).toBe(true);
  });

  test('rejects everything else, and names the place', async () => {
    const user = api.user();
    let count = 0;
    const all = fc.sample(requestsOf(documented), 4).flatMap((parts) => [...spoiltOnes(documented, parts)]);
    const every = Math.ceil(all.length / spoiltOnesAtMost);
    const first = Math.floor(Math.random() * every);
    for (const [index, spoilt] of all.entries()) {
      if (index % every === first) {
        const { status, body } = await send(user, spoilt.parts);
        const faults = body?.errors?.map((fault: { in: string; pointer: string }) => `${fault.in} ${fault.pointer}`);
        expect({ status, faults }, `${method} ${targetOf(path, spoilt.parts)} ${JSON.stringify(spoilt.parts)}`).toEqual(
          {
            status: 422,
            faults: [`${spoilt.in} ${spoilt.pointer}`],
          },
        );
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(0);
    if (operation.security.length === 0) return;
    for (const { collection } of resources) expect((await user.get(collection)).body).toEqual([]);
  });
});
