/** The index at `/`: a redirect to the documentation for browsers, and links for other clients. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const chromium = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

test.each([chromium, 'text/html', 'TEXT/HTML', 'text/html;q=0.9, application/json;q=0.8', 'text/*'])(
  'a client that prefers HTML is redirected to the documentation: %s',
  async (accept) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, text } = await api.anonymous().request(method, '/', { headers: { Accept: accept } });
      expect([status, headers.get('vary'), text]).toEqual([302, 'Accept', '']);
      const target = new URL(headers.get('location') as string, `${api.url}/`);
      expect(await (await fetch(target)).text()).toContain('swagger-ui');
    }
  },
);

test.each(['*/*', '', 'application/json', 'application/json, text/html;q=0.9', 'text/html;q=0', 'image/png', 'x'])(
  'any other client gets the links: %j',
  async (accept) => {
    const { status, headers, body } = await api.anonymous().get('/', { Accept: accept });
    expect([status, headers.get('vary')]).toEqual([200, 'Accept']);
    expect(body).toEqual({
      name: 'todo-api',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      documentation: expect.any(String),
      openapi: expect.any(String),
      api: expect.any(String),
    });
    const head = await api.anonymous().request('HEAD', '/', { headers: { Accept: accept } });
    expect([head.status, head.text]).toEqual([200, '']);
  },
);

test('the links are valid, and stay below a path prefix that a proxy adds', async () => {
  const { body } = await api.anonymous().get('/');
  const paths = (base: string) =>
    [body.documentation, body.openapi, `${body.api}/tasks`].map((link) => new URL(link, base).pathname);
  expect(paths(`${api.url}/`)).toEqual(['/docs', '/openapi.json', '/api/v1/tasks']);
  expect(paths(`${api.url}/todo/`)).toEqual(['/todo/docs', '/todo/openapi.json', '/todo/api/v1/tasks']);
  for (const path of paths(`${api.url}/`)) expect((await api.user().get(path)).status).toBe(200);
});

test('it supports only GET and HEAD', async () => {
  const { status, headers } = await api.anonymous().post('/', {});
  expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
