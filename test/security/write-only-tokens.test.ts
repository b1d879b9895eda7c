/** Tokens that may write and not read: no response to a write reveals a stored task or list. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';
import { createEach, fieldsOf, resources } from '../support/resources.ts';

const collection = '/api/v1/tasks';
const lists = '/api/v1/lists';
const storedList = { name: 'A stored name', color: '#123456' };
const stored = {
  title: 'A stored title',
  description: 'A stored description',
  tags: ['stored tag'],
  due: { date: '2027-03-04' },
  recurrence: { rule: 'FREQ=DAILY', from: 'Due', missed: 'Each' },
};

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

/** A user with a task and a list, which have the same id. */
async function storedTask() {
  const owner = api.user();
  const { body } = await owner.post(collection, stored);
  await owner.post(lists, { id: body.id, ...storedList });
  const writer = api.user(owner.userId as string, { scope: 'tasks:write' });
  return { owner, writer, id: body.id as string, path: `${collection}/${body.id}` };
}

type Write = (client: Client, id: string, headers: Record<string, string>) => ReturnType<Client['get']>;

/** A write of each operation that returns tasks or lists, and leaves as much of the stored ones as possible. */
const writes: Record<string, Write> = {
  createTask: (client, id, headers) => client.post(collection, { id, ...stored }, headers),
  patchTask: (client, id, headers) => client.patch(`${collection}/${id}`, {}, headers),
  replaceTask: (client, id, headers) => client.put(`${collection}/${id}`, { title: 'New' }, headers),
  deleteTask: (client, id, headers) => client.delete(`${collection}/${id}`, headers),
  skipTask: (client, id, headers) => client.request('POST', `${collection}/${id}/skip`, { headers }),
  moveTask: (client, id, headers) => client.post(`${collection}/${id}/move`, { to: 'start' }, headers),
  renameTag: (client, _, headers) => client.patch('/api/v1/tags/stored%20tag', { name: 'Stored tag' }, headers),
  createList: (client, id, headers) => client.post(lists, { id, ...storedList }, headers),
  patchList: (client, id, headers) => client.patch(`${lists}/${id}`, {}, headers),
  replaceList: (client, id, headers) => client.put(`${lists}/${id}`, { name: 'New' }, headers),
  moveList: (client, id, headers) => client.post(`${lists}/${id}/move`, { to: 'start' }, headers),
  deleteList: (client, id, headers) => client.delete(`${lists}/${id}`, headers),
  restoreFromTrash: async (client, id, headers) => {
    // Once, also if the restoration is replayed.
    await client.delete(`${collection}/${id}`, { 'Idempotency-Key': 'deletion-before' });
    return client.request('POST', `/api/v1/trash/${id}/restore`, { headers });
  },
  undoChangeSet: async (client, id, headers) => {
    const changed = await client.patch(
      `${collection}/${id}`,
      { status: 'Done' },
      { 'Idempotency-Key': 'change-before' },
    );
    return client.post(`/api/v1/change-sets/${changed.headers.get('change-set')}/undo`, undefined, headers);
  },
  importLines: (client, id, headers) =>
    client.request('POST', '/api/v1/import', {
      headers: { ...headers, 'Content-Type': 'application/x-ndjson' },
      body: JSON.stringify({ type: 'task', task: { id, title: 'New' } }),
    }),
  runBatch: (client, id, headers) =>
    client.post(
      `${collection}/batch`,
      {
        operations: [
          { op: 'update', id, patch: {} },
          { op: 'create', task: { title: 'New' } },
        ],
      },
      headers,
    ),
  runResourceBatch: (client, id, headers) =>
    client.post(
      '/api/v1/batch',
      {
        operations: [
          { type: 'task', op: 'update', id, task: {} },
          { type: 'list', op: 'move', id, list: { to: 'start' } },
        ],
      },
      headers,
    ),
};

test('every operation that writes is tested', () => {
  // API tokens contain no tasks and no lists.
  const writing = documentedOperations.filter(
    ({ path, operation }) => operation['x-scope'] === 'tasks:write' && !path.startsWith('/api/v1/tokens'),
  );
  expect(writing.map(({ operation }) => operation.operationId).sort()).toEqual(Object.keys(writes).sort());
});

const deletions = ['deleteTask', 'deleteList'];
/** Without an entity tag, because the responses have several resources or one without a version. */
const untagged = ['importLines', 'runBatch', 'runResourceBatch', 'undoChangeSet', 'renameTag'];

test.each(Object.entries(writes))(
  '%s makes its changes and reveals nothing, also if it is replayed',
  async (name, write) => {
    const { owner, writer, id, path } = await storedTask();
    const key = { 'Idempotency-Key': `by-the-writer-${name}` };
    const first = await write(writer, id, key);
    const second = await write(writer, id, key);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    for (const { status, text, headers } of [first, second]) {
      expect(status).toBe(deletions.includes(name) ? 204 : 200);
      expect(text).toBe('');
      expect(headers.get('preference-applied')).toBe(status === 200 ? 'return=minimal' : null);
      expect(headers.has('content-type')).toBe(false);
      expect(headers.has('etag')).toBe(![...deletions, ...untagged].includes(name));
    }
    const { status, body } = await owner.get(name.endsWith('List') ? `${lists}/${id}` : path);
    if (deletions.includes(name)) expect(status).toBe(404);
    else
      expect(body.title ?? body.name).toBe(
        name.startsWith('replace') ? 'New' : name.endsWith('List') ? storedList.name : stored.title,
      );
  },
);

test.each(Object.entries(writes))('%s with a key of a token that may read reveals nothing', async (name, write) => {
  const { owner, writer, id } = await storedTask();
  const key = { 'Idempotency-Key': `by-the-owner-${name}` };
  const first = await write(owner, id, key);
  const replay = await write(writer, id, key);
  expect(replay.headers.get('idempotency-replayed')).toBe('true');
  expect([replay.status, replay.text]).toEqual([first.status, '']);
  // The stored response is still complete.
  expect((await write(owner, id, key)).text).toBe(first.text);
});

test('a new task is in the response, because the client has sent it', async () => {
  const writer = api.user(undefined, { scope: 'tasks:write' });
  const { status, body, headers } = await writer.post(collection, stored);
  expect(status).toBe(201);
  expect(body).toMatchObject(stored);
  expect(headers.get('location')).toBe(`${collection}/${body.id}`);
});

test('problems reveal no task', async () => {
  const { writer, id, path } = await storedTask();
  const answers = [
    await writer.post(collection, { id, title: 'Another title' }),
    await writer.patch(path, {}, { 'If-Match': '"7"' }),
    await writer.patch(path, { title: '' }),
    await writer.post(`${collection}/batch`, { operations: [{ op: 'update', id, if_version: 7, patch: {} }] }),
    await writer.get(path),
  ];
  expect(answers.map(({ status }) => status)).toEqual([409, 412, 422, 412, 403]);
  for (const { text } of answers) expect(text).not.toMatch(/stored/i);
});

test('a token that may read gets the task', async () => {
  const { owner, path } = await storedTask();
  for (const claims of [{}, { scope: 'tasks:write tasks:read' }]) {
    const client = api.user(owner.userId as string, claims);
    expect((await client.patch(path, {})).body).toMatchObject(stored);
  }
});

test.each(resources)('a write to $collection needs the scope that reads for a body', async (resource) => {
  const { collection: path } = resource;
  const writes = documentedOperations.filter(({ method, path: each }) => method === 'PUT' && each === `${path}/{id}`);
  const scope = writes.map(({ operation }) => operation['x-scope']).join(' ');
  expect(scope).toMatch(/^\w+:write$/);
  const owner = api.user();
  const id = crypto.randomUUID();
  await createEach(owner, id, 'stored');
  const fields = fieldsOf(resource, 'changed', { isMinimal: true });
  for (const [allowed, isReadable] of [
    [scope, false],
    [`${scope} ${scope.replace('write', 'read')}`, true],
  ] as const) {
    const writer = api.user(owner.userId as string, { scope: allowed });
    const { status, text, headers } = await writer.put(`${path}/${id}`, fields);
    expect([status, text !== '', headers.get('preference-applied')]).toEqual([
      200,
      isReadable,
      isReadable ? null : 'return=minimal',
    ]);
  }
});
