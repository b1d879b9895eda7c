/** Request bodies: media type, size and JSON. */
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let user: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  user = api.user();
});

afterAll(() => api.stop());

const collection = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

describe('the media type of a body', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json-patch+json',
    'application/vnd.api+json',
    'application/merge-patch+json',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/json, text/plain',
    'json',
    '*/*',
  ])('%s is rejected', async (type) => {
    const { status, body } = await user.post(collection, '{"title":"x"}', { 'Content-Type': type });
    expect({ status, code: body.code }).toEqual({ status: 415, code: 'unsupported_media_type' });
  });

  test.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json;\tcharset="utf-8"',
    'application/json ; q=1',
    'application/json;',
  ])('%s is accepted', async (type) => {
    expect((await user.post(collection, '{"title":"x"}', { 'Content-Type': type })).status).toBe(201);
  });

  test('is required', async () => {
    const { status } = await user.request('POST', collection, {
      body: new TextEncoder().encode('{"title":"x"}'),
      headers: { 'Content-Type': '' },
    });
    expect(status).toBe(415);
  });

  test.each(['gzip', 'deflate', 'br', 'zstd', 'x'])('the content coding %s is rejected', async (coding) => {
    const { status } = await user.request('POST', collection, {
      body: gzipSync('{"title":"x"}'),
      headers: { 'Content-Encoding': coding },
    });
    expect(status).toBe(415);
  });
});

/** Maximum size of a write of tasks in bytes. */
const limit = 144 * 1024;

/** JSON as Python's `json.dumps` writes it: characters outside ASCII are escaped. */
function escaped(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

describe('the size of a body', () => {
  const bodyOf = (bytes: number) => `{"title":"x"${' '.repeat(bytes - '{"title":"x"}'.length)}}`;

  test('can be 144 KiB, with a declared length and in chunks', async () => {
    expect((await user.post(collection, bodyOf(limit))).status).toBe(201);
    expect(await post(bodyOf(limit), { 'Transfer-Encoding': 'chunked' })).toBe(201);
  });

  test('fits the largest task with every character escaped, in each write', async () => {
    const tags = Array.from({ length: 20 }, (_, index) => String.fromCodePoint(0x20000 + index).repeat(50));
    const largest = (character: string) => ({
      title: character.repeat(255),
      description: character.repeat(10_000),
      status: 'InProgress',
      priority: 'Medium',
      tags,
      due: { date: '2026-12-01', time: '09:30', time_zone: 'America/Argentina/ComodRivadavia' },
    });
    const [first, second] = [largest('\u{1f600}'), largest('\u{1f601}')];
    const { status, body } = await user.post(collection, escaped(first));
    expect(status).toBe(201);
    expect(body).toMatchObject(first);
    const path = `${collection}/${body.id}`;
    expect((await user.put(path, escaped(second))).body).toMatchObject({ ...second, version: 2 });
    const { due: _, ...patch } = first;
    expect((await user.patch(path, escaped(patch))).body).toMatchObject({ ...patch, version: 3 });
    const batch = { operations: [{ op: 'update', id: body.id, if_version: 3, patch: second }] };
    expect((await user.post(`${collection}/batch`, escaped(batch))).body.results).toMatchObject([{ status: 200 }]);
  });

  test('cannot be one byte more, with a declared length or in chunks', async () => {
    for (const [method, path] of [
      ['POST', collection],
      ['POST', `${collection}/batch`],
      ['PUT', `${collection}/${unknownId}`],
      ['PATCH', `${collection}/${unknownId}`],
    ] as const) {
      const { status, body } = await user.request(method, path, { body: bodyOf(limit + 1) });
      expect({ status, code: body.code, detail: body.detail }).toEqual({
        status: 413,
        code: 'payload_too_large',
        detail: 'The body is larger than 144 KiB.',
      });
    }
    expect(await post(bodyOf(limit + 1), { 'Transfer-Encoding': 'chunked' })).toBe(413);
    expect(await post(bodyOf(4 * limit), { 'Transfer-Encoding': 'chunked' })).toBe(413);
  });

  test('is rejected by its declared length, before it is sent', async () => {
    expect(await post('', { 'Content-Length': '10000000' })).toBe(413);
  });

  /** The status of a POST in chunks, even if the server does not read the complete body. */
  function post(body: string, headers: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
      const authorization = `Bearer ${api.token('sender')}`;
      const sent = httpRequest(`${api.url}${collection}`, {
        method: 'POST',
        headers: { Authorization: authorization, 'Content-Type': 'application/json', ...headers },
      });
      sent.on('response', (response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
      for (let start = 0; start < body.length; start += 10_000) sent.write(body.slice(start, start + 10_000));
      if (body !== '') sent.end();
    });
  }
});

describe('JSON', () => {
  test.each([
    '',
    ' ',
    '{',
    '{"title":"x"',
    "{'title':'x'}",
    '{title:"x"}',
    '{"title":"x",}',
    '{"title":"x"} x',
    '{"title":"x"}{}',
    '\ufeff{"title":"x"}',
    '{"title":"a\nb"}',
    '{"title":"\\x"}',
    '{"title":01}',
    '{"title":NaN}',
    '{"title":.5}',
    'undefined',
    '// {}',
    '\u0000',
    'title=x',
  ])('that is malformed is rejected: %j', async (text) => {
    for (const method of ['POST', 'PUT', 'PATCH']) {
      const path = method === 'POST' ? collection : `${collection}/${unknownId}`;
      const { status, body } = await user.request(method, path, { body: new TextEncoder().encode(text) });
      expect({ status, code: body.code }).toEqual({ status: 400, code: 'malformed_request' });
    }
  });

  test.each([[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]])(
    'that is not UTF-8 is rejected: %j',
    async (...bytes) => {
      const body = Buffer.concat([Buffer.from('{"title":"'), Buffer.from(bytes), Buffer.from('"}')]);
      expect(await user.request('POST', collection, { body })).toMatchObject({
        status: 400,
        body: { code: 'malformed_request' },
      });
    },
  );

  test.each(['[', '{"title":'])('can be nested up to 32 levels: %s', async (open) => {
    const close = open === '[' ? ']' : '}';
    const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
    expect((await user.post(collection, nested(32))).status).toBe(422);
    for (const depth of [33, 6_000, 13_000]) {
      expect(await user.post(collection, nested(depth))).toMatchObject({
        status: 400,
        body: { code: 'malformed_request', detail: expect.stringContaining('32 levels') },
      });
    }
    expect((await user.post(collection, nested(100_000))).status).toBe(413);
  });

  test('can have up to 5,000 values', async () => {
    const tags = (count: number) => ({ title: 'x', tags: Array(count).fill('y') });
    // The object, its two members, and the elements.
    expect((await user.post(collection, tags(5_000 - 4))).status).toBe(422);
    expect(await user.post(collection, tags(5_000))).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', detail: expect.stringContaining('5,000 values') },
    });
    // Characters of a text are no values.
    const text = '[{,"'.repeat(2_000);
    expect((await user.post(collection, { title: 'x', description: text })).body.description).toBe(text);
  });

  test.each([
    '{"title":"one","title":"two"}',
    '{"title":"one","title":"one"}',
    '{"title":"one","\\u0074itle":"two"}',
    '{"title":"x","due":{"date":"2026-12-01","date":"2026-12-02"}}',
    '{"title":"x","unknown":[{"a":1,"b":2,"a":3}]}',
  ])('with a repeated field is rejected, because one value would be lost: %s', async (body) => {
    expect(await user.post(collection, body)).toMatchObject({
      status: 400,
      body: { code: 'malformed_request', detail: 'The body has an object with a repeated field.' },
    });
  });
});
