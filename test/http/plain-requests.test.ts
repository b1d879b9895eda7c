/** The whole app as a function from `Request` to `Response`, without an HTTP server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { type Environment, loadConfig } from '../../src/config/load.ts';
import { createFetchHandler } from '../../src/http/fetch-handler.ts';
import { createLog } from '../../src/observability/log.ts';
import { createServices } from '../../src/services.ts';
import { createTestDatabase, testSecret } from '../support/databases.ts';
import { document, documentWithIssuer, expectDocumented } from '../support/document.ts';
import { expectCleanLog, noteSecrets } from '../support/log-scan.ts';
import { signWithSecret } from '../support/tokens.ts';

interface PlainApp {
  readonly log: readonly Record<string, unknown>[];
  /** Passes a request to the app, and checks its response against the OpenAPI document. */
  send(method: string, path: string, init?: RequestInit, peerAddress?: string): Promise<Response>;
  close(): Promise<void>;
}

const origin = 'https://todo.example';
const tasks = '/api/v1/tasks';

async function startApp(environment: Environment): Promise<PlainApp> {
  const loaded = loadConfig({ DATABASE_URL: 'pglite:memory', BETTER_AUTH_SECRET: testSecret, ...environment });
  const database = await createTestDatabase();
  const lines: string[] = [];
  const services = await createServices(
    { ...loaded, database: database.config },
    { driver: database.driver, log: createLog('info', { write: (line) => lines.push(line) }) },
  );
  await services.prepare();
  const handle = createFetchHandler(createApp(services));
  const documented = loaded.auth.mode === 'embedded' ? documentWithIssuer : document;
  return {
    get log() {
      return lines.map((line) => JSON.parse(line));
    },
    async send(method, path, init = {}, peerAddress = '192.0.2.1') {
      const request = new Request(`${origin}${path}`, { method, ...init });
      noteSecrets(request.headers, null);
      const response = await handle(request, peerAddress);
      noteSecrets(response.headers, null);
      await expectDocumented(method, request.url, response, documented);
      return response;
    },
    async close() {
      await services.close();
      await database.remove();
      expectCleanLog(lines);
    },
  };
}

describe('with tokens of another issuer', () => {
  let app: PlainApp;

  beforeAll(async () => {
    app = await startApp({
      AUTH_MODE: 'shared-secret',
      AUTH_ISSUER: 'https://issuer.test',
      AUTH_AUDIENCE: 'todo',
      CORS_ORIGINS: 'https://page.example',
      AUTH_FAILURES_PER_MINUTE: '3',
      RATE_LIMIT_PER_MINUTE: '100',
    });
  });

  afterAll(() => app.close());

  const authorization = (user: string) => {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: 'https://issuer.test', aud: 'todo', iat: seconds, exp: seconds + 900, sub: user };
    return { Authorization: `Bearer ${signWithSecret(testSecret, claims)}` };
  };

  const json = (user: string, body: unknown, headers: Record<string, string> = {}) => ({
    headers: { ...authorization(user), 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  test('no part of this test listens on a port', () => {
    expect(process.getActiveResourcesInfo()).not.toContain('TCPServerWrap');
  });

  test('a task is created, read, changed, listed and deleted', async () => {
    const created = await app.send('POST', tasks, json('ada', { title: 'One' }));
    expect(created.status).toBe(201);
    const path = created.headers.get('location') ?? '';
    const tag = created.headers.get('etag') ?? '';
    expect(path).toMatch(/^\/api\/v1\/tasks\/[\da-f-]{36}$/);

    const headers = authorization('ada');
    const read = await app.send('GET', path, { headers });
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe(tag);
    expect(await read.json()).toMatchObject({ title: 'One', owner_id: 'ada' });
    expect((await app.send('GET', path, { headers: { ...headers, 'If-None-Match': tag } })).status).toBe(304);
    expect(await (await app.send('HEAD', path, { headers })).text()).toBe('');

    const changed = await app.send('PATCH', path, json('ada', { status: 'Done' }, { 'If-Match': tag }));
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ title: 'One', status: 'Done' });
    const late = await app.send('PATCH', path, json('ada', { title: 'Two' }, { 'If-Match': tag }));
    expect(late.status).toBe(412);

    await app.send('POST', tasks, json('ada', { title: 'Two' }));
    const list = await app.send('GET', `${tasks}?sort=title&limit=1`, { headers });
    expect(await list.json()).toMatchObject([{ title: 'One', status: 'Done' }]);
    const [, next = ''] = /^<([^>]+)>; rel="next"/.exec(list.headers.get('link') ?? '') ?? [];
    expect(await (await app.send('GET', next, { headers })).json()).toMatchObject([{ title: 'Two' }]);

    expect((await app.send('DELETE', path, { headers })).status).toBe(204);
    expect((await app.send('GET', path, { headers })).status).toBe(404);
  });

  test('a user does not reach the tasks of another user', async () => {
    const created = await app.send('POST', tasks, json('owner', { title: 'Mine' }));
    const path = created.headers.get('location') ?? '';
    const other = await app.send('PATCH', path, json('other', { title: 'Theirs' }));
    expect(other.status).toBe(404);
    expect(await (await app.send('GET', tasks, { headers: authorization('other') })).json()).toEqual([]);
  });

  test('a write with an idempotency key is replayed', async () => {
    const request = () => json('keys', { title: 'Once' }, { 'Idempotency-Key': 'one' });
    const first = await app.send('POST', tasks, request());
    const again = await app.send('POST', tasks, request());
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
  });

  test.each([
    ['a body over the limit', 413, 'payload_too_large', json('faults', { title: 'x'.repeat(200_000) })],
    ['malformed JSON', 400, 'malformed_request', json('faults', '{"title":')],
    ['no body', 400, 'malformed_request', { headers: authorization('faults') }],
    ['text', 415, 'unsupported_media_type', { headers: authorization('faults'), body: 'title=x' }],
    ['an unknown field', 422, 'validation_failed', json('faults', { title: 'x', owner_id: 'other' })],
    ['no token', 401, 'token_missing', { body: '{"title":"x"}' }],
  ])('a request with %s gets %i', async (_fault, status, code, init) => {
    const response = await app.send('POST', tasks, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  test('a body is read only up to the limit', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(32));
      },
    });
    const headers = { ...authorization('faults'), 'Content-Type': 'application/json' };
    const init: RequestInit & { duplex: 'half' } = { headers, body, duplex: 'half' };
    expect((await app.send('POST', tasks, init)).status).toBe(413);
    expect(sent).toBeLessThan(200_000);
  });

  test('a body that ends with an error leaves one log line with status 499', async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('reset'));
      },
    });
    const headers = { ...authorization('leaves'), 'Content-Type': 'application/json' };
    const before = app.log.length;
    const init: RequestInit & { duplex: 'half' } = { headers, body, duplex: 'half' };
    await app.send('POST', tasks, init).catch(() => {});
    expect(app.log.slice(before)).toMatchObject([
      { level: 30, status: 499, reason: 'the connection was closed before the body ended' },
    ]);
  });

  test('a client that has gone before the response leaves a log line with status 499', async () => {
    const before = app.log.length;
    const init = { headers: authorization('leaves'), signal: AbortSignal.abort() };
    await app.send('GET', tasks, init);
    expect(app.log.slice(before)).toMatchObject([
      { status: 499, reason: 'the connection was closed before the response' },
    ]);
  });

  test.each([
    ['GET', '/nowhere', 404, 'not_found'],
    ['DELETE', tasks, 405, 'method_not_allowed'],
  ])('%s %s gets %i', async (method, path, status, code) => {
    const response = await app.send(method, path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  test('each response has the standard headers, a request id, and the remaining requests of its user', async () => {
    const response = await app.send('GET', tasks, {
      headers: { ...authorization('headers'), 'X-Request-Id': 'abc-1' },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-request-id': 'abc-1',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      ratelimit: expect.stringContaining('r=99;'),
      vary: 'Origin',
    });
    expect(app.log.at(-1)).toMatchObject({ request_id: 'abc-1', route: tasks, status: 200 });
    const generated = await app.send('GET', '/livez');
    expect(generated.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('an allowed origin gets CORS headers', async () => {
    const headers = { Origin: 'https://page.example', 'Access-Control-Request-Method': 'POST' };
    const preflight = await app.send('OPTIONS', tasks, { headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://page.example');
  });

  test('failed authentications count per address of the peer', async () => {
    const statusFor = async (peerAddress: string) =>
      (await app.send('GET', tasks, { headers: { Authorization: 'Bearer x' } }, peerAddress)).status;
    for (let count = 0; count < 3; count += 1) expect(await statusFor('198.51.100.1')).toBe(401);
    expect(await statusFor('198.51.100.1')).toBe(429);
    expect(await statusFor('198.51.100.2')).toBe(401);
  });

  test('the index, the OpenAPI document and the page respond', async () => {
    for (const path of ['/', '/openapi.json', '/docs', '/docs/swagger-ui.css', '/livez', '/readyz']) {
      expect((await app.send('GET', path)).status).toBe(200);
    }
    const redirect = await app.send('GET', '/', { headers: { Accept: 'text/html' } });
    expect({ status: redirect.status, vary: redirect.headers.get('vary') }).toEqual({
      status: 302,
      vary: 'Accept, Origin',
    });
  });
});

test('the embedded issuer signs up a user, and its tokens are accepted', async () => {
  const app = await startApp({ AUTH_MODE: 'embedded', PUBLIC_URL: origin });
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const headers = { 'Content-Type': 'application/json', Origin: origin };
  const signedUp = await app.send('POST', '/api/auth/sign-up/email', { headers, body: JSON.stringify(person) });
  expect(signedUp.status).toBe(200);
  const [cookie = ''] = signedUp.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');
  const { token } = (await (await app.send('GET', '/api/auth/token', { headers: { Cookie: cookie } })).json()) as {
    token: string;
  };
  const { user } = (await signedUp.json()) as { user: { id: string } };
  const me = await app.send('GET', '/api/v1/me', { headers: { Authorization: `Bearer ${token}` } });
  expect(await me.json()).toMatchObject({ id: user.id });
  // An empty body of any media type counts as none.
  const signOut = { headers: { Cookie: cookie, Origin: origin, 'Content-Type': 'text/plain' }, body: '' };
  expect((await app.send('POST', '/api/auth/sign-out', signOut)).status).toBe(200);
  const wrong = { headers, body: JSON.stringify({ email: person.email, password: 'wrong one' }) };
  expect((await app.send('POST', '/api/auth/sign-in/email', wrong)).status).toBe(401);
  await app.close();
});
