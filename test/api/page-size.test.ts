/** The size of a page: it ends at 1 MiB of text, and the next page continues after it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { maxPageBytes } from '../../src/resource/page.ts';
import { sorts } from '../../src/tasks/list-parameters.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { canPrepare } from '../support/databases.ts';

let api: TestApi;
let user: Client;

const collection = '/api/v1/tasks';
const tasks = 130;
const longest = 10_000;

/** Every third task has the longest description (40,000 bytes), and every third one of the others has none. */
beforeAll(async () => {
  api = await startApi({ keep: true });
  user = api.user('reader');
  await api.database.query(
    `insert into todo.tasks (owner_id, id, seq, title, description, priority, due_date, created_at, updated_at)
     select 'reader', ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, n, 'task ' || n % 7,
            case n % 9 when 1 then null when 2 then 'short' when 4 then repeat('é', 3000)
                       else repeat(chr(128512 + n), case when n % 3 = 0 then $2::int else 1000 end) end,
            (array['Low', 'Medium', 'High'])[1 + n % 3]::todo.task_priority,
            case when n % 2 = 0 then date '2026-01-01' + n / 10 end,
            timestamptz '2026-01-01Z' + n / 3 * interval '1 hour', timestamptz '2026-02-01Z' + n % 5 * interval '1 hour'
     from generate_series(1, $1::int) as n`,
    [tasks, longest],
  );
});

afterAll(() => api.stop());

function nextOf({ headers }: Answer): string | undefined {
  return /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1];
}

async function pagesOf(path: string): Promise<any[][]> {
  const pages: any[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer = await user.get(next);
    expect(answer.status).toBe(200);
    pages.push(answer.body);
    next = nextOf(answer);
  }
  return pages;
}

const textBytes = (page: any[]) =>
  page.reduce(
    (sum, { title, description }) => sum + Buffer.byteLength(title) + Buffer.byteLength(description ?? ''),
    0,
  );

test.each(sorts)('sorted by %s, no task is skipped or repeated', async (sort) => {
  // A page of 20 cannot reach the size.
  const expected = (await pagesOf(`${collection}?sort=${sort}&limit=20`)).flat();
  expect(new Set(expected.map(({ id }) => id)).size).toBe(tasks);
  const pages = await pagesOf(`${collection}?sort=${sort}&limit=200`);
  expect(pages.flat()).toEqual(expected);
  expect(pages.length).toBeGreaterThan(1);
  for (const page of pages.slice(0, -1)) {
    expect(page.length).toBeLessThan(200);
    expect(textBytes(page)).toBeGreaterThanOrEqual(maxPageBytes);
    // All but the last task fit.
    expect(textBytes(page.slice(0, -1))).toBeLessThan(maxPageBytes);
  }
});

test.each([1, 24, 25, 26, 60, 129, 130])('a limit of %d is exact where the size permits it', async (limit) => {
  const expected = (await pagesOf(`${collection}?limit=20`)).flat();
  const pages = await pagesOf(`${collection}?limit=${limit}`);
  expect(pages.flat()).toEqual(expected);
  for (const page of pages.slice(0, -1)) {
    if (page.length !== limit) expect(textBytes(page)).toBeGreaterThanOrEqual(maxPageBytes);
  }
});

test.each([1, 49, 50, 60, 129, 130])('skip=%d counts tasks, whatever their size', async (skip) => {
  const expected = (await pagesOf(`${collection}?limit=20`)).flat();
  for (const limit of [5, 200]) {
    expect((await pagesOf(`${collection}?limit=${limit}&skip=${skip}`)).flat()).toEqual(expected.slice(skip));
  }
});

test('filters apply to pages of long tasks', async () => {
  const expected = (await pagesOf(`${collection}?limit=20`)).flat().filter(({ priority }) => priority === 'Low');
  for (const filters of ['priority=Low', 'list_id=inbox&priority=Low']) {
    expect((await pagesOf(`${collection}?limit=200&${filters}`)).flat()).toEqual(expected);
  }
});

test('a page of tasks with usual texts has all of them', async () => {
  const other = api.user();
  await api.database.query(
    `insert into todo.tasks (owner_id, id, seq, title, description)
     select $1, gen_random_uuid(), n, repeat('x', 255), repeat('y', 1000) from generate_series(1, 200) as n`,
    [other.userId],
  );
  const answer = await other.get(`${collection}?limit=200`);
  expect([answer.body.length, nextOf(answer)]).toEqual([200, undefined]);
});

test('a page has at least one task, and its size follows from the bound', async () => {
  const other = api.user();
  await api.database.query(
    `insert into todo.tasks (owner_id, id, seq, title, description)
     select $1, gen_random_uuid(), n, repeat(chr(128512), 255), repeat(chr(128512), 10000) from generate_series(1, 200) as n`,
    [other.userId],
  );
  const answer = await other.get(`${collection}?limit=200`);
  expect(answer.body).toHaveLength(Math.ceil(maxPageBytes / (4 * 10_255)));
  expect(nextOf(answer)).toBeDefined();
});

test.runIf(canPrepare)('requests with different limits share a prepared statement', async () => {
  const other = api.user();
  for (const limit of [30, 60, 90, 200]) {
    expect((await other.get(`${collection}?sort=-title&priority=Low&limit=${limit}`)).status).toBe(200);
  }
  const { rows } = await api.database.driver.pool.query(
    `select name from pg_prepared_statements where name like 'tasks_list -title priority%'`,
  );
  expect(rows).toHaveLength(1);
});
