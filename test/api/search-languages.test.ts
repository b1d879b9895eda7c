/** The filter `q` in many languages and scripts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { searchPairs } from './search-pairs.ts';

let api: TestApi;
let ada: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  ada = api.user();
  const operations = searchPairs.map(([, title]) => ({ op: 'create', task: { title } }));
  expect(operations.length).toBeLessThanOrEqual(100);
  expect((await ada.post('/api/v1/tasks/batch', { operations })).status).toBe(200);
});

afterAll(() => api.stop());

async function titlesFor(q: string): Promise<string[]> {
  const { status, body } = await ada.get(`/api/v1/tasks?limit=200&q=${encodeURIComponent(q)}`);
  expect(status, q).toBe(200);
  return body.map((task: any) => task.title);
}

test.each(searchPairs)('%s: %s', async (_language, title, finds, misses) => {
  const found = await Promise.all(
    [title, ...finds].map(async (q) => ((await titlesFor(q)).includes(title) ? [] : [q])),
  );
  const wrong = await Promise.all(misses.map(async (q) => ((await titlesFor(q)).includes(title) ? [q] : [])));
  expect({ missed: found.flat(), wrong: wrong.flat() }).toEqual({ missed: [], wrong: [] });
});

test('there are at least 200 pairs in 25 languages, and no query finds most tasks', async () => {
  const queries = searchPairs.flatMap(([, , finds, misses]) => [...finds, ...misses]);
  expect(queries.length).toBeGreaterThanOrEqual(200);
  expect(new Set(searchPairs.map(([language]) => language)).size).toBeGreaterThanOrEqual(25);
});

test('a query without visible characters is no filter, and a query without words finds nothing', async () => {
  for (const q of ['', ' \u200b', '\ufeff\u00ad', '\u3164', '\u0301']) {
    expect(await titlesFor(q)).toHaveLength(searchPairs.length);
  }
  for (const q of ['ـ', '\u{10fffd}', '\u07fa', '\u{1ffff}']) expect(await titlesFor(q)).toEqual([]);
});
