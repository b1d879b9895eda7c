/** The operations on single tasks. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const microseconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** A task of a new user, and its path. */
async function makeTask(fields: object = {}) {
  const owner = api.user();
  const { body: task } = await owner.post(collection, { title: 'Buy milk', ...fields });
  return { owner, task, path: `${collection}/${task.id}` };
}

describe('POST /api/v1/tasks', () => {
  test('creates a task with its defaults', async () => {
    const ada = api.user();
    const { status, headers, body } = await ada.post(collection, { title: '  Buy milk ' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      owner_id: ada.userId,
      title: 'Buy milk',
      description: null,
      status: 'Todo',
      priority: 'Medium',
      completed_at: null,
      version: 1,
      created_at: expect.stringMatching(microseconds),
      updated_at: body.created_at,
    });
    expect(headers.get('location')).toBe(`${collection}/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('accepts every writable field', async () => {
    const fields = { title: 'File taxes', description: 'Form 1040', status: 'InProgress', priority: 'High' };
    const { owner, task, path } = await makeTask(fields);
    expect(task).toMatchObject(fields);
    expect((await owner.get(path)).body).toEqual(task);
  });

  test('sets completed_at if a task is created as Done', async () => {
    const { task } = await makeTask({ status: 'Done' });
    expect(task.completed_at).toBe(task.created_at);
  });

  test('keeps the id of the client, a UUID of any version', async () => {
    const id = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
    const { task } = await makeTask({ id });
    expect(task.id).toBe(id);
  });

  test('responds to a repeated creation with the stored task', async () => {
    const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
    const { owner, task } = await makeTask({ id, status: 'Done', description: 'now' });
    const again = await owner.post(collection, { id, title: ' Buy milk', status: 'Done', description: 'now' });
    expect(again).toMatchObject({ status: 200, body: task });
    expect(again.headers.get('etag')).toBe('"1"');
  });

  test('creates one task from twenty simultaneous requests with one id', async () => {
    const owner = api.user();
    const task = { id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e', title: 'Once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => owner.post(collection, task)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
    expect((await owner.get(collection)).body).toHaveLength(1);
  });

  test.each([
    ['title', { title: 'Buy oat milk' }],
    ['description', { description: 'x' }],
    ['status', { status: 'Done' }],
    ['priority', { priority: 'Low' }],
  ])('responds 409 if the stored task has a different %s', async (_field, difference) => {
    const { owner, task, path } = await makeTask();
    const { status, body } = await owner.post(collection, { id: task.id, title: task.title, ...difference });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'id_taken' });
    expect((await owner.get(path)).body).toEqual(task);
  });

  test('compares a repeated creation with the current task', async () => {
    const { owner, task, path } = await makeTask();
    await owner.patch(path, { title: 'Changed' });
    expect((await owner.post(collection, { id: task.id, title: 'Buy milk' })).status).toBe(409);
    const { status, body } = await owner.post(collection, { id: task.id, title: 'Changed' });
    expect({ status, version: body.version }).toEqual({ status: 200, version: 2 });
  });

  test('allows two users to have tasks with the same id', async () => {
    const { owner, task, path } = await makeTask();
    const other = api.user();
    expect((await other.post(collection, { id: task.id, title: 'Mine' })).status).toBe(201);
    await other.delete(path);
    expect((await owner.get(path)).body).toEqual(task);
  });
});

describe('GET /api/v1/tasks/{id}', () => {
  test('responds with the task and its entity tag', async () => {
    const { owner, task, path } = await makeTask();
    const { status, headers, body } = await owner.get(path);
    expect({ status, body, etag: headers.get('etag') }).toEqual({ status: 200, body: task, etag: '"1"' });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('responds to HEAD like GET, without the body', async () => {
    const { owner, path } = await makeTask();
    const get = await owner.get(path);
    const head = await owner.request('HEAD', path);
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    for (const name of ['etag', 'content-type', 'cache-control']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });
});

describe('PUT /api/v1/tasks/{id}', () => {
  test('returns omitted fields to their defaults', async () => {
    const { owner, task, path } = await makeTask({ description: 'x', status: 'Done', priority: 'High' });
    const { status, headers, body } = await owner.put(path, { title: 'Rest' });
    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toEqual({
      ...task,
      title: 'Rest',
      description: null,
      status: 'Todo',
      priority: 'Medium',
      completed_at: null,
      version: 2,
      updated_at: body.updated_at,
    });
    expect(body.updated_at > task.updated_at).toBe(true);
  });

  test('keeps the version if all fields are equal', async () => {
    const { owner, task, path } = await makeTask();
    expect(await owner.put(path, { title: 'Buy milk' })).toMatchObject({ status: 200, body: task });
  });

  test('creates nothing at an unknown id', async () => {
    const owner = api.user();
    const { status, body } = await owner.put(`${collection}/0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4f`, { title: 'x' });
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'task_not_found' });
    expect((await owner.get(collection)).body).toEqual([]);
  });
});

describe('PATCH /api/v1/tasks/{id}', () => {
  test.each([
    ['title', 'Rest'],
    ['description', 'more'],
    ['status', 'InProgress'],
    ['priority', 'Low'],
  ])('changes %s and no other field', async (field, value) => {
    const { owner, task, path } = await makeTask({ description: 'x', priority: 'High' });
    const { status, headers, body } = await owner.patch(path, { [field]: value });
    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: '"2"' });
    expect(body).toEqual({ ...task, [field]: value, version: 2, updated_at: body.updated_at });
    expect(body.updated_at > task.updated_at).toBe(true);
    expect((await owner.get(path)).body).toEqual(body);
  });

  test('clears nullable fields with null', async () => {
    const { owner, path } = await makeTask({ description: 'x' });
    expect((await owner.patch(path, { description: null })).body.description).toBeNull();
  });

  test.each(['title', 'status', 'priority'])('rejects null for %s and changes nothing', async (field) => {
    const { owner, task, path } = await makeTask();
    const { status, body } = await owner.patch(path, { description: 'x', [field]: null });
    expect({ status, pointers: body.errors.map((error: { pointer: string }) => error.pointer) }).toEqual({
      status: 422,
      pointers: [`/${field}`],
    });
    expect((await owner.get(path)).body).toEqual(task);
  });

  test.each([{}, { title: ' Buy milk ' }, { status: 'Todo', priority: 'Medium', description: null }])(
    'changes nothing with %j',
    async (patch) => {
      const { owner, task, path } = await makeTask();
      const { status, headers, body } = await owner.patch(path, patch);
      expect({ status, body, etag: headers.get('etag') }).toEqual({ status: 200, body: task, etag: '"1"' });
    },
  );

  test('accepts application/merge-patch+json', async () => {
    const { owner, path } = await makeTask();
    const merge = { 'Content-Type': 'application/merge-patch+json' };
    expect(await owner.patch(path, { title: 'Merged' }, merge)).toMatchObject({ status: 200, body: { version: 2 } });
  });

  test('sets completed_at when the status becomes Done, keeps it while the status is Done, and then clears it', async () => {
    const { owner, path } = await makeTask();
    const change = async (patch: object) => (await owner.patch(path, patch)).body;
    const done = await change({ status: 'Done' });
    expect(done.completed_at).toBe(done.updated_at);
    const renamed = await change({ title: 'Still done' });
    expect(renamed).toMatchObject({ completed_at: done.completed_at, version: 3 });
    expect(await change({ status: 'InProgress' })).toMatchObject({ completed_at: null });
    const again = await change({ status: 'Done' });
    expect(again.completed_at > done.completed_at).toBe(true);
  });
});

describe('DELETE /api/v1/tasks/{id}', () => {
  test('removes the task', async () => {
    const { owner, path } = await makeTask();
    const { status, text } = await owner.delete(path);
    expect({ status, text }).toEqual({ status: 204, text: '' });
    for (const again of [owner.get(path), owner.delete(path), owner.patch(path, { title: 'x' })]) {
      expect(await again).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
    }
    expect((await owner.get(collection)).body).toEqual([]);
  });

  test('keeps the id taken, because the task can be restored', async () => {
    const { owner, task, path } = await makeTask();
    await owner.delete(path);
    expect(await create(owner, task.id)).toMatchObject({ status: 409, body: { code: 'id_taken' } });
  });

  function create(owner: Client, id: string) {
    return owner.post(collection, { id, title: 'Another' });
  }
});
