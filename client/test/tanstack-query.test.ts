/** The options for TanStack Query, with a query client, against a server. */
import { InfiniteQueryObserver, MutationObserver, QueryClient, QueryObserver } from '@tanstack/query-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Client, startApi, type TestApi } from '../../test/support/api.ts';
import { createTodoClient, type Task } from '../src/index.ts';
import { type TodoMutation, todoKeys, todoQueries } from '../src/tanstack-query.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

function openApplication(user: Client) {
  let gate = Promise.resolve();
  let requests = 0;
  const queryClient = new QueryClient();
  const client = createTodoClient({
    url: api.url,
    getToken: () => api.token(user.userId as string),
    async fetch(url, options) {
      requests += 1;
      await gate;
      return fetch(url, options);
    },
  });
  onTestFinished(() => queryClient.clear());
  return {
    queryClient,
    todo: todoQueries(client),
    requests: () => requests,
    letOthersPass() {
      gate = Promise.resolve();
    },
    /** Holds further requests back. @returns a function that lets them go */
    closeGate() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => open();
    },
    mutate: <Data, Variables>(options: TodoMutation<Data, Variables>, variables: Variables) =>
      new MutationObserver(queryClient, options).mutate(variables),
  };
}

type Application = ReturnType<typeof openApplication>;

/** What a user sees of the tasks: their titles, at each change. */
function renderTasks({ queryClient, todo }: Application) {
  const rendered: (readonly string[])[] = [];
  const observer = new QueryObserver(queryClient, todo.tasks.list({ sort: 'title' }));
  onTestFinished(
    observer.subscribe(({ data }) => {
      const titles = data?.map(({ title }) => title);
      if (titles && String(titles) !== String(rendered.at(-1))) rendered.push(titles);
    }),
  );
  return { rendered, latest: () => rendered.at(-1) };
}

async function createTasks(user: Client, ...titles: readonly string[]): Promise<Task[]> {
  const created: Task[] = [];
  for (const title of titles) created.push((await user.post('/api/v1/tasks', { title })).body);
  return created;
}

describe('queries', () => {
  test('read what the client reads, and their keys have the types of the results', async () => {
    const user = api.user();
    const [milk] = (await createTasks(user, 'Buy milk')) as [Task];
    const { queryClient, todo } = openApplication(user);
    expect(await queryClient.fetchQuery(todo.tasks.list({ q: 'milk' }))).toEqual([milk]);
    expect(await queryClient.fetchQuery(todo.tasks.get(milk.id))).toEqual(milk);
    expect(await queryClient.fetchQuery(todo.tasks.count({ status: 'Done' }))).toEqual({ count: 0 });
    expect(await queryClient.fetchQuery(todo.lists.list())).toEqual([]);
    expect(await queryClient.fetchQuery(todo.tags.list())).toEqual([]);
    const cached: Task | undefined = queryClient.getQueryData(todo.tasks.get(milk.id).queryKey);
    expect(cached?.title).toBe('Buy milk');
    const history = await queryClient.fetchInfiniteQuery(todo.tasks.history(milk.id));
    expect(history.pages[0]?.items).toMatchObject([{ kind: 'Created' }]);
  });

  test('of pages follow the cursors, also after a first page that skips tasks', async () => {
    const user = api.user();
    await createTasks(user, 'a', 'b', 'c', 'd');
    const { queryClient, todo } = openApplication(user);
    const observer = new InfiniteQueryObserver(queryClient, todo.tasks.pages({ sort: 'title', limit: 2, skip: 1 }));
    onTestFinished(observer.subscribe(() => {}));
    await vi.waitUntil(() => observer.getCurrentResult().isSuccess, 20_000);
    expect(observer.getCurrentResult().hasNextPage).toBe(true);
    const { data, hasNextPage } = await observer.fetchNextPage();
    expect(data?.pages.map(({ items }) => items.map(({ title }) => title))).toEqual([['b', 'c'], ['d']]);
    expect(hasNextPage).toBe(false);
  });

  test('reject with the problem after one request', async () => {
    const { queryClient, todo, requests } = openApplication(api.user());
    await expect(queryClient.fetchQuery(todo.tasks.get('0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d'))).rejects.toMatchObject({
      code: 'task_not_found',
    });
    expect(requests()).toBe(1);
  });
});

describe('mutations', () => {
  test('are shown by the queries that they affect, and give their result to the query of the task', async () => {
    const application = openApplication(api.user());
    const { queryClient, todo, mutate } = application;
    const tasks = renderTasks(application);
    const tags = new QueryObserver(queryClient, todo.tags.list());
    onTestFinished(tags.subscribe(() => {}));
    await vi.waitUntil(() => tasks.latest() && tags.getCurrentResult().isSuccess, 20_000);
    const milk = await mutate(todo.tasks.create(), { title: 'Buy milk', tags: ['shop'] });
    expect(tasks.latest()).toEqual(['Buy milk']);
    expect(tags.getCurrentResult().data).toMatchObject([{ name: 'shop' }]);
    expect(queryClient.getQueryData(todo.tasks.get(milk.id).queryKey)).toEqual(milk);
    await mutate(todo.tasks.replace(), { id: milk.id, task: { title: 'Buy bread' } });
    expect(tasks.latest()).toEqual(['Buy bread']);
    expect(queryClient.getQueryData(todo.tasks.get(milk.id).queryKey)).toMatchObject({ version: 2 });
    await mutate(todo.tasks.delete(), { id: milk.id, ifVersion: 2 });
    expect(tasks.latest()).toEqual([]);
    const trash = await queryClient.fetchInfiniteQuery(todo.trash.pages());
    expect(trash.pages[0]?.items).toHaveLength(1);
    await mutate(todo.trash.restore(), { id: milk.id });
    expect(tasks.latest()).toEqual(['Buy bread']);
  });

  test('update and delete are shown before the response, in lists, pages and the task', async () => {
    const user = api.user();
    const [milk, tea] = (await createTasks(user, 'Milk', 'Tea')) as [Task, Task];
    const application = openApplication(user);
    const { queryClient, todo, mutate } = application;
    const tasks = renderTasks(application);
    await queryClient.fetchInfiniteQuery(todo.tasks.pages());
    await queryClient.fetchQuery(todo.tasks.get(milk.id));
    await vi.waitUntil(() => tasks.latest()?.length === 2, 20_000);
    const openGate = application.closeGate();
    const patch = { title: 'Oat milk', due: { date: '2026-12-01' }, description: null };
    const updated = mutate(todo.tasks.update(), { id: milk.id, patch });
    const deleted = mutate(todo.tasks.delete(), { id: tea.id });
    await vi.waitUntil(() => tasks.latest()?.length === 1, 20_000);
    expect(tasks.latest()).toEqual(['Oat milk']);
    expect(queryClient.getQueryData(todo.tasks.get(milk.id).queryKey)).toEqual({ ...milk, ...patch });
    const pages = queryClient.getQueryData(todo.tasks.pages().queryKey);
    expect(pages?.pages[0]?.items).toEqual([{ ...milk, ...patch }]);
    openGate();
    await Promise.all([updated, deleted]);
    expect(tasks.latest()).toEqual(['Oat milk']);
    // The response of the first mutation does not bring back what the second one has hidden.
    expect(tasks.rendered).toEqual([['Milk', 'Tea'], ['Oat milk', 'Tea'], ['Oat milk']]);
    expect(queryClient.getQueryState(todo.tasks.pages().queryKey)?.isInvalidated).toBe(true);
  });

  test('that settle do not hide others in progress', async () => {
    const user = api.user();
    const [milk, tea] = (await createTasks(user, 'Milk', 'Tea')) as [Task, Task];
    const application = openApplication(user);
    const { todo, mutate, requests } = application;
    const tasks = renderTasks(application);
    await vi.waitUntil(() => tasks.latest()?.length === 2, 20_000);
    const before = requests();
    const openGate = application.closeGate();
    const deleted = mutate(todo.tasks.delete(), { id: tea.id });
    await vi.waitUntil(() => requests() > before, 20_000);
    application.letOthersPass();
    await mutate(todo.tasks.update(), { id: milk.id, patch: { title: 'Oat milk' } });
    openGate();
    await deleted;
    expect(tasks.rendered).toEqual([['Milk', 'Tea'], ['Milk'], ['Oat milk']]);
  });

  test('that the server rejects are taken back', async () => {
    const user = api.user();
    const [milk] = (await createTasks(user, 'Milk')) as [Task];
    const application = openApplication(user);
    const tasks = renderTasks(application);
    await vi.waitUntil(() => tasks.latest(), 20_000);
    await user.patch(`/api/v1/tasks/${milk.id}`, { priority: 'High' });
    const { todo, mutate, queryClient } = application;
    // No component shows this query, so it is not read again.
    queryClient.setQueryData(todo.tasks.get(milk.id).queryKey, milk);
    const rejected = mutate(todo.tasks.update(), { id: milk.id, patch: { title: 'Beer' }, ifVersion: 1 });
    await expect(rejected).rejects.toMatchObject({ code: 'version_mismatch', currentVersion: 2 });
    expect(tasks.rendered).toEqual([['Milk'], ['Beer'], ['Milk']]);
    expect(queryClient.getQueryData(todo.tasks.get(milk.id).queryKey)).toEqual(milk);
    expect(queryClient.getQueryData(todoKeys.tasks.list({ sort: 'title' }))).toMatchObject([{ version: 2 }]);
  });

  test('of lists, tags and places, and undo', async () => {
    const user = api.user();
    const [milk, tea] = (await createTasks(user, 'Milk', 'Tea')) as [Task, Task];
    const { queryClient, todo, mutate } = openApplication(user);
    const list = await mutate(todo.lists.create(), { name: 'Shop' });
    await mutate(todo.lists.update(), { id: list.id, patch: { color: '#ff0000' } });
    expect(await queryClient.fetchQuery(todo.lists.get(list.id))).toMatchObject({ color: '#ff0000' });
    await mutate(todo.tasks.move(), { id: tea.id, to: { before: milk.id } });
    expect((await queryClient.fetchQuery(todo.tasks.list({ sort: 'position' }))).map(({ id }) => id)).toEqual([
      tea.id,
      milk.id,
    ]);
    await mutate(todo.tasks.update(), { id: milk.id, patch: { tags: ['shop'], list_id: list.id } });
    await mutate(todo.tags.rename(), { name: 'shop', newName: 'errands' });
    expect(await queryClient.fetchQuery(todo.tags.list())).toMatchObject([{ name: 'errands' }]);
    await mutate(todo.lists.delete(), { id: list.id, tasks: 'delete' });
    expect(await queryClient.fetchQuery(todo.tasks.count())).toEqual({ count: 1 });
    const { headers } = await user.delete(`/api/v1/tasks/${tea.id}`);
    await mutate(todo.undo(), headers.get('change-set') as string);
    expect((await queryClient.fetchQuery(todo.tasks.get(tea.id))).title).toBe('Tea');
    await mutate(todo.trash.empty(), undefined);
    expect((await queryClient.fetchInfiniteQuery(todo.trash.pages())).pages[0]?.items).toEqual([]);
  });
});
