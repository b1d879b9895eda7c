/** Validation of bodies and ids: no coercion, no dropped fields, all errors listed. Valid text is returned as sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';

type Write = (owner: Client, body: unknown) => ReturnType<Client['get']>;

async function makeTask(owner: Client): Promise<string> {
  return `${collection}/${(await owner.post(collection, { title: 'Buy milk' })).body.id}`;
}

/** The operations that write the same body. */
const writes: [string, Write][] = [
  ['POST', (owner, body) => owner.post(collection, body)],
  ['PUT', async (owner, body) => owner.put(await makeTask(owner), body)],
  ['PATCH', async (owner, body) => owner.patch(await makeTask(owner), body)],
];

/** The locations of the errors that a 422 lists. */
async function places(answer: ReturnType<Client['get']>): Promise<string[]> {
  const { status, body } = await answer;
  expect(status).toBe(422);
  expect(body.code).toBe('validation_failed');
  return body.errors.map((fault: { in: string; pointer: string }) => `${fault.in} ${fault.pointer}`);
}

const notTexts = [1, 0, 1.5, true, false, [], ['x'], [['x']], {}, { text: 'x' }];

describe.each(writes)('a body of %s', (method, write) => {
  test.each([null, 1, 'text', true, [], [{ title: 'x' }], ''].map((body) => JSON.stringify(body)))(
    'is rejected if it is %s',
    async (body) => {
      expect(await places(write(api.user(), body))).toEqual(['body ']);
    },
  );

  test.each(
    ['title', 'description', 'status', 'priority'].flatMap((field) => notTexts.map((value) => ({ [field]: value }))),
  )('is rejected with %j', async (field) => {
    expect(await places(write(api.user(), { title: 'x', ...field }))).toEqual([`body /${Object.keys(field)[0]}`]);
  });

  test.each(['title', 'status', 'priority'])('is rejected with %s null', async (field) => {
    expect(await places(write(api.user(), { title: 'x', [field]: null }))).toEqual([`body /${field}`]);
  });

  test.each(['', 'todo', 'TODO', 'Todo ', ' Todo', 'In Progress', 'done', '0', 'toString', 'Todo,Done', 'T\u043edo'])(
    'is rejected with the status %j',
    async (status) => {
      expect(await places(write(api.user(), { title: 'x', status }))).toEqual(['body /status']);
    },
  );

  test.each(['', 'low', 'URGENT', '1', 'constructor'])('is rejected with the priority %j', async (priority) => {
    expect(await places(write(api.user(), { title: 'x', priority }))).toEqual(['body /priority']);
  });

  test.each(['owner_id', 'completed_at', 'version', 'created_at', 'updated_at', ...(method === 'POST' ? [] : ['id'])])(
    'is rejected with the read-only field %s',
    async (field) => {
      const owner = api.user();
      const value = { version: 1, owner_id: owner.userId }[field] ?? null;
      expect(await places(write(owner, { title: 'x', [field]: value }))).toEqual([`body /${field}`]);
    },
  );

  test.each(['Title', 'titel', 'ownerId', 'user_id', 'a/b', 'a~b', '', 'constructor', 'toString', 'hasOwnProperty'])(
    'is rejected with the unknown field "%s"',
    async (field) => {
      const pointer = `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      expect(await places(write(api.user(), { title: 'x', [field]: 1 }))).toEqual([`body ${pointer}`]);
    },
  );

  test('is rejected with a field __proto__, which changes nothing', async () => {
    expect(await places(write(api.user(), '{"title":"x","__proto__":{"status":"Done"}}'))).toEqual(['body /__proto__']);
    expect(({} as { status?: unknown }).status).toBeUndefined();
  });

  test('is rejected with all its errors listed', async () => {
    const body = { title: '', description: 1, status: 'x', priority: null, owner_id: 'x', color: 'red' };
    const found = await places(write(api.user(), body));
    expect(found.sort()).toEqual([
      'body /color',
      'body /description',
      'body /owner_id',
      'body /priority',
      'body /status',
      'body /title',
    ]);
  });

  test.each(['', ' ', '\t\n', '\u00a0', '\u3000', '\ufeff'])('is rejected with the blank title %j', async (title) => {
    expect(await places(write(api.user(), { title }))).toEqual(['body /title']);
  });

  test.each(['a\u0000b', '\u0000', 'a\nb', 'a\tb', 'a\rb', 'a\u001bb', 'a\u007fb', 'a\u0085b', '\u001b[31mred'])(
    'is rejected with the title %j',
    async (title) => {
      expect(await places(write(api.user(), { title }))).toEqual(['body /title']);
    },
  );

  test.each(['\\ud800', '\\udc00', 'a\\ud83d', '\\udc00\\ud800', 'x\\ud800y', '\\ud83d\\ud83d\\ude00'])(
    'is rejected with the lone surrogate %s in a text',
    async (text) => {
      expect(await places(write(api.user(), `{"title":"${text}","description":"${text}"}`))).toEqual([
        'body /title',
        'body /description',
      ]);
    },
  );

  test('is rejected with U+0000 in the description', async () => {
    expect(await places(write(api.user(), { title: 'x', description: 'a\u0000b' }))).toEqual(['body /description']);
  });

  test.each(['a', '\u00e9', '\u{1f600}'])('counts lengths in code points (%s)', async (letter) => {
    const owner = api.user();
    const longest = { title: letter.repeat(255), description: letter.repeat(10_000) };
    expect((await write(owner, longest)).body).toMatchObject(longest);
    expect(await places(write(owner, { title: letter.repeat(256) }))).toEqual(['body /title']);
    expect(await places(write(owner, { title: 'x', description: letter.repeat(10_001) }))).toEqual([
      'body /description',
    ]);
  });

  test.each([
    'é',
    'e\u0301',
    '👩‍👩‍👧‍👦',
    '🏳️‍🌈',
    'العربية',
    '\u202eright to left',
    'zero\u200bwidth',
    '日本語',
    '\ufffd',
    '\ufffe',
    '\uffff',
    '\u{10ffff}',
    'ﷺ',
    'İı',
    "'; drop table todo.tasks; --",
    '<script>alert(1)</script>',
    '\\u0000',
    '$1 %s {0}',
    '"quoted"',
    'null',
    '__proto__',
    '{}',
    'a\u2028b\u2029c',
  ])('keeps %s as sent', async (text) => {
    const { body } = await write(api.user(), { title: text, description: text });
    expect(body).toMatchObject({ title: text, description: text });
  });

  test('keeps line breaks and white space in a description, and trims only the title', async () => {
    const description = '  one\r\n\ttwo\n\u001b[31m\u0001  ';
    const { body } = await write(api.user(), { title: '\n\u00a0 x y \t', description });
    expect(body).toMatchObject({ title: 'x y', description });
  });
});

test.each(['POST', 'PUT'])('%s requires a title', async (method) => {
  const write = writes.find(([name]) => name === method)?.[1] as Write;
  expect(await places(write(api.user(), {}))).toEqual(['body /title']);
});

test('a rejected body changes nothing', async () => {
  const owner = api.user();
  const path = await makeTask(owner);
  const before = (await owner.get(path)).body;
  await places(owner.patch(path, { title: 'Changed', status: 'x' }));
  await places(owner.put(path, { title: 'Changed', version: 7 }));
  expect((await owner.get(path)).body).toEqual(before);
});

const malformedIds = [
  'x',
  '1',
  '0193A5B0-7E5C-7B21-9C4E-2F6D1A8B3C4D',
  '{0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d}',
  '0193a5b07e5c7b219c4e2f6d1a8b3c4d',
  '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4',
  '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4dd',
  '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4g',
  'urn:uuid:0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d',
  ' 0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d',
  '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d\n',
  '\u0000',
  'constructor',
  "' or 1=1",
  '..%2f',
];

describe.each(malformedIds)('the id %j', (id) => {
  test('is rejected in a path', async () => {
    const owner = api.user();
    const path = `${collection}/${encodeURIComponent(id)}`;
    expect(await places(owner.get(path))).toEqual(['path id']);
    expect(await places(owner.put(path, { title: 'x' }))).toEqual(['path id']);
    expect(await places(owner.patch(path, {}))).toEqual(['path id']);
    expect(await places(owner.delete(path))).toEqual(['path id']);
  });

  test('is rejected in a body', async () => {
    expect(await places(api.user().post(collection, { id, title: 'x' }))).toEqual(['body /id']);
  });
});

test.each([null, 1, [], ''])('the id %j is rejected in a body', async (id) => {
  expect(await places(api.user().post(collection, { id, title: 'x' }))).toEqual(['body /id']);
});

test('errors of the path, the query, the headers and the body are listed together', async () => {
  const answer = api.user().patch(`${collection}/x?a=1`, { title: 1 }, { 'If-Match': '1' });
  expect((await places(answer)).sort()).toEqual(['body /title', 'header if-match', 'path id', 'query a']);
});
