/** Lists of tasks: filters, sorts and pages. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const statuses = ['Todo', 'InProgress', 'Done'];
const priorities = ['Low', 'Medium', 'High'];

interface Task {
  id: string;
  title: string;
  status: string;
  priority: string;
  created_at: string;
  updated_at: string;
}

/** A user with `count` tasks in every combination of status and priority. The older half has been changed. */
async function userWithTasks(count: number): Promise<Client> {
  const owner = api.user();
  const made: Task[] = [];
  for (let index = 0; index < count; index += 1) {
    const { body } = await owner.post(collection, {
      title: `Task ${index}`,
      status: statuses[index % 3],
      priority: priorities[Math.floor(index / 3) % 3],
    });
    made.push(body);
  }
  for (const { id } of made.slice(0, count / 2)) await owner.patch(`${collection}/${id}`, { description: 'changed' });
  return owner;
}

/** The target of a relation in a `Link` header. */
function linkOf(headers: Headers, relation: string): string | undefined {
  return new RegExp(`<([^>]*)>; rel="${relation}"`).exec(headers.get('link') ?? '')?.[1];
}

/** The ids of this page and of all pages after it. */
async function walk(owner: Client, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let next: string | undefined = path; next; ) {
    const { status, body, headers } = await owner.get(next);
    expect(status).toBe(200);
    ids.push(...body.map(({ id }: Task) => id));
    next = linkOf(headers, 'next');
  }
  return ids;
}

const errorsOf = ({ status, body }: { status: number; body: { errors?: { in: string; pointer: string }[] } }) => ({
  status,
  places: body.errors?.map((error) => `${error.in} ${error.pointer}`),
});

describe('the list', () => {
  test('is an empty array for a new user', async () => {
    const { status, body, headers } = await api.user().get(collection);
    expect({ status, body }).toEqual({ status: 200, body: [] });
    expect(headers.get('link')).toBe('</api/v1/tasks>; rel="first"');
  });

  test('contains complete tasks, the newest first', async () => {
    const owner = await userWithTasks(3);
    const { body } = await owner.get(collection);
    expect(body.map(({ title }: Task) => title)).toEqual(['Task 2', 'Task 1', 'Task 0']);
    expect(body[0]).toEqual((await owner.get(`${collection}/${body[0].id}`)).body);
  });

  test('responds to HEAD with the same links and no body', async () => {
    const owner = await userWithTasks(2);
    const { headers } = await owner.get(`${collection}?limit=1`);
    const head = await owner.request('HEAD', `${collection}?limit=1`);
    expect({ text: head.text, link: head.headers.get('link') }).toEqual({ text: '', link: headers.get('link') });
  });
});

describe('filters', () => {
  let owner: Client;
  let all: Task[];

  beforeAll(async () => {
    owner = await userWithTasks(18);
    all = (await owner.get(collection)).body;
  });

  test.each([
    ['status=Todo', (task: Task) => task.status === 'Todo'],
    ['status=Todo&status=Done', (task: Task) => task.status !== 'InProgress'],
    ['priority=High', (task: Task) => task.priority === 'High'],
    ['priority=High&priority=Low&priority=High', (task: Task) => task.priority !== 'Medium'],
    ['status=Done&priority=Low', (task: Task) => task.status === 'Done' && task.priority === 'Low'],
    ['priority=Low&status=Done&priority=High', (task: Task) => task.status === 'Done' && task.priority !== 'Medium'],
  ])('%s', async (query, wanted) => {
    const expected = all.filter(wanted);
    expect(expected.length).toBeGreaterThan(0);
    expect((await owner.get(`${collection}?${query}`)).body).toEqual(expected);
  });

  test.each(['', 'status=Todo', 'status=Done&priority=Low', 'q=task', 'q=nothing', 'due=none'])(
    'count the tasks of the list with %s',
    async (query) => {
      const expected = (await owner.get(`${collection}?${query}`)).body.length;
      expect((await owner.get(`${collection}/count?${query}`)).body).toEqual({ count: expected });
      expect((await api.user().get(`${collection}/count?${query}`)).body).toEqual({ count: 0 });
    },
  );

  test.each(['limit=5', 'sort=title', 'skip=1', 'cursor=x', 'status=todo'])('of a count reject %s', async (query) => {
    const answer = await owner.get(`${collection}/count?${query}`);
    expect(errorsOf(answer)).toEqual({ status: 422, places: [`query ${query.split('=')[0]}`] });
  });

  test.each(['created_at', 'updated_at', '-created_at', '-updated_at'])('sort=%s', async (sort) => {
    const { body } = await owner.get(`${collection}?sort=${sort}`);
    const key = sort.replace('-', '') as 'created_at' | 'updated_at';
    const ascending = body.map((task: Task) => `${task[key]} ${task.id}`);
    if (sort.startsWith('-')) ascending.reverse();
    expect(ascending).toEqual([...ascending].sort());
    expect(body).toHaveLength(all.length);
  });
});

describe('pages', () => {
  test.each(['created_at', '-created_at', 'updated_at', '-updated_at'])(
    'by %s contain each task once',
    async (sort) => {
      const owner = await userWithTasks(13);
      const whole: Task[] = (await owner.get(`${collection}?sort=${sort}`)).body;
      for (const limit of [1, 4, 13]) {
        const ids = await walk(owner, `${collection}?sort=${sort}&limit=${limit}`);
        expect(ids).toEqual(whole.map(({ id }) => id));
      }
    },
  );

  test('break ties by id, in the direction of the sort', async () => {
    const owner = await userWithTasks(9);
    await api.database.query(
      `update todo.tasks set created_at = '2026-01-01T00:00:00.000001Z', updated_at = '2026-01-01T00:00:00.000001Z',
         completed_at = case when completed_at is not null then timestamptz '2026-01-01T00:00:00.000001Z' end
       where owner_id = $1`,
      [owner.userId],
    );
    const ids = await walk(owner, `${collection}?sort=created_at&limit=2`);
    expect(new Set(ids).size).toBe(9);
    expect(ids).toEqual([...ids].sort());
    expect(await walk(owner, `${collection}?sort=-created_at&limit=2`)).toEqual([...ids].reverse());
  });

  test('distinguish microseconds', async () => {
    const owner = await userWithTasks(4);
    await api.database.query(
      `update todo.tasks set completed_at = null, status = 'Todo', updated_at = '2026-01-01T00:00:01Z',
         created_at = timestamptz '2026-01-01T00:00:00Z' + right(title, 1)::int * interval '1 microsecond'
       where owner_id = $1`,
      [owner.userId],
    );
    expect(new Set(await walk(owner, `${collection}?limit=1`)).size).toBe(4);
  });

  test('keep the filters in their links, and the last one has no next link', async () => {
    const owner = await userWithTasks(18);
    const { body, headers } = await owner.get(`${collection}?status=Todo&status=Done&priority=Low&limit=3`);
    expect(body).toHaveLength(3);
    expect(linkOf(headers, 'first')).toBe(`${collection}?status=Todo&status=Done&priority=Low&limit=3`);
    const last = await owner.get(linkOf(headers, 'next') ?? '');
    expect(last.body).toHaveLength(1);
    expect(linkOf(last.headers, 'next')).toBeUndefined();
    expect(linkOf(last.headers, 'first')).toBe(linkOf(headers, 'first'));
  });

  test('have the cursor of the next page in Next-Cursor', async () => {
    const owner = await userWithTasks(3);
    const first = await owner.get(`${collection}?limit=2`);
    const cursor = first.headers.get('next-cursor') as string;
    expect(linkOf(first.headers, 'next')).toBe(`${collection}?limit=2&cursor=${cursor}`);
    const last = await owner.get(`${collection}?limit=2&cursor=${cursor}`);
    expect(last.body).toHaveLength(1);
    expect(last.headers.has('next-cursor')).toBe(false);
  });

  test('have no next link if the number of tasks equals the limit', async () => {
    const owner = await userWithTasks(2);
    expect(linkOf((await owner.get(`${collection}?limit=2`)).headers, 'next')).toBeUndefined();
  });

  test('can be counted with skip', async () => {
    const owner = await userWithTasks(5);
    const ids = (await owner.get(collection)).body.map(({ id }: Task) => id);
    const { body, headers } = await owner.get(`${collection}?skip=1&limit=2`);
    expect(body.map(({ id }: Task) => id)).toEqual(ids.slice(1, 3));
    expect(await walk(owner, linkOf(headers, 'next') ?? '')).toEqual(ids.slice(3));
    expect((await owner.get(`${collection}?skip=10000`)).body).toEqual([]);
  });

  test('neither skip nor repeat tasks during insertions and deletions', async () => {
    const owner = await userWithTasks(8);
    const untouched: string[] = (await owner.get(collection)).body.map(({ id }: Task) => id);
    const seen: string[] = [];
    for (let next: string | undefined = `${collection}?limit=2`; next; ) {
      const { body, headers } = await owner.get(next);
      seen.push(...body.map(({ id }: Task) => id));
      next = linkOf(headers, 'next');
      // The row of the cursor is deleted, and a row before it is inserted.
      const last = body.at(-1);
      await owner.delete(`${collection}/${last.id}`);
      await owner.post(collection, { title: 'Late' });
    }
    expect(seen).toEqual(untouched);
  });

  test('have 100 tasks by default and at most 200', async () => {
    const owner = api.user();
    await api.database.query(
      `insert into todo.tasks (owner_id, id, seq, title)
       select $1, gen_random_uuid(), number, 'Task ' || number from generate_series(1, 201) as number`,
      [owner.userId],
    );
    expect((await owner.get(collection)).body).toHaveLength(100);
    const { body, headers } = await owner.get(`${collection}?limit=200`);
    expect(body).toHaveLength(200);
    expect((await owner.get(linkOf(headers, 'next') ?? '')).body).toHaveLength(1);
  });
});

describe('a cursor', () => {
  let owner: Client;
  let cursor: string;

  beforeAll(async () => {
    owner = await userWithTasks(9);
    const { headers } = await owner.get(`${collection}?status=Todo&limit=1`);
    cursor = new URLSearchParams(linkOf(headers, 'next')?.split('?')[1]).get('cursor') ?? '';
  });

  test('works with another limit', async () => {
    expect((await owner.get(`${collection}?status=Todo&limit=2&cursor=${cursor}`)).body).toHaveLength(2);
  });

  test.each([
    '',
    '&status=Done',
    '&status=Todo&status=Done',
    '&status=Todo&priority=Low',
    '&status=Todo&sort=created_at',
  ])('is rejected with the different query "%s"', async (query) => {
    const answer = await owner.get(`${collection}?cursor=${cursor}${query}`);
    expect(errorsOf(answer)).toEqual({ status: 422, places: ['query cursor'] });
  });

  test('is rejected for another user', async () => {
    const answer = await api.user().get(`${collection}?status=Todo&cursor=${cursor}`);
    expect(errorsOf(answer)).toEqual({ status: 422, places: ['query cursor'] });
  });

  test('is rejected if any character is changed, added or removed', async () => {
    for (let index = 0; index < cursor.length; index += 1) {
      const other = cursor[index] === 'A' ? 'B' : 'A';
      const changed = cursor.slice(0, index) + other + cursor.slice(index + 1);
      const answer = await owner.get(`${collection}?status=Todo&cursor=${changed}`);
      expect(errorsOf(answer), changed).toEqual({ status: 422, places: ['query cursor'] });
    }
    for (const changed of [`${cursor}A`, cursor.slice(0, -1), '', 'x', `${cursor}=`, '%00', '💥', 'A'.repeat(5000)]) {
      const answer = await owner.get(`${collection}?status=Todo&cursor=${changed}`);
      expect(errorsOf(answer), changed).toEqual({ status: 422, places: ['query cursor'] });
    }
  });

  test('cannot be combined with skip', async () => {
    const answer = await owner.get(`${collection}?status=Todo&skip=1&cursor=${cursor}`);
    expect(errorsOf(answer)).toEqual({ status: 422, places: ['query skip'] });
  });
});
