/** The collections for TanStack DB, with an offline store against a server. */
import { createCollection, liveQueryCollectionOptions } from '@tanstack/db';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, startApi, type TestApi } from '../../test/support/api.ts';
import { createTodoClient, type Task } from '../src/index.ts';
import { createOfflineStore, memoryStorage, type StoragePlace } from '../src/offline/index.ts';
import { listCollectionOptions, taskCollectionOptions } from '../src/tanstack-db.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

interface Event {
  readonly type: string;
  readonly title: string;
}

/** A device with collections. It records every change that a live query would show. */
async function openDevice(user: Client, storage: StoragePlace = memoryStorage()) {
  let isOnline = true;
  const client = createTodoClient({
    url: api.url,
    getToken: () => api.token(user.userId as string),
    fetch: (url, options) => (isOnline ? fetch(url, options) : Promise.reject(new TypeError('fetch failed'))),
  });
  const store = await createOfflineStore({ client, storage, userId: user.userId as string });
  onTestFinished(() => store.close());
  const tasks = createCollection(taskCollectionOptions(store));
  const lists = createCollection(listCollectionOptions(store));
  const events: Event[] = [];
  await Promise.all([tasks.preload(), lists.preload()]);
  const subscription = tasks.subscribeChanges((changes) => {
    events.push(...changes.map(({ type, value: { title } }) => ({ type, title })));
  });
  onTestFinished(() => subscription.unsubscribe());
  return {
    store,
    tasks,
    lists,
    events,
    titles: () => tasks.toArray.map(({ title }) => title).sort(),
    sent: () => vi.waitUntil(() => store.status().pending === 0, 20_000),
    online: () => vi.waitUntil(() => store.status().connection === 'online', 20_000),
    setOnline(value: boolean) {
      isOnline = value;
      if (value) store.reconnect();
    },
  };
}

test('a collection shows the tasks and lists of the store, and follows the changes of other clients', async () => {
  const user = api.user();
  const { body: list } = await user.post('/api/v1/lists', { name: 'Shop' });
  const { body: milk } = await user.post('/api/v1/tasks', { title: 'Milk', list_id: list.id });
  const { tasks, lists, events, titles } = await openDevice(user);
  await vi.waitUntil(() => tasks.size === 1 && lists.size === 1, 20_000);
  expect(tasks.get(milk.id)).toMatchObject(milk);
  expect(lists.get(list.id)).toMatchObject({ name: 'Shop' });
  await user.patch(`/api/v1/tasks/${milk.id}`, { title: 'Oat milk' });
  await vi.waitUntil(() => titles()[0] === 'Oat milk', 20_000);
  await user.delete(`/api/v1/tasks/${milk.id}`);
  await vi.waitUntil(() => tasks.size === 0, 20_000);
  expect(events.map(({ type }) => type)).toEqual(['insert', 'update', 'delete']);
});

test('writes are shown at once, stored on the device, and applied once', async () => {
  const user = api.user();
  const storage = memoryStorage();
  const device = await openDevice(user, storage);
  await device.online();
  device.setOnline(false);
  const list = device.lists.insert({ name: 'Shop' });
  await list.isPersisted.promise;
  const [{ id: listId } = { id: '' }] = device.lists.toArray;
  const inserted = device.tasks.insert({ title: 'Milk', list_id: listId, due: { date: '2026-12-01', time: '10:00' } });
  expect(device.titles()).toEqual(['Milk']);
  await inserted.isPersisted.promise;
  const [milk] = device.tasks.toArray as unknown as [Task];
  expect(milk).toMatchObject({ status: 'Todo', priority: 'Medium', owner_id: user.userId, version: 0 });
  const updated = device.tasks.update(milk.id, (draft) => {
    draft.title = 'Oat milk';
    draft.due = { date: '2026-12-02' };
    draft.tags?.push('shop');
  });
  expect(device.titles()).toEqual(['Oat milk']);
  await updated.isPersisted.promise;
  expect(device.store.operations().map(({ action }) => action)).toEqual(['create', 'create', 'update']);
  expect((await user.get('/api/v1/tasks')).body).toEqual([]);
  await device.store.close();

  // The application starts again as after a reload.
  const reloaded = await openDevice(user, storage);
  expect(reloaded.titles()).toEqual(['Oat milk']);
  await reloaded.sent();
  const { body } = await user.get('/api/v1/tasks');
  expect(body).toMatchObject([
    { id: milk.id, title: 'Oat milk', due: { date: '2026-12-02' }, tags: ['shop'], list_id: listId, version: 2 },
  ]);
  expect(body[0].due).toEqual({ date: '2026-12-02' });
  expect(reloaded.tasks.get(milk.id)).toMatchObject(body[0]);
  // A user has seen the task all the time, with its last title.
  expect(device.events.filter(({ type }) => type === 'insert')).toHaveLength(1);
  expect([...device.events, ...reloaded.events].filter(({ type }) => type === 'delete')).toEqual([]);
  expect(new Set(reloaded.events.map(({ title }) => title))).not.toContain('Milk');
});

test('tasks and lists are moved, and shown at their places', async () => {
  const user = api.user();
  const device = await openDevice(user);
  await device.online();
  device.setOnline(false);
  const [one, two] = ['1', '2'].map((name) => device.lists.insert({ name }));
  for (const title of ['a', 'b', 'c']) await device.tasks.insert({ title }).isPersisted.promise;
  await Promise.all([one, two].map((inserted) => inserted?.isPersisted.promise));
  const inOrder = createCollection(
    liveQueryCollectionOptions({
      query: (query) =>
        query.from({ task: device.tasks }).orderBy(({ task }) => task.position, { stringSort: 'lexical' }),
    }),
  );
  const shown = async () => (await inOrder.toArrayWhenReady()).map(({ title }) => title).join('');
  const [a, , c] = await inOrder.toArrayWhenReady();
  expect(await shown()).toBe('abc');
  expect(await device.tasks.utils.move(c?.id as string, { before: a?.id })).toMatchObject({ title: 'c' });
  expect(await shown()).toBe('cab');
  const [first, last] = device.lists.toArray.sort((list, other) => (list.position < other.position ? -1 : 1));
  await device.lists.utils.move(last?.id as string, { before: first?.id });
  device.setOnline(true);
  await device.sent();
  const { body } = await user.get('/api/v1/tasks?sort=position');
  expect(body.map(({ title }: Task) => title).join('')).toBe('cab');
  expect((await user.get('/api/v1/lists')).body.map(({ id }: { id: string }) => id)).toEqual([last?.id, first?.id]);
  expect(await shown()).toBe('cab');
});

test('a task that is written several times never shows an older state', async () => {
  const user = api.user();
  const device = await openDevice(user);
  await device.online();
  const inserted = device.tasks.insert({ id, title: '0' });
  const updated = ['1', '2', '3'].map((title) =>
    device.tasks.update(id, (draft) => {
      draft.title = title;
    }),
  );
  await Promise.all([inserted, ...updated].map(({ isPersisted }) => isPersisted.promise));
  await device.sent();
  await vi.waitUntil(() => device.tasks.get(id)?.version === 4, 20_000);
  const shown = device.events.map(({ title }) => title);
  expect(shown).toEqual(shown.toSorted());
  expect(device.events.filter(({ type }) => type !== 'update')).toEqual([{ type: 'insert', title: '0' }]);
  expect((await user.get('/api/v1/tasks')).body).toMatchObject([{ title: '3', version: 4 }]);
});

test('a rejected write disappears, and the store has the reason', async () => {
  const user = api.user();
  const device = await openDevice(user);
  await device.online();
  await device.tasks.insert({ title: 'Milk' }).isPersisted.promise;
  await device.sent();
  const [milk] = device.tasks.toArray as unknown as [Task];
  device.tasks.update(milk.id, (draft) => {
    draft.title = '';
  });
  expect(device.titles()).toEqual(['']);
  device.tasks.insert({ title: ' ' });
  await vi.waitUntil(() => device.store.status().rejected.length === 2, 20_000);
  expect(device.titles()).toEqual(['Milk']);
  const [rejected] = device.store.status().rejected;
  expect(rejected).toMatchObject({ resourceId: milk.id, problem: { code: 'validation_failed' } });
  await device.store.retry(rejected?.id as string, { title: 'Oat milk' });
  expect(device.titles()).toEqual(['Oat milk']);
  await device.sent();
  expect((await user.get('/api/v1/tasks')).body).toMatchObject([{ title: 'Oat milk' }]);
});

test('a write that the device cannot store is taken back, and its promise rejects', async () => {
  const device = await openDevice(api.user());
  await device.store.close();
  const inserted = device.tasks.insert({ title: 'Milk' });
  expect(device.titles()).toEqual(['Milk']);
  await expect(inserted.isPersisted.promise).rejects.toThrow('The store is closed');
  expect(device.titles()).toEqual([]);
});

test('the deletion of a list says what happens to its tasks', async () => {
  const user = api.user();
  const device = await openDevice(user);
  const { body: list } = await user.post('/api/v1/lists', { name: 'Shop' });
  await user.post('/api/v1/tasks', { title: 'Milk', list_id: list.id });
  await vi.waitUntil(() => device.lists.size === 1 && device.tasks.size === 1, 20_000);
  await device.lists.delete(list.id, { metadata: { tasks: 'delete' } }).isPersisted.promise;
  expect(device.titles()).toEqual([]);
  await device.sent();
  expect((await user.get('/api/v1/tasks')).body).toEqual([]);
});
