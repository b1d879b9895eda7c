/** Every operation of the API through the client, against a server. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../../test/support/api.ts';
import { documentedOperations } from '../../test/support/document.ts';
import { startFaultyProxy } from '../../test/support/faulty-proxy.ts';
import { importLines } from '../src/import.ts';
import { cachedToken, createTodoClient, type Task, TodoProblem } from '../src/index.ts';

let api: TestApi;

/** The operations that a client has called so far: `GET /api/v1/tasks/{id}`. */
const called = new Set<string>();

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

function clientOf(user: Client, url = api.url) {
  return createTodoClient({ url, getToken: () => api.token(user.userId as string), fetch: recordingFetch });
}

function newClient() {
  return clientOf(api.user());
}

const recordingFetch: typeof fetch = (input, init) => {
  const path = new URL(String(input)).pathname.slice(1).split('/');
  const found = documentedOperations.find(
    ({ method, path: template }) => method === init?.method && fits(template.slice(1).split('/'), path),
  );
  called.add(found?.operation.operationId ?? `${init?.method} ${input}`);
  return fetch(input, init);
};

/** A fixed segment comes before a parameter: `/tasks/count` is not a task. */
function fits(template: readonly string[], path: readonly string[]): boolean {
  return (
    template.length === path.length &&
    template.every(
      (part, index) => part === path[index] || (/^\{/.test(part) && !/^(count|batch)$/.test(path[index] ?? '')),
    )
  );
}

const missingId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

describe('tasks', () => {
  test('are created, read, changed, replaced and deleted', async () => {
    const { tasks } = newClient();
    const created = await tasks.create({ title: 'Buy milk', tags: ['shop'] });
    expect(created).toMatchObject({ title: 'Buy milk', status: 'Todo', version: 1 });
    expect(await tasks.get(created.id)).toEqual(created);
    const updated = await tasks.update(created.id, { description: 'Two bottles' });
    expect(updated).toMatchObject({ title: 'Buy milk', description: 'Two bottles', version: 2 });
    const replaced = await tasks.replace(created.id, { title: 'Buy bread' });
    expect(replaced).toMatchObject({ title: 'Buy bread', description: null, version: 3 });
    expect(await tasks.delete(created.id)).toBeUndefined();
    await expect(tasks.get(created.id)).rejects.toMatchObject({ code: 'task_not_found', status: 404 });
  });

  test('are listed page by page, item by item, and counted', async () => {
    const { tasks } = newClient();
    const operations = ['a', 'b', 'c', 'd', 'e'].map((title) => ({ op: 'create' as const, task: { title } }));
    const { results } = await tasks.batch(operations);
    expect(results.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const list = tasks.list({ sort: 'title', limit: 2, skip: 1 });
    const pages = [];
    for await (const page of list.pages()) pages.push(page);
    expect(pages.map(({ items }) => titlesOf(items))).toEqual([
      ['b', 'c'],
      ['d', 'e'],
    ]);
    expect(pages.map(({ nextCursor }) => typeof nextCursor)).toEqual(['string', 'object']);
    const items = [];
    for await (const task of list) items.push(task);
    expect(titlesOf(items)).toEqual(['b', 'c', 'd', 'e']);
    expect(titlesOf(await tasks.list({ sort: '-title' }).toArray())).toEqual(['e', 'd', 'c', 'b', 'a']);
    expect(await tasks.count({ q: 'a' })).toEqual({ count: 1 });
  });

  test('stop loading pages when the iteration stops', async () => {
    const user = api.user();
    const { tasks } = clientOf(user);
    await tasks.batch(['a', 'b'].map((title) => ({ op: 'create', task: { title } })));
    const before = api.log.length;
    for await (const _ of tasks.list({ limit: 1 })) break;
    expect(api.log.length - before).toBe(1);
  });

  test('move, and have a history', async () => {
    const { tasks } = newClient();
    const [first, second] = [await tasks.create({ title: 'first' }), await tasks.create({ title: 'second' })];
    await tasks.move(second.id, { before: first.id });
    expect(titlesOf(await tasks.list({ sort: 'position' }).toArray())).toEqual(['second', 'first']);
    const history = await tasks.history(second.id).toArray();
    expect(history.map(({ kind }) => kind)).toEqual(['Updated', 'Created']);
    expect(history[0]?.changes.position).toEqual({ from: second.position, to: expect.any(String) });
  });

  test('recur, and can skip an occurrence', async () => {
    const { tasks, recurrence } = newClient();
    const daily = { recurrence: { rule: 'FREQ=DAILY' }, due: { date: '2099-12-30' } };
    const preview = await recurrence.preview({ ...daily, completed_on: '2099-12-30', limit: 2 });
    expect(preview.days).toEqual(['2099-12-31', '2100-01-01']);
    const task = await tasks.create({ title: 'Water the plants', ...daily });
    expect((await tasks.occurrences(task.id, { limit: 1 })).days).toEqual(['2099-12-31']);
    expect((await tasks.skip(task.id, { timeZone: 'Europe/Rome' })).due).toEqual({ date: '2099-12-31' });
  });
});

describe('a conflict', () => {
  test('with `ifVersion` is a problem with the current version', async () => {
    const { tasks } = newClient();
    const { id, version } = await tasks.create({ title: 'Buy milk' });
    await tasks.update(id, { status: 'Done' }, { ifVersion: version });
    const conflict = tasks.update(id, { status: 'Todo' }, { ifVersion: version });
    await expect(conflict).rejects.toMatchObject({ code: 'version_mismatch', status: 412, currentVersion: 2 });
    await expect(conflict).rejects.toBeInstanceOf(TodoProblem);
  });

  test('in the fields of a request names them', async () => {
    const { tasks } = newClient();
    await expect(tasks.create({ title: ' ' })).rejects.toMatchObject({
      code: 'validation_failed',
      errors: [{ in: 'body', pointer: '/title', message: expect.any(String) }],
    });
  });
});

test('lists are created, read, changed, moved and deleted', async () => {
  const { lists, tasks } = newClient();
  const [one, two] = [await lists.create({ name: 'one' }), await lists.create({ name: 'two', color: '#1e90ff' })];
  await lists.move(two.id, { to: 'start' });
  expect((await lists.list()).map(({ name }) => name)).toEqual(['two', 'one']);
  expect(await lists.update(one.id, { archived: true })).toMatchObject({ name: 'one', archived: true });
  expect(await lists.replace(one.id, { name: 'ein' }, { ifVersion: 2 })).toMatchObject({ archived: false });
  expect(await lists.get(one.id)).toMatchObject({ name: 'ein', version: 3 });
  await tasks.create({ title: 'Buy milk', list_id: one.id });
  await expect(lists.delete(one.id)).rejects.toMatchObject({ code: 'list_not_empty' });
  await lists.delete(one.id, { tasks: 'keep' });
  expect(await tasks.list({ list_id: 'inbox' }).toArray()).toHaveLength(1);
});

test('a change set is undone', async () => {
  const { tasks, changeSets } = newClient();
  const { data, changeSet, headers } = await tasks.create({ title: 'Buy milk' }).withResponse();
  expect(headers.get('ETag')).toBe('"1"');
  const { results } = await changeSets.undo(changeSet);
  expect(results).toMatchObject([{ type: 'task', id: data.id, status: 204 }]);
});

test('the trash is listed, restored from, and emptied', async () => {
  const { tasks, trash } = newClient();
  const [one, two, three] = await Promise.all(['1', '2', '3'].map((title) => tasks.create({ title })));
  for (const { id } of [one, two, three] as Task[]) await tasks.delete(id);
  expect((await trash.list({ limit: 1 }).toArray()).map(({ task }) => task?.title)).toHaveLength(3);
  expect(await trash.restore((one as Task).id)).toMatchObject({ title: '1' });
  await trash.purge((two as Task).id);
  await trash.empty();
  expect(await trash.list().toArray()).toEqual([]);
});

test('tags are listed and renamed', async () => {
  const { tasks, tags } = newClient();
  await tasks.create({ title: 'Buy milk', tags: ['home/garden'] });
  expect(await tags.list()).toEqual([{ name: 'home/garden', task_count: 1 }]);
  expect(await tags.rename('home/garden', 'home')).toEqual({ name: 'home', task_count: 1 });
});

test('changes are read as pages', async () => {
  const { tasks, changes } = newClient();
  const task = await tasks.create({ title: 'Buy milk' });
  const page = await changes.read();
  expect(page.changes).toEqual([{ type: 'task', op: 'put', task }]);
  expect(await changes.read({ since: page.cursor })).toMatchObject({ changes: [], has_more: false });
});

test('the first live update has the cursor of the present', async () => {
  const { events, changes } = newClient();
  for await (const page of events()) {
    expect(page).toEqual(await changes.read());
    break;
  }
});

test('the user is that of the token', async () => {
  const user = api.user();
  expect(await clientOf(user).me()).toEqual({ id: user.userId, scopes: null });
});

test('everything is exported line by line, and erased', async () => {
  const client = newClient();
  const task = await client.tasks.create({ title: 'Größe 📏' });
  const lines = [];
  for await (const line of client.export()) lines.push(line);
  expect(lines.map(({ type }) => type)).toEqual(['export', 'task', 'change', 'end']);
  expect(lines).toContainEqual({ type: 'task', task });
  for await (const { type } of client.export()) if (type === 'task') break;
  expect(await client.eraseMe()).toBeUndefined();
  expect(await client.tasks.count()).toEqual({ count: 0 });
  const withoutToken = createTodoClient({ url: api.url });
  await expect(withoutToken.export().next()).rejects.toMatchObject({ code: 'token_missing' });
});

test('everything is imported in another account, in requests within the limits, and once', async () => {
  const [from, to] = [newClient(), newClient()];
  const titles = Array.from({ length: 60 }, (_, index) => `Task ${index}`);
  const operations = titles.map((title) => ({
    op: 'create' as const,
    task: { title, description: 'é'.repeat(5_000) },
  }));
  for (let start = 0; start < 60; start += 10) await from.tasks.batch(operations.slice(start, start + 10));
  const progress: number[] = [];
  const onProgress = (_: unknown, lines: number) => progress.push(lines);
  const created = await importLines(to, from.export(), { onProgress });
  expect(created).toMatchObject({ created: 60, unchanged: 0, problems: [] });
  expect(progress.length).toBeGreaterThan(1);
  expect(progress.at(-1)).toBe(1 + 60 + 60 + 1);
  const items = await to.tasks.list().toArray();
  expect(titlesOf(items).sort()).toEqual(titles.sort());
  for (const { id } of items) await to.tasks.update(id, { title: 'Newer' });
  const again = await importLines(to, from.export(), { deleted: 'restore' });
  expect(again).toMatchObject({ created: 0, skipped: 60 });
  expect(again.problems.map(({ line }) => line)).toEqual(Array.from({ length: 60 }, (_, index) => 2 + index));
  await expect(importLines(to, [{ type: 'task', task: {} }])).rejects.toMatchObject({ code: 'validation_failed' });
});

test('an expired token is renewed', async () => {
  const user = api.user();
  const tokens = [api.token(user.userId as string, { exp: 1 }), api.token(user.userId as string)];
  const getToken = cachedToken(async () => tokens.shift() ?? null);
  const client = createTodoClient({ url: api.url, getToken });
  expect(await client.me()).toMatchObject({ id: user.userId });
  expect(tokens).toEqual([]);
});

test('a write whose response is lost after the commit is applied once', async () => {
  const user = api.user();
  const proxy = await startFaultyProxy(api.url);
  onTestFinished(() => proxy.close());
  const { tasks } = clientOf(user, proxy.url);
  proxy.cause({ type: 'lose answer', to: 'Buy milk', by: 'reset', once: true });
  const { data, headers } = await tasks.create({ title: 'Buy milk' }).withResponse();
  expect(proxy.losses).toBe(1);
  expect(headers.get('Idempotency-Replayed')).toBe('true');
  expect(await clientOf(user).tasks.list().toArray()).toEqual([data]);
});

test('a token without the scope to read gets no task from a write', async () => {
  const user = api.user();
  const { id } = await clientOf(user).tasks.create({ title: 'Buy milk' });
  const getToken = () => api.token(user.userId as string, { scope: 'tasks:write' });
  const { tasks } = createTodoClient({ url: api.url, getToken });
  expect(await tasks.update(id, { status: 'Done' })).toBeUndefined();
});

test('a batch changes lists and tasks together', async () => {
  const client = newClient();
  const { results } = await client.batch([
    { type: 'list', op: 'create', list: { id: missingId, name: 'Home' } },
    { type: 'task', op: 'create', task: { title: 'Buy milk', list_id: missingId } },
  ]);
  expect(results).toMatchObject([{ list: { name: 'Home' } }, { task: { list_id: missingId } }]);
});

test('API tokens are created, listed and revoked', async () => {
  const { tokens } = newClient();
  const { token, ...created } = await tokens.create({ name: 'Backup', scopes: ['tasks:read'] });
  const reader = createTodoClient({ url: api.url, getToken: () => token as string });
  expect(await reader.tasks.count()).toEqual({ count: 0 });
  expect(await tokens.list()).toMatchObject([{ id: created.id, name: 'Backup' }]);
  await tokens.revoke(created.id);
  await expect(reader.tasks.count()).rejects.toMatchObject({ status: 401 });
});

test('a missing resource is a problem with the id of the request', async () => {
  await expect(newClient().tasks.get(missingId)).rejects.toMatchObject({
    requestId: expect.stringMatching(/^[\w-]+$/),
  });
});

test('the tests of this file call every operation of the document', () => {
  const documented = documentedOperations
    .filter(({ path }) => path.startsWith('/api/v1/'))
    .map(({ operation }) => operation.operationId);
  expect([...called].sort()).toEqual(documented.sort());
});

function titlesOf(tasks: readonly Task[]): string[] {
  return tasks.map(({ title }) => title);
}
