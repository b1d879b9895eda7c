/** The offline store with a client against a server: what an application sees. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, startApi, type TestApi } from '../../test/support/api.ts';
import { createTodoClient, type Task } from '../src/index.ts';
import {
  createOfflineStore,
  memoryStorage,
  type OfflineStore,
  type Operation,
  OtherUserError,
  type StoragePlace,
} from '../src/offline/index.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

/** Waits for a condition, also on a busy machine. */
const until = (condition: () => boolean) => vi.waitUntil(condition, 20_000);

/** A device that can be offline. */
interface Device {
  readonly store: OfflineStore;
  setOnline(isOnline: boolean): void;
}

async function openDevice(
  { userId }: Client,
  storage: StoragePlace = memoryStorage(),
  send: typeof fetch = fetch,
): Promise<Device> {
  let isOnline = true;
  const client = createTodoClient({
    url: api.url,
    getToken: () => api.token(userId as string),
    fetch: (url, options) => (isOnline ? send(url, options) : Promise.reject(new TypeError('fetch failed'))),
  });
  const store = await createOfflineStore({ client, storage, userId: userId as string });
  onTestFinished(() => store.close());
  return {
    store,
    setOnline(value) {
      isOnline = value;
      if (value) store.reconnect();
    },
  };
}

async function online(user: Client, storage?: StoragePlace, send?: typeof fetch): Promise<Device> {
  const device = await openDevice(user, storage, send);
  await until(() => device.store.status().connection === 'online');
  return device;
}

/** A device whose requests fail from the beginning. */
async function offline(user: Client, storage?: StoragePlace): Promise<Device> {
  const opening = openDevice(user, storage);
  const device = await opening;
  device.setOnline(false);
  return device;
}

const sent = ({ store }: Device) => until(() => store.status().pending === 0);

const titles = ({ store }: Device) =>
  store.tasks
    .query()
    .get()
    .map(({ title }) => title);

describe('writes', () => {
  test('are visible at once, and reach the server when the device is online again', async () => {
    const user = api.user();
    const device = await online(user);
    device.setOnline(false);
    const list = await device.store.lists.create({ name: 'Shop' });
    const task = await device.store.tasks.create({ title: 'Buy milk', list_id: list.id });
    await device.store.tasks.update(task.id, { status: 'InProgress', due: { date: '2026-12-01' } });
    expect(device.store.tasks.get(task.id)).toMatchObject({ title: 'Buy milk', status: 'InProgress', version: 0 });
    expect((await user.get('/api/v1/tasks')).body).toEqual([]);
    expect(device.store.status().pending).toBe(3);

    device.setOnline(true);
    await sent(device);
    const { body } = await user.get(`/api/v1/tasks/${task.id}`);
    expect(body).toMatchObject({ title: 'Buy milk', status: 'InProgress', list_id: list.id, version: 2 });
    expect(device.store.tasks.get(task.id)).toEqual(body);
  });

  test('send only the fields that differ, so that a field that another device has changed stays', async () => {
    const user = api.user();
    const device = await online(user);
    const { id } = await device.store.tasks.create({ title: 'Buy milk' });
    await sent(device);
    device.setOnline(false);
    await user.patch(`/api/v1/tasks/${id}`, { title: 'Buy oat milk' });
    await device.store.tasks.update(id, { title: 'Buy milk', priority: 'High' });
    expect(device.store.operations().map(({ body }) => body)).toEqual(['{"priority":"High"}']);
    device.setOnline(true);
    await sent(device);
    await until(() => device.store.tasks.get(id)?.title === 'Buy oat milk');
    expect(device.store.tasks.get(id)).toMatchObject({ priority: 'High', version: 3 });
  });

  test('without a difference store nothing', async () => {
    const device = await offline(api.user());
    const task = await device.store.tasks.create({ title: 'Buy milk' });
    expect(await device.store.tasks.update(task.id, { title: 'Buy milk', description: null, status: undefined })).toBe(
      task,
    );
    expect(device.store.operations()).toHaveLength(1);
  });

  test('survive the end of the store', async () => {
    const user = api.user();
    const storage = memoryStorage();
    const first = await offline(user, storage);
    await first.store.tasks.create({ title: 'Buy milk' });
    await first.store.close();
    await expect(first.store.tasks.create({ title: 'Buy bread' })).rejects.toThrow('The store is closed');
    const second = await online(user, storage);
    await sent(second);
    expect((await user.get('/api/v1/tasks')).body).toMatchObject([{ title: 'Buy milk' }]);
  });

  test('on a deleted task are refused on the device, and its subtasks are gone with it', async () => {
    const device = await offline(api.user());
    const parent = await device.store.tasks.create({ title: 'Shop' });
    const child = await device.store.tasks.create({ title: 'Buy milk', parent_id: parent.id });
    await device.store.tasks.delete(parent.id);
    expect(titles(device)).toEqual([]);
    await expect(device.store.tasks.update(child.id, { title: 'Buy bread' })).rejects.toMatchObject({
      name: 'NotFoundError',
    });
  });
});

describe('moves', () => {
  /** Tasks with these titles, in this order. */
  async function createAll(user: Client, letters: string, fields: object = {}): Promise<Record<string, string>> {
    const ids: Record<string, string> = {};
    for (const title of letters) ids[title] = (await user.post('/api/v1/tasks', { title, ...fields })).body.id;
    return ids;
  }

  const orderOn = async (user: Client, query = '') =>
    (await user.get(`/api/v1/tasks?sort=position${query}`)).body.map(({ title }: Task) => title).join('');

  const orderOf = (device: Device) => titles(device).join('');

  test('are visible at once, and reach the server, beside the sibling that another device has moved', async () => {
    const user = api.user();
    const { a, b, c } = await createAll(user, 'abc');
    const device = await online(user);
    device.setOnline(false);
    await device.store.tasks.move(c as string, { after: a });
    await device.store.tasks.move(b as string, { to: 'start' });
    expect(orderOf(device)).toBe('bac');
    expect(device.store.operations().map(({ action, body }) => [action, body])).toEqual([
      ['move', JSON.stringify({ after: a })],
      ['move', '{"to":"start"}'],
    ]);
    await user.post(`/api/v1/tasks/${a}/move`, { to: 'end' });
    await createAll(user, 'd');
    expect(await orderOn(user)).toBe('bcad');

    device.setOnline(true);
    await sent(device);
    await until(() => orderOf(device) === 'bacd');
    expect(await orderOn(user)).toBe('bacd');
    expect(device.store.tasks.get(c as string)).toEqual((await user.get(`/api/v1/tasks/${c}`)).body);
  });

  test('take subtasks into another list, and lists have an order, too', async () => {
    const user = api.user();
    const { a } = await createAll(user, 'a');
    await createAll(user, 'b', { parent_id: a });
    const device = await online(user);
    device.setOnline(false);
    const shop = await device.store.lists.create({ name: 'Shop' });
    const work = await device.store.lists.create({ name: 'Work' });
    await device.store.lists.move(work.id, { before: shop.id });
    await device.store.tasks.move(a as string, { list_id: shop.id, to: 'end' });
    const lists = device.store.lists.query();
    const inShop = device.store.tasks.query(({ list_id }) => list_id === shop.id);
    expect(lists.get().map(({ name }) => name)).toEqual(['Work', 'Shop']);
    expect(inShop.get().map(({ title }) => title)).toEqual(expect.arrayContaining(['a', 'b']));

    device.setOnline(true);
    await sent(device);
    expect((await user.get('/api/v1/lists')).body).toMatchObject([{ name: 'Work' }, { name: 'Shop' }]);
    expect(await orderOn(user, `&list_id=${shop.id}`)).toBe('ab');
    expect(inShop.get()).toHaveLength(2);
  });

  test('are applied once if the response is lost and the store ends', async () => {
    const user = api.user();
    const { a, c } = await createAll(user, 'abc');
    const storage = memoryStorage();
    let isLost = false;
    const first = await online(user, storage, async (url, options) => {
      const response = await fetch(url, options);
      isLost ||= options?.method === 'POST';
      if (isLost) throw new TypeError('fetch failed');
      return response;
    });
    await first.store.tasks.move(c as string, { after: a });
    await until(() => isLost);
    await first.store.close();
    await user.post(`/api/v1/tasks/${c}/move`, { to: 'start' });
    const second = await online(user, storage);
    await sent(second);
    expect(await orderOn(user)).toBe('cab');
    await until(() => orderOf(second) === 'cab');
  });

  test('are rejected if another device has deleted the sibling, and are sent to another place', async () => {
    const user = api.user();
    const { a, b } = await createAll(user, 'abc');
    const device = await online(user);
    device.setOnline(false);
    await device.store.tasks.move(a as string, { after: b });
    await user.delete(`/api/v1/tasks/${b}`);
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 1);
    await until(() => orderOf(device) === 'ac');
    const [{ id, problem }] = device.store.status().rejected as [Operation];
    expect(problem).toMatchObject({ code: 'validation_failed', errors: [{ pointer: '/after' }] });
    await device.store.retry(id, { to: 'end' });
    expect(orderOf(device)).toBe('ca');
    await sent(device);
    expect(await orderOn(user)).toBe('ca');
  });

  test('beside a task whose creation is rejected, or into a list that is gone, are rejected with the reason', async () => {
    const user = api.user();
    const { a } = await createAll(user, 'a');
    const { body: shop } = await user.post('/api/v1/lists', { name: 'Shop' });
    const device = await online(user);
    device.setOnline(false);
    const blank = await device.store.tasks.create({ title: ' ' });
    await device.store.tasks.move(a as string, { before: blank.id });
    await device.store.tasks.move(a as string, { list_id: shop.id, to: 'start' });
    await user.delete(`/api/v1/lists/${shop.id}`);
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 3);
    const [creation, beside, into] = device.store.status().rejected;
    expect(beside?.causedBy).toBe(creation?.id);
    expect(into?.problem).toMatchObject({ status: 422, errors: [{ pointer: '/list_id' }] });
    expect(device.store.tasks.get(a as string)).toMatchObject({ list_id: null, version: 1 });
  });

  test('beside an unknown task are refused on the device, and beside the task itself store nothing', async () => {
    const device = await offline(api.user());
    const { id } = await device.store.tasks.create({ title: 'Buy milk' });
    await expect(device.store.tasks.move(id, { after: 'unknown' })).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(device.store.tasks.move('unknown', { to: 'end' })).rejects.toMatchObject({ name: 'NotFoundError' });
    await device.store.tasks.move(id, { after: id });
    expect(device.store.operations()).toHaveLength(1);
  });
});

describe('rejected operations', () => {
  test('stay until they are dismissed, with those that depend on them', async () => {
    const user = api.user();
    const device = await online(user);
    device.setOnline(false);
    const list = await device.store.lists.create({ name: ' ' });
    const task = await device.store.tasks.create({ title: 'Buy milk', list_id: list.id });
    await device.store.tasks.update(task.id, { status: 'Done' });
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 3);
    const [first, second, third] = device.store.status().rejected;
    expect(first).toMatchObject({
      action: 'create',
      type: 'list',
      problem: { code: 'validation_failed', status: 422 },
    });
    expect(first?.problem?.detail).toMatch(/^name: /);
    expect([second?.causedBy, third?.causedBy]).toEqual([first?.id, first?.id]);
    expect(titles(device)).toEqual([]);
    await device.store.dismiss(first?.id as string);
    expect(device.store.operations()).toEqual([]);
    await expect(device.store.dismiss(first?.id as string)).rejects.toThrow('no rejected operation');
  });

  test('are sent again with other fields, in their order, whichever of them is retried', async () => {
    const user = api.user();
    const device = await online(user);
    device.setOnline(false);
    const task = await device.store.tasks.create({ title: ' ' });
    await device.store.tasks.update(task.id, { status: 'Done' });
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 2);
    device.setOnline(false);
    const [creation, update] = device.store.status().rejected;
    await device.store.retry(update?.id as string);
    expect(device.store.operations().map(({ action }) => action)).toEqual(['create', 'update']);
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 2);
    await device.store.retry(creation?.id as string, { title: 'Buy milk' });
    await sent(device);
    expect((await user.get(`/api/v1/tasks/${task.id}`)).body).toMatchObject({ title: 'Buy milk', status: 'Done' });
  });

  test('report the change of a task that another device has deleted', async () => {
    const user = api.user();
    const device = await online(user);
    const { id } = await device.store.tasks.create({ title: 'Buy milk' });
    await sent(device);
    device.setOnline(false);
    await user.delete(`/api/v1/tasks/${id}`);
    await device.store.tasks.update(id, { title: 'Buy bread' });
    device.setOnline(true);
    await until(() => device.store.status().rejected.length === 1);
    expect(device.store.status().rejected).toMatchObject([{ problem: { code: 'task_not_found' }, resourceId: id }]);
    await until(() => titles(device).length === 0);
  });
});

describe('a store', () => {
  test('follows the changes of other clients, and results change only if their resources do', async () => {
    const user = api.user();
    const device = await online(user);
    const milk = (await user.post('/api/v1/tasks', { title: 'Buy milk' })).body as Task;
    await until(() => titles(device).length === 1);
    const open = device.store.tasks.query(({ status }) => status !== 'Done');
    const before = open.get();
    const [task] = before;
    let calls = 0;
    const stop = open.subscribe(() => {
      calls += 1;
    });
    await user.post('/api/v1/tasks', { title: 'Read', status: 'Done' });
    await until(() => titles(device).length === 2);
    expect(calls).toBeGreaterThan(0);
    expect(open.get()).toBe(before);
    expect(device.store.tasks.get(milk.id)).toBe(task);
    stop();
    await device.store.tasks.update(milk.id, { status: 'Done' });
    expect(open.get()).toEqual([]);
  });

  test('neither shows nor sends anything with the token of another user', async () => {
    const [user, other] = [api.user(), api.user()];
    await other.post('/api/v1/tasks', { title: 'Of another user' });
    const client = createTodoClient({ url: api.url, getToken: () => api.token(other.userId as string) });
    const store = await createOfflineStore({ client, storage: memoryStorage(), userId: user.userId as string });
    onTestFinished(() => store.close());
    await store.tasks.create({ title: 'Buy milk' });
    await until(() => store.status().connection === 'offline');
    expect(store.status().failure).toBe(new OtherUserError(user.userId as string, other.userId as string).message);
    expect(store.tasks.query().get()).toMatchObject([{ title: 'Buy milk' }]);
    expect((await other.get('/api/v1/tasks')).body).toMatchObject([{ title: 'Of another user' }]);
  });

  test('has the records of its user only, and refuses those of another one', async () => {
    const storage = memoryStorage();
    const [first, second] = [await offline(api.user(), storage), await offline(api.user(), storage)];
    await first.store.tasks.create({ title: 'Buy milk' });
    expect(titles(second)).toEqual([]);
    const shared = await storage.open('someone');
    await shared.commit(0, [['meta', { userId: 'someone', cursor: null }]]);
    const wrong: StoragePlace = { sharedName: null, open: async () => shared };
    await expect(openDevice(api.user(), wrong)).rejects.toThrow('has the records of the user someone');
  });

  test('leaves nothing behind after it was erased', async () => {
    const user = api.user();
    const storage = memoryStorage();
    const device = await offline(user, storage);
    await device.store.tasks.create({ title: 'Buy milk' });
    await device.store.erase();
    expect((await (await storage.open(user.userId as string)).read()).records).toEqual([]);
  });
});
