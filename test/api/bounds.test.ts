/** Bounds of requests and responses: the first value beyond each bound is rejected, and the last one within it is not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maxParameters } from '../../src/http/request/query.ts';
import { maxErrors, maxLengths, maxProblemBytes } from '../../src/problems/bounds.ts';
import { problemDocument, validationFailed } from '../../src/problems/problem.ts';
import { maxBatchIndexCost } from '../../src/resource/batch.ts';
import { maxQueriedWords, maxWords } from '../../src/tasks/search/words.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';

let api: TestApi;
let user: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  user = api.user();
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

function expectBounded({ text }: Answer): void {
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxProblemBytes);
}

describe('the parameters of a query', () => {
  const parameters = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&');
  const paths = documentedOperations
    .filter(({ method }) => method === 'GET')
    .map(({ path }) => path.replace('{id}', unknownId).replace('{code}', 'not-found'));

  test.each(paths)('are at most 100: %s', async (path) => {
    const within = await user.get(`${path}?${parameters(maxParameters)}`);
    expect([within.status, within.body.errors.length]).toEqual([422, maxErrors]);
    expect(within.body.detail).toBe('p0: is not a known parameter (and 80 more errors)');
    const beyond = await user.get(`${path}?${parameters(maxParameters + 1)}`);
    expect([beyond.status, beyond.body.code]).toEqual([400, 'malformed_request']);
    expect(beyond.body.detail).toContain('100 parameters');
  });

  test('are counted before a value is decoded, and count if they are repeated or empty', async () => {
    for (const query of ['%ff&'.repeat(101), '&'.repeat(100), Array(101).fill('status=Todo').join('&')]) {
      const { status, body } = await api.anonymous().get(`/livez?${query}`);
      expect([status, body.detail]).toEqual([400, 'The query has more than 100 parameters.']);
    }
  });

  test('are at most 20 of one name', async () => {
    const repeated = (count: number) => `${collection}?${Array(count).fill('tag=x').join('&')}`;
    expect((await user.get(repeated(20))).status).toBe(200);
    expect((await user.get(repeated(21))).body.errors).toMatchObject([{ in: 'query', pointer: 'tag' }]);
  });

  test('keep names of the prototype', async () => {
    const { body } = await user.get(`${collection}?__proto__=1&constructor=1&__proto__=2`);
    expect(body.errors.map(({ pointer }: any) => pointer)).toEqual(['__proto__', 'constructor']);
  });

  test('of the embedded issuer are at most 50', async () => {
    const embedded = await startApi({ environment: { AUTH_MODE: 'embedded' } });
    const within = await embedded.anonymous().get(`/api/auth/get-session?${parameters(maxParameters)}`);
    expect(within.status).toBe(200);
    const beyond = await embedded.anonymous().get(`/api/auth/get-session?${parameters(maxParameters + 1)}`);
    expect([beyond.status, beyond.body.code]).toEqual([400, 'malformed_request']);
  });
});

describe('an error response', () => {
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 1]));

  test('lists 20 errors and says how many there are more', async () => {
    const twenty = await user.post(collection, { title: 'x', ...fields(20) });
    expect([twenty.body.errors.length, twenty.body.detail]).toEqual([20, 'f0: is not a known field']);
    const one = await user.post(collection, { title: 'x', ...fields(21) });
    expect([one.body.errors.length, one.body.detail]).toEqual([20, 'f0: is not a known field (and 1 more error)']);
    const many = await user.post(collection, { title: 'x', ...fields(4_000) });
    expect([many.body.errors.length, many.body.detail]).toEqual([
      20,
      'f0: is not a known field (and 3,980 more errors)',
    ]);
  });

  test('counts the errors of all parts of a request', async () => {
    const { body } = await user.put(`${collection}/x?a=1&b=2`, { title: 1, ...fields(30) }, { 'If-Match': 'x' });
    expect(body.detail).toMatch(/ \(and 15 more errors\)$/);
    expect(body.errors.map((error: any) => error.in).slice(0, 5)).toEqual(['path', 'query', 'query', 'header', 'body']);
  });

  test('of a batch lists 20 errors', async () => {
    const task = { title: '', description: 1, status: 'x', priority: 'x', tags: ['', '\u0001'], due: {} };
    const { body } = await user.post(`${collection}/batch`, { operations: Array(100).fill({ op: 'create', task }) });
    expect(body.errors).toHaveLength(20);
    expect(body.detail).toMatch(/^operations\/0\/task\/title: .* \(and 680 more errors\)$/);
  });

  test.each([
    ['a long path', () => user.get(`/${'%41'.repeat(5_000)}`)],
    ['a long path with a quote', () => user.get(`/${"'".repeat(15_000)}`)],
    ['a long id', () => user.get(`${collection}/${'\u{1f600}'.repeat(1_000)}`)],
    ['long names of parameters', () => user.get(`${collection}?${'%00'.repeat(4_500)}=1&${'a'.repeat(1_000)}=1`)],
    ['a long value', () => user.get(`${collection}?status=${'x'.repeat(15_000)}`)],
    ['a long cursor', () => user.get(`${collection}?cursor=${'A'.repeat(15_000)}`)],
    ['a long If-Match', () => user.delete(`${collection}/${unknownId}`, { 'If-Match': 'x'.repeat(15_000) })],
    ['a long key', () => user.delete(`${collection}/${unknownId}`, { 'Idempotency-Key': 'x'.repeat(15_000) })],
    ['a long token', () => api.anonymous(`Bearer ${'x'.repeat(15_000)}`).get(collection)],
    ['a long request id', () => user.delete(collection, { 'X-Request-Id': 'x'.repeat(255) })],
    ['long names of fields', () => user.post(collection, Object.fromEntries(longNames(60, '\u0000')))],
    ['long names with a surrogate', () => user.post(collection, Object.fromEntries(longNames(60, '\ud83d\ude00')))],
    ['long names with ~ and /', () => user.post(collection, Object.fromEntries(longNames(60, '~/')))],
    ['one very long name', () => user.post(collection, { ['\u0001'.repeat(20_000)]: 1 })],
  ])('has at most 16 KiB, whatever the request contains: %s', async (_case, send) => {
    const answer = await send();
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expectBounded(answer);
    // It is well-formed even where a text was cut.
    expect(answer.text.isWellFormed()).toBe(true);
  });

  test('of the embedded issuer has at most 16 KiB', async () => {
    const embedded = (await startApi({ environment: { AUTH_MODE: 'embedded' } })).anonymous();
    const texts = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`t${index}`, '\u0000'.repeat(5)]));
    const answers = [
      await embedded.post('/api/auth/sign-up/email', texts),
      await embedded.post('/api/auth/sign-in/email', { email: 'x'.repeat(60_000), password: 1 }),
      await embedded.get(`/api/auth/${'x'.repeat(15_000)}`),
      await embedded.post('/api/auth/sign-in/email', { ['x'.repeat(60_000)]: 1 }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expectBounded(answer);
    }
  });

  test('has at most 16 KiB if every text has its maximum length', () => {
    const longest = (length: number) => '\u0000'.repeat(2 * length);
    const error = { in: 'header' as const, pointer: longest(maxLengths.pointer), message: longest(maxLengths.message) };
    const problem = validationFailed(Array(100).fill(error), 1_000_000);
    Object.assign(problem, {
      detail: longest(maxLengths.detail),
      extensions: { auth_code: longest(maxLengths.authCode), message: longest(maxLengths.detail), current_version: 1 },
    });
    const instance = `/${'%41'.repeat(20_000)}`;
    const document = problemDocument(problem, instance, 'x'.repeat(255), `/${'x'.repeat(200)}`);
    expect(Buffer.byteLength(JSON.stringify(document))).toBeLessThanOrEqual(maxProblemBytes);
    expect(document.errors?.length).toBeGreaterThan(0);
    expect(() => decodeURIComponent(document.instance)).not.toThrow();
  });
});

function longNames(count: number, characters: string): [string, number][] {
  return Array.from({ length: count }, (_, index) => [`${index}${characters.repeat(300 / characters.length)}`, 1]);
}

describe('search', () => {
  test('takes up to 10 words', async () => {
    const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join('+');
    expect((await user.get(`${collection}?q=${words(maxQueriedWords)}`)).status).toBe(200);
    const { status, body } = await user.get(`${collection}?q=${words(maxQueriedWords + 1)}`);
    expect([status, body.errors]).toEqual([
      422,
      [{ in: 'query', pointer: 'q', message: 'must have at most 10 words' }],
    ]);
    // Repeated words count once.
    expect((await user.get(`${collection}?q=${'same+'.repeat(30)}`)).status).toBe(200);
  });

  test.each([
    ['letters', (index: number) => `${(index + 46_656).toString(36)} `],
    ['Chinese', (index: number) => String.fromCodePoint(0x4e00 + index)],
  ])('stores up to 2,000 words of a description, and all words of its title: %s', async (_script, characters) => {
    const ada = api.user();
    const description = Array.from({ length: 10_000 }, (_, index) => characters(index))
      .join('')
      .slice(0, 10_000);
    const { body: task } = await ada.post(collection, { title: 'first second', description });
    const count = async () => {
      const rows = await api.database.query<{ words: number }>(
        'select count(*)::int as words from todo.task_words where owner_id = $1 and not in_title',
        [ada.userId],
      );
      return rows[0]?.words;
    };
    expect(await count()).toBe(maxWords);
    const found = async (q: string) => (await ada.get(`${collection}?q=${encodeURIComponent(q)}`)).body.length;
    expect(await found('second')).toBe(1);
    expect(await found(characters(0))).toBe(1);
    expect(await found(characters(maxWords - 1))).toBe(1);
    expect(await found(characters(maxWords))).toBe(0);
    await ada.patch(`${collection}/${task.id}`, { description: 'short' });
    expect(await count()).toBe(1);
  });
});

describe('a batch', () => {
  const sizes = (words: number) => Array.from({ length: words }, (_, index) => `w${index}`).join(' ');
  const create = (words: number) => ({ op: 'create', task: { title: sizes(words) } });

  test('stores up to 3,000 words and tags', async () => {
    const operations = Array(60).fill(create(50));
    expect((await user.post(`${collection}/batch`, { operations })).status).toBe(200);
    const { status, body } = await user.post(`${collection}/batch`, { operations: [...operations, create(1)] });
    expect(status).toBe(422);
    expect(body.errors).toMatchObject([{ in: 'body', pointer: '/operations/60' }]);
    expect(body.errors[0].message).toContain(maxBatchIndexCost.toLocaleString('en'));
  });

  test('counts a tag as four words, and a repeated change three times', async () => {
    const tags = Array.from({ length: 20 }, (_, index) => `tag ${index}`);
    const tagged = { op: 'create', task: { title: 'x', tags } };
    // Each counts 81: one word and 20 tags.
    expect((await user.post(`${collection}/batch`, { operations: Array(37).fill(tagged) })).status).toBe(200);
    expect((await user.post(`${collection}/batch`, { operations: Array(38).fill(tagged) })).status).toBe(422);
    const { body: task } = await user.post(collection, { title: 'x' });
    const change = { op: 'update', id: task.id, patch: { title: sizes(50) } };
    // The first counts 50, and each other one 150.
    expect((await user.post(`${collection}/batch`, { operations: Array(20).fill(change) })).status).toBe(200);
    expect((await user.post(`${collection}/batch`, { operations: Array(21).fill(change) })).status).toBe(422);
  });

  test('of one operation can have the largest task', async () => {
    const task = { title: '\ufdfa'.repeat(255), description: '漢'.repeat(10_000) };
    expect((await user.post(`${collection}/batch`, { operations: [{ op: 'create', task }] })).status).toBe(200);
  });
});
