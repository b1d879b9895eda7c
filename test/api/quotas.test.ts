/** Quotas of tasks, tags and lists per user: exact, also under concurrency, and free again after a deletion. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';

const tasks = 5;
const tags = 4;
const lists = 3;

let api: TestApi;

beforeAll(async () => {
  api = await startApi({
    environment: {
      MAX_TASKS_PER_USER: String(tasks),
      MAX_TAGS_PER_USER: String(tags),
      MAX_LISTS_PER_USER: String(lists),
    },
    keep: true,
  });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const batch = `${collection}/batch`;
const id = (n: number) => `0193a5b0-7e5c-7b21-9c4e-${String(n).padStart(12, '0')}`;
const create = (title: string, names: string[] = []) => ({ op: 'create', task: { title, tags: names } });

/** A user with the ids 0, 1 … of as many tasks as the quota allows. */
async function fullUser(): Promise<Client> {
  const user = api.user();
  const operations = Array.from({ length: tasks }, (_, n) => ({
    op: 'create',
    task: { id: id(n), title: `task ${n}` },
  }));
  expect((await user.post(batch, { operations })).status).toBe(200);
  return user;
}

/** A user with one task that has as many tags as the quota allows: t0, t1 … */
async function taggedUser(): Promise<Client> {
  const user = api.user();
  const names = Array.from({ length: tags }, (_, n) => `t${n}`);
  expect((await user.post(collection, { id: id(0), title: 'tagged', tags: names })).status).toBe(201);
  return user;
}

function expectExceeded({ status, body, headers }: Answer, quota: RegExp): void {
  expect([status, body.code]).toEqual([429, 'quota_exceeded']);
  expect(body.detail).toMatch(quota);
  expect(headers.has('retry-after')).toBe(false);
}

async function titlesOf(user: Client): Promise<string[]> {
  return (await user.get(`${collection}?sort=title`)).body.map((task: any) => task.title);
}

/** The stored counts equal the rows. */
async function expectExactCounts(user: Client): Promise<void> {
  const [row] = await api.database.query(
    `select coalesce((select tasks from todo.heads where owner_id = $1), 0) as tasks,
            (select count(*)::int from todo.tasks where owner_id = $1) as stored_tasks,
            coalesce((select tags from todo.heads where owner_id = $1), 0) as tags,
            (select count(*)::int from todo.tags where owner_id = $1) as stored_tags`,
    [user.userId],
  );
  expect([row?.tasks, row?.tags]).toEqual([row?.stored_tasks, row?.stored_tags]);
}

describe('the quota of tasks', () => {
  const taskQuota = /quota of 5 tasks per user.*Delete tasks/;

  test('rejects a creation beyond it, with its name and a way out, until a task is deleted', async () => {
    const user = await fullUser();
    expectExceeded(await user.post(collection, { title: 'x' }), taskQuota);
    expect(await titlesOf(user)).toHaveLength(tasks);
    await user.delete(`${collection}/${id(0)}`);
    expect((await user.post(collection, { title: 'x' })).status).toBe(201);
    expectExceeded(await user.post(collection, { title: 'y' }), taskQuota);
    await expectExactCounts(user);
  });

  test('leaves everything else to a user who has reached it, and other users alone', async () => {
    const user = await fullUser();
    const stored = await user.post(collection, { id: id(1), title: 'task 1' });
    expect([stored.status, stored.body.version]).toEqual([200, 1]);
    expect((await user.post(collection, { id: id(1), title: 'other' })).body.code).toBe('id_taken');
    expect((await user.patch(`${collection}/${id(1)}`, { title: 'y', tags: ['a'] })).status).toBe(200);
    expect((await user.put(`${collection}/${id(1)}`, { title: 'z' })).status).toBe(200);
    expect((await api.user().post(collection, { title: 'x' })).status).toBe(201);
  });

  test('does not use the key of a rejected request', async () => {
    const user = await fullUser();
    const key = { 'Idempotency-Key': 'k' };
    for (const _ of [1, 2]) expectExceeded(await user.post(collection, { title: 'x' }, key), taskQuota);
    await user.delete(`${collection}/${id(0)}`);
    const { status, headers } = await user.post(collection, { title: 'x' }, key);
    expect([status, headers.has('idempotency-replayed')]).toEqual([201, false]);
    // A replay creates nothing, so it works at the quota.
    const replay = await user.post(collection, { title: 'x' }, key);
    expect([replay.status, replay.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    await expectExactCounts(user);
  });

  test.each([{}, { 'Idempotency-Key': 'k' }])('holds for each operation of a batch, in order (%o)', async (headers) => {
    const user = await fullUser();
    const before = await titlesOf(user);
    const late = [create('x'), { op: 'delete', id: id(0) }];
    const rejected = await user.post(batch, { operations: late }, headers);
    expectExceeded(rejected, taskQuota);
    expect(rejected.body.errors).toMatchObject([{ in: 'body', pointer: '/operations/0' }]);
    const tooMany = await user.post(batch, { operations: [...late.toReversed(), create('y')] }, headers);
    expect(tooMany.body.errors).toMatchObject([{ pointer: '/operations/2' }]);
    expect(await titlesOf(user)).toEqual(before);
    expect((await user.post(batch, { operations: late.toReversed() }, headers)).status).toBe(200);
    await expectExactCounts(user);
  });

  test('is exact for simultaneous creations', async () => {
    const user = api.user();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 4 === 0
          ? user.post(batch, { operations: [create(`${n}`)] })
          : user.post(collection, { title: `${n}` }, n % 2 ? { 'Idempotency-Key': `k${n}` } : {}),
      ),
    );
    const done = answers.filter(({ status }) => status < 300);
    expect(done).toHaveLength(tasks);
    for (const answer of answers.filter((each) => !done.includes(each))) expectExceeded(answer, taskQuota);
    expect(await titlesOf(user)).toHaveLength(tasks);
    await expectExactCounts(user);
  });
});

describe('the quota of tags', () => {
  const tagQuota = /quota of 4 tags per user.*disappears with its last task/;

  test.each<[string, (user: Client, names: string[]) => Promise<Answer>]>([
    ['POST', (user, names) => user.post(collection, { title: 'x', tags: names })],
    [
      'PUT',
      (user, names) => user.put(`${collection}/${id(0)}`, { title: 'x', tags: ['t0', 't1', 't2', 't3', ...names] }),
    ],
    ['PATCH', (user, names) => user.patch(`${collection}/${id(0)}`, { tags: ['t0', 't1', 't2', 't3', ...names] })],
    ['a batch', (user, names) => user.post(batch, { operations: [create('x', names)] })],
  ])('rejects %s with a new tag beyond it', async (_method, write) => {
    const user = await taggedUser();
    const before = await user.get(collection);
    expectExceeded(await write(user, ['new']), tagQuota);
    expect((await user.get(collection)).body).toEqual(before.body);
    expect((await write(user, ['T1'])).status).toBeLessThan(300);
    await expectExactCounts(user);
  });

  test('is free again when a tag has lost its last task', async () => {
    const user = await taggedUser();
    expect((await user.patch(`${collection}/${id(0)}`, { tags: ['t0'] })).status).toBe(200);
    expect((await user.post(collection, { title: 'x', tags: ['a', 'b', 'c'] })).status).toBe(201);
    expectExceeded(await user.post(collection, { title: 'x', tags: ['d'] }), tagQuota);
    await expectExactCounts(user);
  });

  test('holds for a change that replaces a tag: the old one goes after the new one has come', async () => {
    const user = await taggedUser();
    const operations = [
      { op: 'update', id: id(0), patch: { tags: ['t0'] } },
      { op: 'update', id: id(0), patch: { tags: ['t0', 'new'] } },
    ];
    expect((await user.post(batch, { operations })).status).toBe(200);
    expect((await user.get('/api/v1/tags')).body.map((tag: any) => tag.name)).toEqual(['new', 't0']);
  });
});

describe('the quota of lists', () => {
  const listQuota = /quota of 3 lists per user.*Delete lists/;

  test('rejects a creation and a restoration beyond it, until a list is deleted', async () => {
    const user = api.user();
    const create = (fields: object) => user.post('/api/v1/lists', { name: 'x', ...fields });
    for (let n = 0; n < lists; n += 1) expect((await create({ id: id(n) })).status).toBe(201);
    expectExceeded(await create({}), listQuota);
    expect((await create({ id: id(1) })).status).toBe(200);
    expect((await user.patch(`/api/v1/lists/${id(1)}`, { name: 'y' })).status).toBe(200);
    const deletion = await user.delete(`/api/v1/lists/${id(0)}`);
    expect((await create({})).status).toBe(201);
    expectExceeded(await user.post(`/api/v1/trash/${id(0)}/restore`, undefined), listQuota);
    const undo = `/api/v1/change-sets/${deletion.headers.get('change-set')}/undo`;
    expectExceeded(await user.post(undo, undefined), listQuota);
    const [head] = await api.database.query('select lists from todo.heads where owner_id = $1', [user.userId]);
    expect(head?.lists).toBe(lists);
  });

  test('does not let a list bring back more tasks than their quota', async () => {
    const user = await fullUser();
    await user.post('/api/v1/lists', { id: id(0), name: 'x' });
    await api.database.query('update todo.tasks set list_id = $2 where owner_id = $1', [user.userId, id(0)]);
    const deletion = await user.delete(`/api/v1/lists/${id(0)}?tasks=delete`);
    await user.post(collection, { title: 'x' });
    expectExceeded(await user.post(`/api/v1/trash/${id(0)}/restore`, undefined), /quota of 5 tasks/);
    const undo = `/api/v1/change-sets/${deletion.headers.get('change-set')}/undo`;
    expectExceeded(await user.post(undo, undefined), /quota of 5 tasks/);
    expect(await titlesOf(user)).toEqual(['x']);
    await expectExactCounts(user);
  });
});

test('a lower quota than what a user has stops creations only', async () => {
  const user = await fullUser();
  await api.database.query('update todo.heads set tasks = tasks + 10 where owner_id = $1', [user.userId]);
  expectExceeded(await user.post(collection, { title: 'x' }), /quota of 5 tasks/);
  expect((await user.patch(`${collection}/${id(1)}`, { title: 'y' })).status).toBe(200);
  expect((await user.delete(`${collection}/${id(1)}`)).status).toBe(204);
});

test('0 disables a quota', async () => {
  const unlimited = await startApi({ environment: { MAX_TASKS_PER_USER: '0', MAX_TAGS_PER_USER: '0' } });
  const user = unlimited.user();
  const operations = Array.from({ length: 100 }, (_, n) =>
    create(
      `${n}`,
      Array.from({ length: 6 }, (_, m) => `${n} ${m}`),
    ),
  );
  expect((await user.post(batch, { operations })).status).toBe(200);
  await unlimited.database.query('update todo.heads set tasks = 1000000, tags = 1000000 where owner_id = $1', [
    user.userId,
  ]);
  expect((await user.post(collection, { title: 'x', tags: ['x'] })).status).toBe(201);
});
