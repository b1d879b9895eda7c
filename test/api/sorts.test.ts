/** Every sort of a list: its order, and its pages during simultaneous writes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeCursor } from '../../src/resource/cursor.ts';
import { sorts } from '../../src/tasks/list-parameters.ts';
import { noKey, priorities, statuses } from '../../src/tasks/values.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { insertList } from '../support/lists.ts';

let api: TestApi;
/** A user whose tasks no test changes. */
let reader: Client;
let tasksOfReader: readonly any[];

beforeAll(async () => {
  api = await startApi({ keep: true });
  reader = api.user();
  tasksOfReader = await fill(reader, 45);
});

afterAll(() => api.stop());

/** All tasks of a list, page by page. */
async function walk(
  client: Client,
  query: string,
  betweenPages: () => Promise<unknown> = async () => {},
): Promise<any[]> {
  const tasks: any[] = [];
  for (let path: string | undefined = `/api/v1/tasks?${query}`; path; ) {
    const answer = await client.get(path);
    expect(answer.status).toBe(200);
    tasks.push(...answer.body);
    path = /<([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    if (path) await betweenPages();
  }
  return tasks;
}

/** Tasks that differ in every field, and have ties in every field. */
async function fill(client: Client, count: number): Promise<any[]> {
  const titles = ['apple', 'Äpfel', 'Apple', 'zebra', 'Zoë', 'élan', '10', '9', '_under', 'banana'];
  const [large, small] = [await insertList(api, client), await insertList(api, client)];
  const tasks: any[] = [];
  for (let index = 0; index < count; index += 1) {
    const date = `2026-12-0${1 + (index % 4)}`;
    const dues = [
      null,
      { date },
      { date, time: '00:00' },
      { date, time: '09:30' },
      { date, time: '09:30', time_zone: 'Asia/Tokyo' },
    ];
    const { body } = await client.post('/api/v1/tasks', {
      title: titles[index % titles.length],
      status: statuses[index % 3],
      priority: priorities[(index >> 1) % 3],
      due: dues[index % dues.length],
      list_id: index % 2 ? large : index % 8 === 2 ? small : null,
      // The second task is the parent of others in its list.
      parent_id: index > 1 && index % 4 === 1 ? tasks[1].id : null,
      position: `a${'0Zaz'[(index >> 1) % 4]}`,
    });
    tasks.push(body);
  }
  // The order of changes differs from the order of creation.
  for (const task of tasks.slice(0, count / 3)) {
    const { body } = await client.patch(`/api/v1/tasks/${task.id}`, { description: 'changed' });
    tasks[tasks.indexOf(task)] = body;
  }
  return tasks;
}

/** The sort value of a task; undefined comes last in both directions. */
const keys: Record<string, (task: any) => any> = {
  created_at: (task) => task.created_at,
  updated_at: (task) => task.updated_at,
  due: (task) => (task.due ? `${task.due.date} ${task.due.time ?? ''}` : undefined),
  priority: (task) => priorities.indexOf(task.priority),
  title: (task) => task.title,
  status: (task) => statuses.indexOf(task.status),
  position: (task) => [task.list_id ?? noKey, task.parent_id ?? noKey, task.position].join(),
};

const people = new Intl.Collator('und');

function compareBy(sort: string): (one: any, other: any) => number {
  const key = keys[sort.replace('-', '')] as (task: any) => any;
  const direction = sort.startsWith('-') ? -1 : 1;
  return (one, other) => {
    const [a, b] = [key(one), key(other)];
    if ((a === undefined) !== (b === undefined)) return a === undefined ? 1 : -1;
    const order = sort.endsWith('title') ? people.compare(a, b) : a < b ? -1 : a > b ? 1 : 0;
    return direction * (order || (one.id < other.id ? -1 : 1));
  };
}

describe.each(sorts)('sort=%s', (sort) => {
  test('has the documented order, in one page or in pages of any size', async () => {
    const expected = tasksOfReader.toSorted(compareBy(sort)).map((task) => task.id);
    for (const limit of [1, 7, 200]) {
      expect((await walk(reader, `sort=${sort}&limit=${limit}`)).map((task) => task.id)).toEqual(expected);
    }
    expect((await reader.get(`/api/v1/tasks?sort=${sort}&skip=40`)).body.map((task: any) => task.id)).toEqual(
      expected.slice(40),
    );
  });

  // The statement reads a list with more than a quarter of the tasks in another way.
  test('has the same order within a large list and a small one', async () => {
    const lists = new Set(tasksOfReader.map((task) => task.list_id as string | null));
    expect(lists.size).toBe(3);
    for (const list of lists) {
      const tasks = tasksOfReader.filter((task) => task.list_id === list);
      const expected = tasks.toSorted(compareBy(sort)).map((task) => task.id);
      const query = `sort=${sort}&list_id=${list ?? 'inbox'}`;
      expect((await walk(reader, `${query}&limit=4`)).map((task) => task.id)).toEqual(expected);
      expect((await walk(reader, `${query}&skip=3`)).map((task) => task.id)).toEqual(expected.slice(3));
    }
  });

  test('neither skips nor repeats unchanged tasks while others are created, deleted and changed', async () => {
    const ada = api.user();
    const tasks = await fill(ada, 60);
    const [kept, touched] = [tasks.filter((_, index) => index % 3), tasks.filter((_, index) => index % 3 === 0)];
    const seen = await walk(ada, `sort=${sort}&limit=5`, async () => {
      const [changed, removed] = touched.splice(0, 2);
      await Promise.all([
        ada.post('/api/v1/tasks', { title: 'new', priority: 'High', due: { date: '2026-12-02' } }),
        ada.post('/api/v1/tasks', { title: 'aaa', status: 'Done' }),
        changed &&
          ada.patch(`/api/v1/tasks/${changed.id}`, {
            title: 'moved',
            status: 'InProgress',
            due: { date: '2026-12-04' },
          }),
        removed && ada.delete(`/api/v1/tasks/${removed.id}`),
      ]);
    });
    const ids = seen.map((task) => task.id);
    expect(ids.filter((id) => kept.some((task) => task.id === id))).toEqual(
      kept.toSorted(compareBy(sort)).map((task) => task.id),
    );
  });

  test('works with all filters together', async () => {
    const ada = api.user();
    await ada.post('/api/v1/tasks', { title: 'find me', tags: ['a'], due: { date: '2026-12-02' } });
    await ada.post('/api/v1/tasks', { title: 'find me not', tags: ['b'], due: { date: '2026-12-02' } });
    const query =
      'list_id=inbox&parent_id=none&status=Todo&status=Done&priority=Medium&tag=A&q=find&due=any&due_from=2026-12-01&due_to=2026-12-31&time_zone=Asia/Tokyo' +
      '&created_from=2026-01-01T00:00:00Z&created_to=2999-01-01T00:00:00Z&updated_from=2026-01-01T00:00:00%2B01:00&updated_to=2999-01-01T00:00:00Z';
    expect((await walk(ada, `sort=${sort}&limit=1&${query}`)).map((task) => task.title)).toEqual(['find me']);
  });
});

test('a timestamp of a response, sent as a filter, matches the same task', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', status: 'Done' });
  for (const column of ['created', 'updated', 'completed']) {
    const at = task[`${column}_at`];
    expect((await ada.get(`/api/v1/tasks?${column}_from=${at}`)).body).toEqual([task]);
    expect((await ada.get(`/api/v1/tasks?${column}_to=${at}`)).body).toEqual([]);
  }
});

test('a cursor is valid only for its own list: same user, filters and sort, any limit', async () => {
  const [ada, bob] = [api.user(), api.user()];
  await fill(ada, 30);
  const { headers } = await ada.get('/api/v1/tasks?limit=2&status=Todo&q=a');
  const cursor = /cursor=([^>&]*)/.exec(headers.get('link') ?? '')?.[1];
  if (!cursor) throw new Error('the first page has no next one');
  expect((await ada.get(`/api/v1/tasks?limit=1&status=Todo&q=a&cursor=${cursor}`)).status).toBe(200);
  const changed = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`;
  for (const [client, query] of [
    [ada, `status=Todo&q=b&cursor=${cursor}`],
    [ada, `status=Done&q=a&cursor=${cursor}`],
    [ada, `status=Todo&cursor=${cursor}`],
    [ada, `status=Todo&q=a&sort=title&cursor=${cursor}`],
    [ada, `status=Todo&q=a&time_zone=Asia/Tokyo&cursor=${cursor}`],
    [ada, `status=Todo&q=a&cursor=${changed}`],
    [ada, 'status=Todo&q=a&cursor=x'],
    [ada, 'status=Todo&q=a&cursor='],
    [bob, `status=Todo&q=a&cursor=${cursor}`],
  ] as const) {
    const { status, body } = await client.get(`/api/v1/tasks?${query}`);
    expect(status, query).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'query', pointer: 'cursor' }]);
  }
});

test('a forged cursor with an invalid position is rejected', async () => {
  const taskId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
  const ada = api.user();
  const filters = { time_zone: 'UTC' };
  for (const position of [
    ['yesterday', 'x'],
    ['2026-11-20', 'x'],
    ['2026-11-20', '2026-11-20', taskId],
    [1],
    ['x'],
    {},
    null,
  ]) {
    const cursor = writeCursor(ada.userId as string, { filters, sort: '-created_at' }, position as never);
    const { status, body } = await ada.get(`/api/v1/tasks?cursor=${cursor}`);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'query', pointer: 'cursor' }]);
  }
});

test('more than 20 values of a filter are rejected', async () => {
  const { status, body } = await api.user().get(`/api/v1/tasks?${'tag=x&'.repeat(30)}`);
  expect(status).toBe(422);
  expect(body.errors).toMatchObject([{ in: 'query', pointer: 'tag' }]);
});
