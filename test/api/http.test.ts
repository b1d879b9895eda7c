/** Rules of all operations: paths, methods and request ids. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
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

/** A path of the document with values for its parameters. */
function filledIn(path: string): string {
  return path.replace('{id}', unknownId).replace('{code}', 'not-found');
}

describe('paths', () => {
  test.each([
    '/api',
    '/api/v1',
    '/api/v1/tasks/',
    '/api/v1/Tasks',
    '/API/v1/tasks',
    '/api/v2/tasks',
    `/api/v1/tasks/${unknownId}/`,
    `/api/v1/tasks/${unknownId}/x`,
    '/api/v1/tasks;a=b',
    '/api/v1//tasks',
    '//livez',
    '/livez/',
    '/api/..%2flivez',
    '/livez%2f',
    '/livez%00',
    '/%',
    '/%zz',
    '/%ff',
    '/%c0%af',
    '/.env',
    '/metrics',
    '/problems/',
    '/problems/nothing',
    '/problems/__proto__',
    '/problems/%zz',
    '/docs/../package.json%00',
    '/docs/%2e%2e%2fpackage.json',
    '/api/auth/token',
  ])('%s is an unknown path: 404', async (path) => {
    for (const client of [user, api.anonymous()]) {
      const { status, body } = await client.get(path);
      expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
    }
  });

  test('are in the problem, without the query', async () => {
    expect((await user.get('/nowhere?secret=1')).body.instance).toBe('/nowhere');
    expect((await user.get(`${collection}?a=1`)).body.instance).toBe(collection);
  });
});

describe.each([...new Set(documentedOperations.map(({ path }) => path))])('the methods of %s', (path) => {
  const own = documentedOperations.filter((operation) => operation.path === path).map(({ method }) => method);
  const allowed = own.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !own.includes(method)))(
    'do not include %s: 405',
    async (method) => {
      const { status, headers, body } = await user.request(method, filledIn(path));
      expect({ status, code: body.code }).toEqual({ status: 405, code: 'method_not_allowed' });
      expect(headers.get('allow')?.split(', ').sort()).toEqual([...allowed].sort());
    },
  );

  test('HEAD gets the response of GET, without a body', async () => {
    const head = await user.request('HEAD', filledIn(path));
    expect(head.text).toBe('');
    const other = own.includes('GET') ? await user.get(filledIn(path)) : { status: 405 };
    expect(head.status).toBe(other.status);
  });
});

test.each(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', '_method'])(
  '%s is ignored',
  async (name) => {
    const owner = api.user();
    const { body } = await owner.post(collection, { title: 'x' }, { [name]: 'DELETE' });
    expect((await owner.get(`${collection}/${body.id}`, { [name]: 'DELETE' })).status).toBe(200);
    expect((await owner.get(`${collection}/${body.id}`)).status).toBe(200);
  },
);

describe('X-Request-Id', () => {
  test.each(['a', 'abc-123_DEF=', '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d', 'x'.repeat(255)])(
    'is kept if it is well-formed: %s',
    async (id) => {
      const { headers, body } = await user.get('/nowhere', { 'X-Request-Id': id });
      expect({ header: headers.get('x-request-id'), body: body.request_id }).toEqual({ header: id, body: id });
    },
  );

  test.each(['', 'a b', 'x'.repeat(256), '<script>', 'a,b', '"', '\u00e9'])('is replaced otherwise: %s', async (id) => {
    const { headers } = await user.get('/livez', { 'X-Request-Id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
