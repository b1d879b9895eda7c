/** A PUBLIC_URL with a path, behind proxies that forward the path and behind proxies that strip it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const tasks = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

// With `/api`, a forwarded path looks like a stripped path of another route.
describe.each(['/todo', '/api', '/api/v1', '/docs', '/a/b.c'])('below %s', (base) => {
  const origin = 'https://example.com';
  let api: TestApi;
  let user: Client;

  beforeAll(async () => {
    api = await startApi({ keep: true, environment: { PUBLIC_URL: `${origin}${base}/` } });
    user = api.user();
  });

  afterAll(() => api.stop());

  describe.each([
    ['left on', base],
    ['taken off', ''],
  ])('with the path %s', (_kind, prefix) => {
    test('Location and Link contain paths that the client can reach', async () => {
      const owner = api.user();
      const first = await owner.post(`${prefix}${tasks}`, { title: 'One' });
      await owner.post(`${prefix}${tasks}`, { title: 'Two' });
      expect(first.headers.get('location')).toBe(`${base}${tasks}/${first.body.id}`);
      const list = await owner.get(`${prefix}${tasks}?limit=1&sort=title`);
      const [, next, start] =
        /^<([^>]+)>; rel="next", <([^>]+)>; rel="first"$/.exec(list.headers.get('link') ?? '') ?? [];
      expect(start).toBe(`${base}${tasks}?limit=1&sort=title`);
      expect(next).toMatch(new RegExp(`^${base}${tasks}\\?limit=1&sort=title&cursor=`));
      const path = next?.slice(base.length);
      expect((await owner.get(`${prefix}${path}`)).body).toMatchObject([{ title: 'Two' }]);
    });

    test('problems have a type and an instance below the path', async () => {
      const problems = [
        [await user.get(`${prefix}${tasks}/${unknownId}?x=1`), `${tasks}/${unknownId}`, 'validation-failed'],
        [await user.get(`${prefix}${tasks}/${unknownId}`), `${tasks}/${unknownId}`, 'task-not-found'],
        [await user.delete(`${prefix}${tasks}`), tasks, 'method-not-allowed'],
        [await api.anonymous().get(`${prefix}${tasks}`), tasks, 'token-missing'],
      ] as const;
      for (const [{ body }, path, name] of problems) {
        expect(body).toMatchObject({ type: `${base}/problems/${name}`, instance: `${base}${path}` });
        const explained = await user.get(`${prefix}/problems/${name}`);
        expect(explained.body).toMatchObject({ type: body.type, code: body.code });
      }
    });

    test('the MCP server responds, and its challenge names metadata that the client can reach', async () => {
      const metadata = `${origin}${base}/.well-known/oauth-protected-resource/mcp`;
      const { status, headers } = await api.anonymous().post(`${prefix}/mcp`, {});
      expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining(`"${metadata}"`)]);
      const paths = [
        `${prefix}/.well-known/oauth-protected-resource/mcp`,
        `/.well-known/oauth-protected-resource${base}/mcp`,
      ];
      for (const path of paths) {
        expect((await api.anonymous().get(path)).body).toMatchObject({ resource: `${origin}${base}/mcp` });
      }
    });

    test('health checks, document and page respond, and the page loads its assets below the path', async () => {
      for (const path of ['/livez', '/readyz', '/health'])
        expect((await user.get(`${prefix}${path}`)).status).toBe(200);
      expect((await user.get(`${prefix}/openapi.json`)).body.servers).toEqual([{ url: base }]);
      const { text } = await user.get(`${prefix}/docs`);
      const loaded = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path as string);
      expect(loaded.length).toBeGreaterThanOrEqual(3);
      expect(loaded.filter((path) => !path.startsWith(`${base}/docs/`))).toEqual([]);
      for (const path of loaded) expect((await user.get(`${prefix}${path.slice(base.length)}`)).status).toBe(200);
      expect((await user.get(`${prefix}/docs/start.js`)).text).toContain(`'${base}/openapi.json'`);
    });
  });

  test('a write that is repeated through another proxy is the same write', async () => {
    const owner = api.user();
    const key = { 'Idempotency-Key': 'one' };
    const first = await owner.post(`${base}${tasks}`, { title: 'Once' }, key);
    const again = await owner.post(tasks, { title: 'Once' }, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.body).toEqual(first.body);

    const gone = { 'Idempotency-Key': 'gone' };
    const missing = await owner.delete(`${tasks}/${unknownId}`, gone);
    const repeated = await owner.delete(`${base}${tasks}/${unknownId}`, gone);
    expect(repeated.headers.get('idempotency-replayed')).toBe('true');
    expect(repeated.body).toEqual(missing.body);
    expect(missing.body).toMatchObject({
      type: `${base}/problems/task-not-found`,
      instance: `${base}${tasks}/${unknownId}`,
    });
  });

  test.each(['GARBAGE', 'GET /livez HTTP/1.1', 'OPTIONS * HTTP/1.1\r\nHost: a'])(
    'the problem of a malformed request has a type below the path: %j',
    async (request) => {
      const { status, text } = parseAnswer(await sendRaw(api.url, `${request}\r\nConnection: close\r\n\r\n`));
      expect({ status, ...JSON.parse(text) }).toMatchObject({
        status: 400,
        type: `${base}/problems/malformed-request`,
      });
    },
  );

  test('the log contains routes without the path', () => {
    const routes = new Set(api.log.map(({ route }) => route).filter((route) => typeof route === 'string'));
    expect(routes).toContain('/api/v1/tasks/:id');
    expect([...routes].filter((route) => route !== 'none' && `${route}`.startsWith(`${base}${base}`))).toEqual([]);
  });
});

test.each([
  ['/nowhere', '/todo/nowhere'],
  ['/todo/nowhere', '/todo/nowhere'],
  ['/todonowhere', '/todo/todonowhere'],
  ['/todo/todo/livez', '/todo/todo/livez'],
])('the unknown path %s has the instance %s', async (path, instance) => {
  const api = await startApi({ environment: { PUBLIC_URL: 'https://example.com/todo' } });
  const { status, body } = await api.user().get(path);
  expect({ status, ...body }).toMatchObject({ status: 404, type: '/todo/problems/not-found', instance });
});

describe('the base path without a trailing slash', () => {
  let api: TestApi;

  beforeAll(async () => {
    api = await startApi({ keep: true, environment: { PUBLIC_URL: 'https://example.com/todo' } });
  });

  afterAll(() => api.stop());

  test.each([
    ['/todo', '/todo/'],
    ['/todo?x=%20&y', '/todo/?x=%20&y'],
  ])('%s is redirected to %s', async (path, location) => {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const { status, headers, text } = await api.anonymous().request(method, path);
      expect([status, headers.get('location'), text]).toEqual([308, location, '']);
    }
  });

  test('leads to the index', async () => {
    const { headers } = await api.anonymous().get('/todo');
    const index = await api.anonymous().get(headers.get('location') ?? '');
    expect([index.status, index.body.documentation]).toEqual([200, '/todo/docs']);
  });

  test.each(['/todo/todo', '/todo/api/v1', '//todo', '/Todo'])('no other path is redirected: %s', async (path) => {
    expect((await api.anonymous().get(path)).status).toBe(404);
  });

  // Such a proxy forwards `/todo` as `/`, so the response must not depend on the trailing slash.
  test.each(['/', '/todo/'])('the links of %s are valid from both paths', async (path) => {
    const html = await api.anonymous().get(path, { Accept: 'text/html' });
    expect(html.status).toBe(302);
    const { body } = await api.anonymous().get(path);
    for (const base of ['https://example.com/todo', 'https://example.com/todo/']) {
      const links = [html.headers.get('location'), body.documentation, body.openapi, `${body.api}/tasks`];
      expect(links.map((link) => new URL(link, base).pathname)).toEqual([
        '/todo/docs',
        '/todo/docs',
        '/todo/openapi.json',
        '/todo/api/v1/tasks',
      ]);
    }
  });
});

test('a route at the base path is not redirected', async () => {
  const api = await startApi({ environment: { PUBLIC_URL: 'https://example.com/docs' } });
  expect((await api.anonymous().get('/docs')).status).toBe(200);
});

describe('the embedded issuer', () => {
  const origin = 'https://example.com';
  let api: TestApi;

  beforeAll(async () => {
    api = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded', PUBLIC_URL: `${origin}/api` } });
  });

  afterAll(() => api.stop());

  test.each([
    ['left on', '/api'],
    ['taken off', ''],
  ])('signs up and in by cookie with the path %s', async (kind, prefix) => {
    const person = {
      name: 'Ada',
      email: `ada-${kind.replace(' ', '-')}@example.com`,
      password: 'correct horse battery',
    };
    const from = { Origin: origin };
    const signedUp = await api.anonymous().post(`${prefix}/api/auth/sign-up/email`, person, from);
    expect(signedUp.status).toBe(200);
    const [session = ''] = signedUp.headers.getSetCookie();
    // The path keeps the cookie from other servers on the host. The name has `__Secure-` because clients use HTTPS.
    expect(session).toMatch(
      /^__Secure-better-auth\.session_token=[^;]+;.* Path=\/api;.*HttpOnly; Secure; SameSite=Lax$/,
    );
    // If two cookies have the same name, browsers send the one with the longer path first (RFC 6265, section 5.4).
    const cookie = `${session.split(';')[0]}; __Secure-better-auth.session_token=of.another`;
    const { body } = await api.anonymous().get(`${prefix}/api/auth/token`, { Cookie: cookie });
    const claims = JSON.parse(Buffer.from(body.token.split('.')[1], 'base64url').toString());
    expect(claims).toMatchObject({ iss: `${origin}/api`, aud: `${origin}/api`, sub: signedUp.body.user.id });
    const me = await api.anonymous(`Bearer ${body.token}`).get(`${prefix}/api/v1/me`);
    expect(me.body.id).toBe(signedUp.body.user.id);

    const signedOut = await api.anonymous().post(`${prefix}/api/auth/sign-out`, {}, { ...from, Cookie: cookie });
    expect(signedOut.headers.getSetCookie()[0]).toMatch(/session_token=;.* Path=\/api;/);
    const refused = await api
      .anonymous()
      .post(`${prefix}/api/auth/sign-in/email`, { ...person, password: 'wrong one' });
    expect(refused.body).toMatchObject({
      type: '/api/problems/token-invalid',
      instance: '/api/api/auth/sign-in/email',
    });
    const elsewhere = { Origin: 'https://evil.example', Cookie: cookie };
    expect((await api.anonymous().post(`${prefix}/api/auth/sign-in/email`, person, elsewhere)).status).toBe(422);
    expect((await api.anonymous().get(`${prefix}/api/auth/jwks`)).body.keys).toHaveLength(1);
    expect((await api.anonymous().request('HEAD', `${prefix}/api/auth/jwks`)).status).toBe(200);
  });
});
