/** The history of a task: what changed, when, and in which request. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

async function create(user: Client, fields: object = {}): Promise<any> {
  return (await user.post('/api/v1/tasks', { title: 'Milk', ...fields })).body;
}

async function historyOf(user: Client, id: string): Promise<any[]> {
  return (await user.get(`/api/v1/tasks/${id}/history`)).body;
}

test.each([
  ['client_id of RFC 9068', { client_id: 'web' }, 'web'],
  ['azp of OpenID Connect', { azp: 'https://assistant.example/client.json' }, 'https://assistant.example/client.json'],
  ['both', { client_id: 'web', azp: 'other' }, 'web'],
  ['a name that cannot be stored', { client_id: 'a\0b' }, null],
  ['an empty name', { client_id: '' }, null],
  ['a name of 501 characters', { client_id: 'x'.repeat(501) }, null],
  ['another type', { azp: ['web'] }, null],
])('names the OAuth client of the token: %s', async (_, claims, actor) => {
  const user = api.user(undefined, claims);
  const { id } = await create(user);
  await user.patch(`/api/v1/tasks/${id}`, { title: 'Bread' });
  expect((await historyOf(user, id)).map((change) => change.actor)).toEqual([actor, actor]);
});

test('has each change with its version, time, kind and change set, the last one first', async () => {
  const ada = api.user();
  const { body: created, headers: first } = await ada.post('/api/v1/tasks', { title: 'Milk' });
  const path = `/api/v1/tasks/${created.id}`;
  const { body: changed, headers: second } = await ada.patch(path, { status: 'Done' });
  const { headers: third } = await ada.delete(path);
  const { body: restored, headers: fourth } = await ada.post(`/api/v1/trash/${created.id}/restore`, undefined);
  const history = await historyOf(ada, created.id);
  expect(history).toEqual(
    [
      { version: 4, at: restored.updated_at, kind: 'Restored', changes: {} },
      { version: 3, at: history[1].at, kind: 'Deleted', changes: {} },
      { version: 2, at: changed.updated_at, kind: 'Updated', changes: { status: { from: 'Todo', to: 'Done' } } },
      { version: 1, at: created.created_at, kind: 'Created', changes: {} },
    ].map((change, index) => ({
      ...change,
      actor: null,
      change_set: [fourth, third, second, first][index]?.get('change-set'),
    })),
  );
});

test.each([
  ['title', { title: 'Bread' }, { title: { from: 'Milk', to: 'Bread' } }],
  ['description', { description: 'Two' }, { description: { from: null, to: 'Two' } }],
  ['priority', { priority: 'High' }, { priority: { from: 'Medium', to: 'High' } }],
  ['tags', { tags: ['b', 'a'] }, { tags: { from: ['x'], to: ['a', 'b'] } }],
  [
    'a part of the due date',
    { due: { time: '10:00' } },
    { due: { from: { date: '2026-12-01', time: '09:30' }, to: { date: '2026-12-01', time: '10:00' } } },
  ],
  ['the whole due date', { due: null }, { due: { from: { date: '2026-12-01', time: '09:30' }, to: null } }],
  [
    'several fields',
    { title: 'Bread', status: 'InProgress' },
    { title: { from: 'Milk', to: 'Bread' }, status: { from: 'Todo', to: 'InProgress' } },
  ],
])('shows a change of %s', async (_, patch, changes) => {
  const ada = api.user();
  const { id } = await create(ada, { tags: ['x'], due: { date: '2026-12-01', time: '09:30' } });
  await ada.patch(`/api/v1/tasks/${id}`, patch);
  expect((await historyOf(ada, id))[0].changes).toEqual(changes);
});

test('shows the change of a place, also of a subtask that follows its parent', async () => {
  const ada = api.user();
  const list_id = await insertList(api, ada);
  const parent = await create(ada);
  const task = await create(ada, { parent_id: parent.id });
  await ada.patch(`/api/v1/tasks/${task.id}`, { position: 'aV' });
  expect((await historyOf(ada, task.id))[0].changes).toEqual({ position: { from: 'a0', to: 'aV' } });
  const { headers } = await ada.patch(`/api/v1/tasks/${parent.id}`, { list_id });
  const followed = (await historyOf(ada, task.id))[0];
  expect(followed.change_set).toBe(headers.get('change-set'));
  expect(followed.changes).toEqual({ list_id: { from: null, to: list_id } });
  await ada.patch(`/api/v1/tasks/${task.id}`, { parent_id: null });
  expect((await historyOf(ada, task.id))[0].changes).toEqual({
    parent_id: { from: parent.id, to: null },
    position: { from: 'aV', to: 'a1' },
  });
});

test('does not grow with a write that changes nothing', async () => {
  const ada = api.user();
  const { id } = await create(ada, { tags: ['x'] });
  await ada.patch(`/api/v1/tasks/${id}`, { title: 'Milk', tags: ['X'] });
  expect(await historyOf(ada, id)).toHaveLength(1);
});

test('has the changes of a batch in one change set', async () => {
  const ada = api.user();
  const ids = [crypto.randomUUID(), crypto.randomUUID()];
  const operations = ids.map((id) => ({ op: 'create', task: { id, title: 'x' } }));
  const { headers } = await ada.post('/api/v1/tasks/batch', { operations });
  for (const id of ids) {
    expect((await historyOf(ada, id)).map(({ change_set }) => change_set)).toEqual([headers.get('change-set')]);
  }
});

test('is read in pages, and a cursor belongs to one task', async () => {
  const ada = api.user();
  const [one, other] = [await create(ada), await create(ada)];
  for (const title of ['1', '2', '3', '4']) await ada.patch(`/api/v1/tasks/${one.id}`, { title });
  const versions: number[] = [];
  let next: string | undefined = `/api/v1/tasks/${one.id}/history?limit=2`;
  while (next) {
    const { body, headers }: any = await ada.get(next);
    versions.push(...body.map(({ version }: any) => version));
    next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
    if (next) expect((await ada.get(next.replace(one.id, other.id))).status).toBe(422);
  }
  expect(versions).toEqual([5, 4, 3, 2, 1]);
});

test('of a task in the trash can be read', async () => {
  const ada = api.user();
  const { id } = await create(ada);
  await ada.delete(`/api/v1/tasks/${id}`);
  expect((await historyOf(ada, id)).map(({ kind }) => kind)).toEqual(['Deleted', 'Created']);
});

test('of an unknown task, of another user’s and of a permanently deleted one is the same 404', async () => {
  const [ada, bob] = [api.user(), api.user()];
  const { id: theirs } = await create(bob);
  const { id: purged } = await create(ada);
  await ada.delete(`/api/v1/tasks/${purged}`);
  await ada.delete(`/api/v1/trash/${purged}`);
  const answers = [];
  for (const id of [crypto.randomUUID(), theirs, purged]) {
    const { status, body } = await ada.get(`/api/v1/tasks/${id}/history`);
    answers.push({ status, ...body, instance: '', request_id: '' });
  }
  expect(answers[0]).toMatchObject({ status: 404, code: 'task_not_found' });
  expect(answers.slice(1)).toEqual([answers[0], answers[0]]);
});
