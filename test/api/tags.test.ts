/** Tags: the contract's sections 4 and 5. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

test('a task has the tags it was made with, trimmed, once each, sorted as people sort', async () => {
  const ada = api.user();
  const { status, body } = await ada.post('/api/v1/tasks', {
    title: 'x',
    tags: [' zebra ', 'Äpfel', 'apple', 'APPLE', 'Zebra'],
  });
  expect(status).toBe(201);
  expect(body.tags).toEqual(['Äpfel', 'apple', 'zebra'].sort(new Intl.Collator('und').compare));
  expect((await ada.get(`/api/v1/tasks/${body.id}`)).body).toEqual(body);
  expect((await ada.get('/api/v1/tasks')).body).toEqual([body]);
});

test('a tag keeps the spelling that its user used first', async () => {
  const [ada, bob] = [api.user(), api.user()];
  await ada.post('/api/v1/tasks', { title: '1', tags: ['Home'] });
  expect((await ada.post('/api/v1/tasks', { title: '2', tags: ['HOME', 'ÉTÉ'] })).body.tags).toEqual(['ÉTÉ', 'Home']);
  expect((await ada.post('/api/v1/tasks', { title: '3', tags: ['été'] })).body.tags).toEqual(['ÉTÉ']);
  expect((await bob.post('/api/v1/tasks', { title: '1', tags: ['hOME'] })).body.tags).toEqual(['hOME']);
  expect((await ada.get('/api/v1/tags')).body).toEqual([
    { name: 'ÉTÉ', task_count: 2 },
    { name: 'Home', task_count: 2 },
  ]);
});

test('PATCH replaces the tags, leaves them when absent, refuses null; PUT returns them to none', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['a', 'b'] });
  const path = `/api/v1/tasks/${task.id}`;
  expect((await ada.patch(path, { status: 'Done' })).body).toMatchObject({ tags: ['a', 'b'], version: 2 });
  expect((await ada.patch(path, { tags: ['B', 'c'] })).body).toMatchObject({ tags: ['b', 'c'], version: 3 });
  expect((await ada.patch(path, { tags: ['C', 'b', 'B'] })).body).toMatchObject({ tags: ['b', 'c'], version: 3 });
  const refused = await ada.patch(path, { tags: null });
  expect(refused.status).toBe(422);
  expect(refused.body.errors[0].pointer).toBe('/tags');
  expect((await ada.put(path, { title: 'x' })).body).toMatchObject({ tags: [], version: 4, status: 'Todo' });
  expect((await ada.get('/api/v1/tags')).body).toEqual([]);
});

test('a refused change leaves the tags alone, and makes none', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['a'] });
  const refused = await ada.patch(`/api/v1/tasks/${task.id}`, { tags: ['b'] }, { 'If-Match': '"7"' });
  expect(refused.status).toBe(412);
  expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 'a', task_count: 1 }]);
  expect(await api.database.query('select name from todo.tags where owner_id = $1', [ada.userId])).toEqual([
    { name: 'a' },
  ]);
});

test('tags count for telling whether a repeated creation is the same', async () => {
  const ada = api.user();
  const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
  await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['a', 'B'] });
  expect((await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['b', 'A', 'a'] })).status).toBe(200);
  expect((await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['b'] })).status).toBe(409);
});

test('the filter tag takes any of its values, whatever their case', async () => {
  const ada = api.user();
  for (const [title, tags] of [
    ['1', ['Home']],
    ['2', ['Work', 'home']],
    ['3', ['Play']],
    ['4', []],
  ] as const) {
    await ada.post('/api/v1/tasks', { title, tags });
  }
  const titles = async (query: string) =>
    (await ada.get(`/api/v1/tasks?sort=title&${query}`)).body.map((task: any) => task.title);
  expect(await titles('tag=HOME')).toEqual(['1', '2']);
  expect(await titles('tag=play&tag=work')).toEqual(['2', '3']);
  expect(await titles('tag=home&status=Done')).toEqual([]);
  expect(await titles('tag=nothing')).toEqual([]);
});

test('a tag has between 1 and 50 characters, a task at most 20', async () => {
  const ada = api.user();
  expect((await ada.post('/api/v1/tasks', { title: 'x', tags: ['🎉'.repeat(50)] })).status).toBe(201);
  for (const tags of [
    ['🎉'.repeat(51)],
    ['  '],
    ['a\nb'],
    [1],
    'a',
    Array.from({ length: 21 }, (_, index) => `t${index}`),
  ]) {
    const { status, body } = await ada.post('/api/v1/tasks', { title: 'x', tags });
    expect(status, JSON.stringify(tags)).toBe(422);
    expect(body.errors[0].pointer).toMatch(/^\/tags/);
  }
});

test('many requests at once that make the same tags make each of them once', async () => {
  const ada = api.user();
  const names = Array.from({ length: 10 }, (_, index) => `tag ${index}`);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      ada.post('/api/v1/tasks', {
        title: 'x',
        tags: index % 2 ? names : names.map((name) => name.toUpperCase()).reverse(),
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
  const { body } = await ada.get('/api/v1/tags');
  expect(body.map((tag: any) => [tag.name.toLowerCase(), tag.task_count])).toEqual(names.map((name) => [name, 20]));
});

test('changes of one task’s tags at the same time follow one another: the last one holds', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['start'] });
  const sets = Array.from({ length: 12 }, (_, index) => [`a${index}`, `b${index}`]);
  await Promise.all(sets.map((tags) => ada.patch(`/api/v1/tasks/${task.id}`, { tags })));
  const { body } = await ada.get(`/api/v1/tasks/${task.id}`);
  expect(sets).toContainEqual(body.tags);
  expect(body.version).toBe(13);
});
