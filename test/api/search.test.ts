/** The filter `q`: prefixes of the words of title and description. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasFewWords } from '../../src/tasks/search/words.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ada: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  ada = api.user();
  const tasks = [
    ['Buy oat milk', 'At the Crème Café, before NOON'],
    ['Über Straße gehen', null],
    ['ΟΔΥΣΣΕΥΣ', 'Οδός'],
    ['Сделать покупки', null],
    ['東京に行く', '明日'],
    ['ซื้อนม', null],
    ['खरीदना दूध', null],
    ['Łódź – Ærø', 'smörgåsbord'],
    ['100% done & dusted', 'C:\\temp_dir'],
    ['Party 🎉', 'it\'s "quoted" | piped'],
  ] as const;
  for (const [title, description] of tasks) await ada.post('/api/v1/tasks', { title, description });
});

afterAll(() => api.stop());

async function found(q: string): Promise<string[]> {
  const { status, body } = await ada.get(`/api/v1/tasks?sort=title&q=${encodeURIComponent(q)}`);
  expect(status, q).toBe(200);
  return body.map((task: any) => task.title);
}

describe('a word matches prefixes of words', () => {
  test.each([
    ['mil', ['Buy oat milk']],
    ['ilk', []],
    ['buy milk', ['Buy oat milk']],
    ['milk buy noon', ['Buy oat milk']],
    ['milk bread', []],
  ])('%s', async (q, titles) => {
    expect(await found(q)).toEqual(titles);
  });
});

describe('case and accents are ignored in every script', () => {
  test.each([
    ['CREME cafe', 'Buy oat milk'],
    ['uber strasse', 'Über Straße gehen'],
    ['ÜBER STRASSE', 'Über Straße gehen'],
    ['οδυσσευς', 'ΟΔΥΣΣΕΥΣ'],
    ['οδυσσευσ', 'ΟΔΥΣΣΕΥΣ'],
    ['οδος', 'ΟΔΥΣΣΕΥΣ'],
    ['СДЕЛАТЬ покуп', 'Сделать покупки'],
    ['東京', '東京に行く'],
    ['行く', '東京に行く'],
    ['นม', 'ซื้อนม'],
    ['दूध', 'खरीदना दूध'],
    ['lodz aero', 'Łódź – Ærø'],
    ['SMORGAS', 'Łódź – Ærø'],
    ['ｍｉｌｋ', 'Buy oat milk'],
  ])('%s', async (q, title) => {
    expect(await found(q)).toEqual([title]);
  });
});

describe('quotes, operators and wildcards are plain text', () => {
  test.each([
    ['%', ['100% done & dusted']],
    ['_', ['100% done & dusted']],
    ['done & dusted', ['100% done & dusted']],
    ['"milk"', ['Buy oat milk']],
    ["milk'", ['Buy oat milk']],
    ['mil*', ['Buy oat milk']],
    ['*', []],
    ['!milk', ['Buy oat milk']],
    ['-milk', ['Buy oat milk']],
    ['milk | party', []],
    ['milk OR party', []],
    ['🎉', ['Party 🎉']],
    ['quoted | piped', ['Party 🎉']],
    ["'; drop table todo.tasks; --", []],
    ['\\', ['100% done & dusted']],
    ['<->', []],
    ['milk:*', ['Buy oat milk']],
  ])('%s', async (q, titles) => {
    expect(await found(q)).toEqual(titles);
  });
});

test('a blank q is no filter', async () => {
  for (const q of ['', ' ', '\t\n', '\u00a0']) expect(await found(q)).toHaveLength(10);
});

test('no value of q is a syntax error', async () => {
  const texts = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => !text.includes('\0') && hasFewWords(text));
  await fc.assert(
    fc.asyncProperty(texts, async (q) => {
      await found(q);
    }),
    { numRuns: 60 },
  );
});

test('a q of more than 200 characters, or with U+0000, is rejected', async () => {
  expect((await ada.get(`/api/v1/tasks?q=${encodeURIComponent('ä'.repeat(200))}`)).status).toBe(200);
  for (const q of ['ä'.repeat(201), 'a\0']) {
    const { status, body } = await ada.get(`/api/v1/tasks?q=${encodeURIComponent(q)}`);
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'query', pointer: 'q' }]);
  }
});

test('a changed text is found only by its new words', async () => {
  const bob = api.user();
  const { body: task } = await bob.post('/api/v1/tasks', { title: 'alpha beta', description: 'gamma alpha' });
  const finds = async (q: string) => (await bob.get(`/api/v1/tasks?q=${q}`)).body.length === 1;
  await bob.patch(`/api/v1/tasks/${task.id}`, { title: 'delta beta' });
  expect(await Promise.all(['alpha', 'beta', 'gamma', 'delta'].map(finds))).toEqual([true, true, true, true]);
  await bob.patch(`/api/v1/tasks/${task.id}`, { description: null });
  expect(await Promise.all(['alpha', 'beta', 'gamma', 'delta'].map(finds))).toEqual([false, true, false, true]);
  await bob.patch(`/api/v1/tasks/${task.id}`, { title: 'omega' }, { 'If-Match': '"1"' });
  expect(await finds('omega')).toBe(false);
  await bob.put(`/api/v1/tasks/${task.id}`, { title: 'omega', description: 'psi' });
  expect(await Promise.all(['beta', 'delta', 'omega', 'psi'].map(finds))).toEqual([false, false, true, true]);
  await bob.delete(`/api/v1/tasks/${task.id}`);
  expect(await api.database.query('select word from todo.task_words where owner_id = $1', [bob.userId])).toEqual([]);
});

test('every task is found by each prefix of each of its words', async () => {
  const bob = api.user();
  const word = fc.stringMatching(/^[a-zA-Zéüßñ0-9а-я]{1,12}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.nat(),
      async (words, pick, length) => {
        const { body: task } = await bob.post('/api/v1/tasks', { title: words.join(' ') });
        const chosen = words[pick % words.length] as string;
        const q = chosen.slice(0, 1 + (length % chosen.length)).toUpperCase();
        const { body } = await bob.get(`/api/v1/tasks?limit=200&q=${encodeURIComponent(q)}`);
        expect(body.map((other: any) => other.id)).toContain(task.id);
      },
    ),
    { numRuns: 40 },
  );
});

test('a word and its beginning are both required', async () => {
  const bob = api.user();
  for (const title of ['milkshake milk', 'milkshake', 'milk']) await bob.post('/api/v1/tasks', { title });
  const titles = async (q: string) =>
    (await bob.get(`/api/v1/tasks?sort=title&q=${q}`)).body.map((task: any) => task.title);
  expect(await titles('milk+milkshake')).toEqual(['milkshake', 'milkshake milk']);
  expect(await titles('mil+milk')).toEqual(['milk', 'milkshake', 'milkshake milk']);
  expect(await titles('milkshake+milk+x')).toEqual([]);
});
