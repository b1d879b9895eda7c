/** Tags of tasks, and the list of tags. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxRenamedTasks } from '../../src/tags/statements.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

test('a task has its tags trimmed, without duplicates, in alphabetical order', async () => {
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

test('a tag keeps the first spelling of its user', async () => {
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

test('PATCH replaces the tags, keeps them if they are absent, and rejects null; PUT without tags removes them', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['a', 'b'] });
  const path = `/api/v1/tasks/${task.id}`;
  expect((await ada.patch(path, { status: 'Done' })).body).toMatchObject({ tags: ['a', 'b'], version: 2 });
  expect((await ada.patch(path, { tags: ['B', 'c'] })).body).toMatchObject({ tags: ['b', 'c'], version: 3 });
  expect((await ada.patch(path, { tags: ['C', 'b', 'B'] })).body).toMatchObject({ tags: ['b', 'c'], version: 3 });
  const rejected = await ada.patch(path, { tags: null });
  expect(rejected.status).toBe(422);
  expect(rejected.body.errors[0].pointer).toBe('/tags');
  expect((await ada.put(path, { title: 'x' })).body).toMatchObject({ tags: [], version: 4, status: 'Todo' });
  expect((await ada.get('/api/v1/tags')).body).toEqual([]);
});

test('a rejected change neither changes nor creates tags', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['a'] });
  const rejected = await ada.patch(`/api/v1/tasks/${task.id}`, { tags: ['b'] }, { 'If-Match': '"7"' });
  expect(rejected.status).toBe(412);
  expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 'a', task_count: 1 }]);
  expect(await api.database.query('select name from todo.tags where owner_id = $1', [ada.userId])).toEqual([
    { name: 'a' },
  ]);
});

test('a repeated creation with different tags is a different request', async () => {
  const ada = api.user();
  const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
  await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['a', 'B'] });
  expect((await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['b', 'A', 'a'] })).status).toBe(200);
  expect((await ada.post('/api/v1/tasks', { id, title: 'x', tags: ['b'] })).status).toBe(409);
});

test('the filter tag matches any of its values, in any case', async () => {
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

test('a tag has 1 to 50 characters, and a task has at most 20 tags', async () => {
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

test('simultaneous requests with the same new tags create each tag once', async () => {
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

test('simultaneous changes of the tags of one task run one after another, and the last one wins', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['start'] });
  const sets = Array.from({ length: 12 }, (_, index) => [`a${index}`, `b${index}`]);
  await Promise.all(sets.map((tags) => ada.patch(`/api/v1/tasks/${task.id}`, { tags })));
  const { body } = await ada.get(`/api/v1/tasks/${task.id}`);
  expect(sets).toContainEqual(body.tags);
  expect(body.version).toBe(13);
});

const sameTags = [
  ['normalization', 'Café', 'Cafe\u0301'],
  ['normalization of Hangul', '한글', '한글'.normalize('NFD')],
  ['a canonical equivalent', 'Å', '\u212b'],
  ['case', 'Straße', 'STRASSE'],
  ['capital ß', 'GROẞ', 'groß'],
  ['final sigma', 'ΟΔΟΣ', 'οδος'],
  ['sigma', 'οδος', 'οδοσ'],
  ['case in Turkish', 'İstanbul', 'i\u0307stanbul'],
  ['case in Cherokee', 'ᏣᎳᎩ', 'ꮳꮃꭹ'],
  ['case in Georgian', 'ᲡᲐᲥ', 'საქ'],
  ['a soft hyphen', 'cooperation', 'co\u00adoperation'],
  ['a zero width space', 'home', '\u200bho\u200bme'],
  ['a byte order mark', 'home', 'ho\ufeffme'],
  ['a word joiner', 'home', 'ho\u2060me'],
  ['bidi controls', 'abc', '\u202eabc\u202c'],
  ['a variation selector', '❤', '❤\ufe0f'],
  ['an ideographic variation', '葛', '葛\u{e0100}'],
  ['joiners beside ASCII', 'home', 'ho\u200dme\u200c'],
  ['a joiner at the end', 'خانه', 'خانه\u200c'],
  ['kinds of space', 'my tag', 'my\u00a0tag'],
] as const;

test.each(sameTags)('tags that differ in %s are the same', async (_difference, first, second) => {
  const ada = api.user();
  await ada.post('/api/v1/tasks', { title: '1', tags: [first] });
  const { body } = await ada.post('/api/v1/tasks', { title: '2', tags: [second, first] });
  expect(body.tags).toEqual([first]);
  expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: first, task_count: 2 }]);
  expect((await ada.get(`/api/v1/tasks?tag=${encodeURIComponent(second)}`)).body).toHaveLength(2);
  // In the reverse order, the other spelling is the first one.
  const bob = api.user();
  expect((await bob.post('/api/v1/tasks', { title: '1', tags: [second, first] })).body.tags).toEqual([second]);
});

test.each([
  ['accents', 'resume', 'résumé'],
  ['dots on i in Turkish', 'ılık', 'ilik'],
  ['a joiner in Persian', 'می\u200cخواهم', 'میخواهم'],
  ['a joiner in emoji', '👩\u200d💻', '👩💻'],
  ['the flag that tag characters make', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}', '🏴'],
  ['width', 'HOME', 'ＨＯＭＥ'],
  ['compatibility', 'x2', 'x²'],
  ['letters of two scripts', 'home', 'hоme'],
  ['marks of kana', 'はは', 'ばば'],
])('tags that differ in %s are different', async (_difference, first, second) => {
  const ada = api.user();
  const { body } = await ada.post('/api/v1/tasks', { title: '1', tags: [first, second] });
  expect(new Set(body.tags)).toEqual(new Set([first, second]));
  expect((await ada.get(`/api/v1/tasks?tag=${encodeURIComponent(first)}`)).body).toHaveLength(1);
});

const losing: [string, (user: Client, id: string) => Promise<unknown>][] = [
  ['PUT', (user, id) => user.put(`/api/v1/tasks/${id}`, { title: 'x' })],
  ['PATCH', (user, id) => user.patch(`/api/v1/tasks/${id}`, { tags: ['other'] })],
  ['DELETE', (user, id) => user.delete(`/api/v1/tasks/${id}`)],
  ['batch', (user, id) => user.post('/api/v1/tasks/batch', { operations: [{ op: 'delete', id }] })],
];

test.each(losing)('a tag that has lost its last task by %s takes the next spelling', async (_method, lose) => {
  const ada = api.user();
  const [first, second] = await Promise.all(
    ['1', '2'].map((title) => ada.post('/api/v1/tasks', { title, tags: ['Home'] })),
  );
  await lose(ada, first?.body.id);
  expect((await ada.post('/api/v1/tasks', { title: '3', tags: ['HOME'] })).body).toMatchObject({ tags: ['Home'] });
  for (const task of (await ada.get('/api/v1/tasks?tag=home')).body) await lose(ada, task.id);
  expect(second?.status).toBe(201);
  // The row is gone, too.
  const rows = await api.database.query(`select name from todo.tags where owner_id = $1 and key = 'home'`, [
    ada.userId,
  ]);
  expect(rows).toEqual([]);
  expect((await ada.get('/api/v1/tags')).body.map((tag: any) => tag.name)).not.toContain('Home');
  expect((await ada.post('/api/v1/tasks', { title: '4', tags: ['hOME'] })).body).toMatchObject({ tags: ['hOME'] });
  expect((await ada.post('/api/v1/tasks', { title: '5', tags: ['home'] })).body).toMatchObject({ tags: ['hOME'] });
});

test('a batch can remove a tag and create it again, and a task that keeps its tag keeps the spelling', async () => {
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['Home'] });
  expect((await ada.patch(`/api/v1/tasks/${task.id}`, { tags: ['HOME'] })).body).toMatchObject({
    tags: ['Home'],
    version: 1,
  });
  const { body } = await ada.post('/api/v1/tasks/batch', {
    operations: [
      { op: 'update', id: task.id, patch: { tags: [] } },
      { op: 'create', task: { title: 'y', tags: ['HOME'] } },
      { op: 'update', id: task.id, patch: { tags: ['home'] } },
    ],
  });
  expect(body.results.map((result: any) => result.task?.tags)).toEqual([undefined, ['HOME'], ['HOME']]);
});

test('one of several simultaneous spellings of an unused tag wins, and all responses have it', async () => {
  const ada = api.user();
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(
      ['home', 'Home', 'HOME', 'hOME', 'homE', 'HomE'].map((tag) =>
        ada.post('/api/v1/tasks', { title: 'x', tags: [tag] }),
      ),
    );
    const { body } = await ada.get('/api/v1/tags');
    expect(body).toEqual([{ name: expect.any(String), task_count: 6 }]);
    expect(answers.map((answer) => answer.body.tags)).toEqual(answers.map(() => [body[0].name]));
    await Promise.all(answers.map((answer) => ada.delete(`/api/v1/tasks/${answer.body.id}`)));
  }
});

describe('renaming a tag', () => {
  const rename = (user: Client, name: string, newName: string, headers = {}) =>
    user.patch(`/api/v1/tags/${encodeURIComponent(name)}`, { name: newName }, headers);
  const create = async (user: Client, ...tags: string[]) =>
    (await user.post('/api/v1/tasks', { title: 'x', tags })).body;
  const read = async (user: Client, { id }: { id: string }) => (await user.get(`/api/v1/tasks/${id}`)).body;

  test('changes it on every task, in one change set', async () => {
    const [ada, bob] = [api.user(), api.user()];
    const [one, two, other] = [await create(ada, 'Home', 'x'), await create(ada, 'home'), await create(ada, 'x')];
    const theirs = await create(bob, 'home');
    const { status, body, headers } = await rename(ada, 'HOME', ' a/b ');
    expect({ status, body }).toEqual({ status: 200, body: { name: 'a/b', task_count: 2 } });
    expect(await read(ada, one)).toMatchObject({ tags: ['a/b', 'x'], version: 2 });
    expect(await read(ada, two)).toMatchObject({ tags: ['a/b'], version: 2 });
    expect(await read(ada, other)).toEqual(other);
    expect(await read(bob, theirs)).toEqual(theirs);
    expect((await ada.get('/api/v1/tags')).body).toEqual([
      { name: 'a/b', task_count: 2 },
      { name: 'x', task_count: 2 },
    ]);
    expect((await ada.get('/api/v1/tasks?tag=A/B')).body).toHaveLength(2);
    expect((await ada.get('/api/v1/tasks?tag=home')).body).toEqual([]);
    const [change] = (await ada.get(`/api/v1/tasks/${one.id}/history`)).body;
    expect(change).toMatchObject({
      change_set: headers.get('change-set'),
      changes: { tags: { from: ['Home', 'x'], to: ['a/b', 'x'] } },
    });
    expect((await rename(ada, 'a/b', 'again')).body).toEqual({ name: 'again', task_count: 2 });
  });

  test('changes its spelling', async () => {
    const ada = api.user();
    const task = await create(ada, 'home');
    expect((await rename(ada, 'home', 'HOME')).body).toEqual({ name: 'HOME', task_count: 1 });
    expect((await read(ada, task)).tags).toEqual(['HOME']);
    expect((await create(ada, 'Home')).tags).toEqual(['HOME']);
  });

  test('to its own name changes nothing', async () => {
    const ada = api.user();
    const task = await create(ada, 'home');
    expect((await rename(ada, 'Home', 'home')).body).toEqual({ name: 'home', task_count: 1 });
    expect(await read(ada, task)).toEqual(task);
  });

  test('merges it into a tag that has the name, which keeps its spelling', async () => {
    const ada = api.user();
    const [one, both, two] = [
      await create(ada, 'home'),
      await create(ada, 'home', 'House'),
      await create(ada, 'House'),
    ];
    expect((await rename(ada, 'home', 'HOUSE')).body).toEqual({ name: 'House', task_count: 3 });
    expect((await read(ada, one)).tags).toEqual(['House']);
    expect(await read(ada, both)).toMatchObject({ tags: ['House'], version: 2 });
    expect(await read(ada, two)).toEqual(two);
    expect((await ada.get('/api/v1/tags')).body).toEqual([{ name: 'House', task_count: 3 }]);
    const [counts] = await api.database.query('select tags from todo.heads where owner_id = $1', [ada.userId]);
    expect(counts).toEqual({ tags: 1 });
  });

  test('is undone', async () => {
    const ada = api.user();
    const [one, both] = [await create(ada, 'home'), await create(ada, 'home', 'house')];
    const { headers } = await rename(ada, 'home', 'house');
    const { status } = await ada.request('POST', `/api/v1/change-sets/${headers.get('change-set')}/undo`);
    expect(status).toBe(200);
    expect((await read(ada, one)).tags).toEqual(['home']);
    expect((await read(ada, both)).tags).toEqual(['home', 'house']);
  });

  test('of a tag of too many tasks is rejected and changes nothing', async () => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x', tags: ['home'] });
    // Without the triggers, the rows need no tasks.
    await api.database.query(`
      do $$ begin
        perform set_config('session_replication_role', 'replica', true);
        insert into todo.task_tags (owner_id, task_id, tag_id)
        select tag.owner_id, gen_random_uuid(), tag.id from todo.tags as tag, generate_series(1, ${maxRenamedTasks})
        where tag.owner_id = '${ada.userId}';
      end $$`);
    const { status, body } = await rename(ada, 'home', 'house');
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'validation_failed' });
    expect(body.errors).toEqual([
      { in: 'path', pointer: 'name', message: expect.stringContaining('at most 40,000 tasks') },
    ]);
    // The same name changes nothing.
    expect((await rename(ada, 'home', 'home')).status).toBe(200);
    expect((await ada.get(`/api/v1/tasks/${task.id}`)).body).toEqual(task);
  });

  test('of a tag that does not exist or belongs to another user is the same 404', async () => {
    const [ada, bob] = [api.user(), api.user()];
    await create(bob, 'theirs');
    await create(ada, 'new');
    for (const name of ['theirs', 'unknown']) {
      const { status, body } = await rename(ada, name, 'new');
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'tag_not_found' });
      expect(body.detail).toBe('You have no tag with this name.');
    }
  });

  test('happens once per Idempotency-Key', async () => {
    const ada = api.user();
    await create(ada, 'home');
    const key = { 'Idempotency-Key': 'k' };
    const first = await rename(ada, 'home', 'house', key);
    await rename(ada, 'house', 'other');
    const again = await rename(ada, 'home', 'house', key);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});
