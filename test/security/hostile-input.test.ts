/** Text and JSON that break naive programs: the API stores and returns them unchanged, or rejects them; it never fails. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasFewWords } from '../../src/tasks/search/words.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';
import { readVectors, vectorsMissing } from '../unit/jwt/vectors.ts';
import { naughtyStrings } from './naughty-strings.ts';

let api: TestApi;
let user: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  user = api.user();
});

afterEach(async () => {
  expect((await user.get('/api/v1/tags')).status).toBe(200);
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';

const codePoints = (text: string) => [...text].length;
/** The text without white space at its ends. `String.prototype.trim` keeps U+0085. */
const trimmed = (text: string) => text.replaceAll(/^[\p{White_Space}\ufeff]+|[\p{White_Space}\ufeff]+$/gu, '');
const isLine = (text: string, most: number) =>
  /[^\p{White_Space}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text) &&
  codePoints(trimmed(text)) <= most &&
  !/\p{Cc}/u.test(trimmed(text));

function describeStrings(strings: readonly string[]): void {
  test('are returned byte for byte, from every field that accepts text', async () => {
    const ada = api.user();
    for (const text of strings) {
      const task = {
        title: isLine(text, 255) ? text : 'x',
        description: text,
        tags: isLine(text, 50) ? [text] : [],
      };
      const kept = { title: trimmed(task.title), description: text, tags: task.tags.map(trimmed) };
      const { status, body } = await ada.post(collection, task);
      expect({ status, body }, JSON.stringify(text)).toMatchObject({
        status: 201,
        body: { ...kept, tags: expect.anything() },
      });
      expect((await ada.get(`${collection}/${body.id}`)).body).toEqual(body);
      // A tag keeps its first spelling, which can be that of an earlier string.
      const [tag = ''] = body.tags;
      if (tag !== kept.tags[0]) expect(strings.map(trimmed)).toContain(tag);
      const q = [...text].slice(0, 200).join('');
      const search = await ada.get(`${collection}?${new URLSearchParams({ q })}`);
      expect(search.status, JSON.stringify(text)).toBe(hasFewWords(q) ? 200 : 422);
      if (tag) {
        const found = await ada.get(`${collection}?${new URLSearchParams({ tag })}`);
        expect(
          found.body.map(({ id }: { id: string }) => id),
          JSON.stringify(tag),
        ).toContain(body.id);
      }
    }
  }, 120_000);

  test('are rejected with their place if they are not a line of text', async () => {
    for (const text of strings) {
      if (isLine(text, 255)) continue;
      const { status, body } = await user.post(collection, { title: text });
      expect({ status, errors: body.errors }, JSON.stringify(text)).toMatchObject({
        status: 422,
        errors: [{ in: 'body', pointer: '/title' }],
      });
    }
  });

  test('are rejected as an id, a cursor, a date, a time zone and a sort', async () => {
    const names = ['cursor', 'due_from', 'time_zone', 'created_from', 'sort', 'status', 'priority'];
    for (const [index, text] of strings.entries()) {
      const name = names[index % names.length] as string;
      const { status, body } = await user.get(`${collection}?${new URLSearchParams({ [name]: text })}`);
      expect({ status, errors: body.errors }, `${name}=${JSON.stringify(text)}`).toMatchObject({
        status: 422,
        errors: [{ in: 'query', pointer: name }],
      });
      // These result in another path.
      if (['', '.', '..'].includes(text)) continue;
      expect((await user.get(`${collection}/${encodeURIComponent(text)}`)).status, JSON.stringify(text)).toBe(422);
    }
  });
}

describe('strings of this project', () => describeStrings(naughtyStrings));

const naughty = readVectors<string[]>('blns.json');

describe.skipIf(!naughty)(`the big list of naughty strings (${vectorsMissing})`, () => describeStrings(naughty ?? []));

const parsing = readVectors<Readonly<Record<string, string>>>('json-parsing.json');

describe.skipIf(!parsing)(`JSONTestSuite (${vectorsMissing})`, () => {
  test.each(Object.entries(parsing ?? {}))('%s', async (file, content) => {
    const bytes = Buffer.from(content, 'base64');
    const { status } = await user.request('POST', collection, { body: bytes });
    if (bytes.length > 144 * 1024) expect(status).toBe(413);
    else if (file.startsWith('n_') || file.startsWith('y_object_duplicated_key')) expect(status).toBe(400);
    else if (file.startsWith('y_')) expect([201, 422]).toContain(status);
    else expect([400, 422]).toContain(status);
  });
});

describe('an ambiguous body', () => {
  test.each([
    ['a title', '{"title":"a","title":"b"}'],
    ['a title, one spelled with escapes', String.raw`{"title":"a","\u0074\u0069tle":"b"}`],
    ['a part of a due date', '{"title":"a","due":{"date":"2026-12-01","date":"2026-12-02"}}'],
    ['a key of the prototype', '{"title":"a","__proto__":1,"__proto__":2}'],
    ['an empty name', '{"title":"a","":1,"":2}'],
  ])('is rejected: %s twice', async (_what, body) => {
    const { body: task } = await user.post(collection, { title: 'before' });
    const path = `${collection}/${task.id}`;
    for (const answer of [
      await user.post(collection, body),
      await user.put(path, body),
      await user.patch(path, body),
      await user.patch(path, body, { 'Content-Type': 'application/merge-patch+json' }),
      await user.post(`${collection}/batch`, `{"operations":[{"op":"create","task":${body}}]}`),
    ]) {
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'malformed_request' });
    }
    expect((await user.get(path)).body).toEqual(task);
  });

  test('does not include a name that two objects have, or that is also a value', async () => {
    const body = { title: 'title', description: '"title":"x","title":"y"', tags: ['description', 'title'], due: null };
    expect(await user.post(collection, body)).toMatchObject({ status: 201, body });
    const operations = [1, 2].map(() => ({ op: 'create', task: { title: '{"title":1}' } }));
    expect((await user.post(`${collection}/batch`, { operations })).status).toBe(200);
  });

  test('is searched for only if the size of the body is allowed, and in every structure', async () => {
    const fill = (unit: string, start = '', end = '') => start + unit.repeat((147_000 / unit.length) | 0) + end;
    const bodies = [
      fill('{"":', '', '1'),
      fill('['),
      fill('{"":', '', '1') + fill('}').slice(0, 2),
      `{${Array.from({ length: 6_000 }, (_, index) => `"${index}":1`).join(',')}}`,
      fill('\\n', '"', '"'),
      fill(' ', '["a"', ']'),
      fill('"', '', ''),
      fill('\\', '"', ''),
    ];
    for (const body of bodies) expect([400, 422]).toContain((await user.post(collection, body)).status);
    for (const depth of [200_000, 1_000_000]) {
      expect((await user.post(collection, '['.repeat(depth))).status).toBe(413);
    }
  });
});

describe('text that could break a line of the log', () => {
  const escapes = ['\n{"level":60}', '\r\nforged', '\u001b[2J\u001b[31m', '\u2028x', '\u0085x', '\u0000', '\u009b31m'];

  test.each(escapes)('%j', async (text) => {
    const before = api.log.length;
    const { body: task } = await user.post(collection, { title: 'x', description: text === '\u0000' ? 'x' : text });
    await user.post(collection, { title: `x${text}y` });
    await user.get(`${collection}?${new URLSearchParams({ q: text, [text]: text })}`);
    await user.get(`/${encodeURIComponent(text)}`);
    await user.get(`${collection}/${encodeURIComponent(text)}`);
    for (const claim of ['kid', 'typ', 'alg', 'cty']) {
      const token = api.issuer.sign({ sub: 'ada', exp: 4_000_000_000 }, { [claim]: `x${text}` });
      expect((await api.anonymous(`Bearer ${token}`).get(collection)).status).toBe(401);
    }
    const stranger = api.user(`ada${text === '\u0000' ? '' : text}`);
    expect((await stranger.get(`${collection}/${task.id}`)).status).toBe(404);
    const lines = api.log.slice(before).filter(({ msg }) => msg === 'request');
    expect(lines).toHaveLength(10);
    // When the server stops, `expectCleanLog` checks that each is one line without control characters.
    expect(api.log.filter(({ level }) => level === 60)).toEqual([]);
  });

  test.each(['a b', 'a\tb', 'a"b', 'a;b', 'a\u0085b', '\u009b31m', 'é', '../x', '%0a', 'x'.repeat(256)])(
    'the request id %j is not kept',
    async (id) => {
      const head = `GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${id}\r\nUser-Agent: ${id}\r\nConnection: close\r\n\r\n`;
      const { status, headers, text } = parseAnswer(await sendRaw(api.url, Buffer.from(head, 'latin1')));
      expect(status).toBe(404);
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
      expect(JSON.parse(text).request_id).toBe(headers.get('x-request-id'));
      expect(JSON.stringify(api.log)).not.toContain(JSON.stringify(id).slice(1, -1));
    },
  );

  test.each(['\u001b', '\u0000', '\n x', '\u007f'])('a header with %j is rejected earlier', async (character) => {
    const head = `GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: a${character}b\r\nConnection: close\r\n\r\n`;
    const { status } = parseAnswer(await sendRaw(api.url, head));
    expect(status).toBe(400);
  });
});
