/** The documentation page and its assets: versions in URLs, entity tags, and how long clients may keep them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let visitor: Client;

beforeAll(async () => {
  api = await startApi({ keep: true });
  visitor = api.anonymous();
});

afterAll(() => api.stop());

test('the page refers to unchanging versions of its assets', async () => {
  const { text } = await visitor.get('/docs');
  const references = [...text.matchAll(/(?:src|href)="(\/docs\/[^"]+\?v=[^"]+)"/g)].map(([, url]) => url as string);
  expect(references).toHaveLength(2);
  for (const url of references) {
    const { status, headers } = await visitor.get(url);
    expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    const other = await visitor.get(`${url}x`);
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-cache']);
  }
});

test.each(['/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css', '/docs/start.js', '/openapi.json'])(
  '%s has an entity tag, and is not sent again',
  async (path) => {
    const first = await visitor.get(path);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{16}"$/);
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await visitor.get(path, { 'If-None-Match': tags });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    }
    const other = await visitor.get(path, { 'If-None-Match': '"other"' });
    expect([other.status, other.text]).toEqual([200, first.text]);
  },
);
