/** The server behind nginx and HAProxy with the configuration of docs/operations.md. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { openPage } from '../support/browser.ts';
import { openStream } from '../support/event-stream.ts';
import { freePort } from '../support/postgres-server.ts';
import { isInstalled, makeCertificate, type RunningProxy, startHaproxy, startNginx } from '../support/proxies.ts';
import { root } from './built-command.ts';

const document = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');

/** The code blocks in one language, in order. */
function blocks(language: string): string[] {
  return [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text]) => text as string,
  );
}

const [withTls = '', pathLeftOn = '', pathTakenOff = ''] = blocks('nginx');
const [haproxy = ''] = blocks('haproxy');
const behindPath = Object.fromEntries(
  (blocks('sh').find((text) => text.startsWith('PUBLIC_URL=')) ?? '')
    .trim()
    .split(' ')
    .filter((word) => word.includes('='))
    .map((word) => word.split('=') as [string, string]),
);

const hasNginx = isInstalled('nginx', '-v');
const hasHaproxy = isInstalled('haproxy', '-v');
const hasOpenssl = isInstalled('openssl', 'version');
const hasChromium = isInstalled('chromium', '--version');

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

type Send = (method: string, path: string, headers?: Record<string, string>, body?: object) => Promise<Reply>;

const overHttp1 =
  (url: string): Send =>
  async (method, path, headers = {}, body) => {
    const sent = { ...(body && { 'Content-Type': 'application/json' }), ...headers };
    const response = await fetch(`${url}${path}`, {
      method,
      headers: sent,
      ...(body && { body: JSON.stringify(body) }),
    });
    return reply(response.status, response.headers, await response.text());
  };

/** Requests over one HTTP/2 connection with TLS, as from a browser. It is closed at the end of the test. */
function overHttp2(url: string): Send {
  const session = connect(url, { rejectUnauthorized: false });
  // Its streams fail with it.
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return (method, path, headers = {}, body) =>
    new Promise((resolve, reject) => {
      const sent = { ...(body && { 'content-type': 'application/json' }), ...headers };
      const stream = session.request({ ':method': method, ':path': path, ...sent });
      const received = new Headers();
      let status = 0;
      let text = '';
      stream.setEncoding('utf8').on('response', (fields) => {
        status = fields[':status'] ?? 0;
        for (const [name, value] of Object.entries(fields)) {
          if (!name.startsWith(':')) for (const one of [value].flat()) received.append(name, String(one));
        }
      });
      stream.on('data', (chunk) => {
        text += chunk;
      });
      stream.on('end', () => resolve(reply(status, received, text))).on('error', reject);
      stream.end(body && JSON.stringify(body));
    });
}

function reply(status: number, headers: Headers, text: string): Reply {
  const isJson = /json/.test(headers.get('content-type') ?? '') && text !== '';
  return { status, headers, body: isJson ? JSON.parse(text) : text };
}

let people = 0;

/** Signs up a user and returns a token. */
async function signUp(send: Send, base: string): Promise<string> {
  people += 1;
  const person = { name: 'Ada', email: `ada${people}@example.com`, password: 'correct horse battery' };
  const signedUp = await send('POST', `${base}/api/auth/sign-up/email`, {}, person);
  expect(signedUp.status).toBe(200);
  const [session = ''] = signedUp.headers.getSetCookie();
  expect(session).toContain(`; Path=${base || '/'};`);
  const { body } = await send('GET', `${base}/api/auth/token`, { cookie: session.split(';')[0] as string });
  return body.token;
}

/** A client that signs up by cookie, gets a token, creates tasks, and follows every link in the responses. */
async function useApi(send: Send, base: string): Promise<void> {
  const authorization = { authorization: `Bearer ${await signUp(send, base)}` };

  const tasks = `${base}/api/v1/tasks`;
  for (const title of ['One', 'Two', 'Three']) {
    const created = await send('POST', tasks, { ...authorization, 'idempotency-key': title }, { title });
    expect(created.status).toBe(201);
    const location = created.headers.get('location') as string;
    const read = await send('GET', location, authorization);
    expect(read).toMatchObject({ status: 200, body: created.body });
    expect(read.headers.get('etag')).toBe('"1"');
    const again = await send('POST', tasks, { ...authorization, 'idempotency-key': title }, { title });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(location);
    const changed = await send('PATCH', location, { ...authorization, 'if-match': '"1"' }, { status: 'Done' });
    expect(changed.status).toBe(200);
  }
  const titles: string[] = [];
  for (let next: string | undefined = `${tasks}?limit=2&sort=title`; next; ) {
    const page: Reply = await send('GET', next, authorization);
    expect(page.status).toBe(200);
    titles.push(...page.body.map(({ title }: { title: string }) => title));
    next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
  }
  expect(titles).toEqual(['One', 'Three', 'Two']);

  const problem = await send('GET', `${tasks}?limit=x`, authorization);
  expect(problem).toMatchObject({ status: 422, body: { instance: tasks } });
  const explained = await send('GET', problem.body.type);
  expect(explained).toMatchObject({ status: 200, body: { code: 'validation_failed', type: problem.body.type } });
  const asHead = await send('HEAD', `${base}/livez`);
  expect(asHead).toMatchObject({ status: 200, body: '' });
}

let atRoot: TestApi;
let belowPath: TestApi;

beforeAll(async () => {
  const environment = { AUTH_MODE: 'embedded', PUBLIC_URL: 'https://example.com', TRUSTED_PROXIES: 'loopback' };
  atRoot = await startApi({ keep: true, environment });
  belowPath = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded', ...behindPath } });
});

afterAll(async () => {
  await atRoot.stop();
  await belowPath.stop();
});

describe('nginx', () => {
  let nginx: RunningProxy | undefined;
  let folder: string;
  const urls = { defaults: '', tls: '', leftOn: '', takenOff: '' };

  beforeAll(async () => {
    if (!hasNginx || !hasOpenssl) return;
    folder = mkdtempSync(join(tmpdir(), 'todo-api-tls-'));
    const { certificate, key } = makeCertificate(folder);
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const [defaults, tls, leftOn, takenOff] = ports.map((port) => `127.0.0.1:${port}`) as [
      string,
      string,
      string,
      string,
    ];
    Object.assign(urls, { defaults: `http://${defaults}`, tls: `https://${tls}`, leftOn: `http://${leftOn}` });
    urls.takenOff = `http://${takenOff}`;
    const to = (text: string, { url }: TestApi) => text.replaceAll('http://127.0.0.1:3000', url);
    nginx = await startNginx(
      `upstream todo_api { server ${new URL(atRoot.url).host}; }
      server { listen ${defaults}; location / { proxy_pass http://todo_api; } }
      ${to(withTls, atRoot)
        .replace('listen 443', `listen ${tls}`)
        .replace('/etc/ssl/certs/example.com.pem', certificate)
        .replace('/etc/ssl/private/example.com.key', key)}
      server { listen ${leftOn}; ${to(pathLeftOn, belowPath)} }
      server { listen ${takenOff}; ${to(pathTakenOff, belowPath)} }`,
      ports,
    );
  });

  afterAll(async () => {
    await nginx?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  beforeEach((context) => context.skip(!hasNginx || !hasOpenssl, 'nginx or openssl is not installed'));

  test('with its defaults: HTTP/1.0 and the upstream name as Host', async () => {
    const send = overHttp1(urls.defaults);
    await useApi(send, '');
    const script = await send('GET', '/docs/swagger-ui-bundle.js');
    expect(script.body).toBe(await (await fetch(`${atRoot.url}/docs/swagger-ui-bundle.js`)).text());
  });

  test('with its defaults: the events of a stream arrive at once', async () => {
    const send = overHttp1(urls.defaults);
    const token = await signUp(send, '');
    const stream = await openStream(urls.defaults, token);
    expect(await stream.next()).toMatchObject({ event: 'changes', data: { changes: [] } });
    const authorization = { authorization: `Bearer ${token}` };
    const { body } = await send('POST', '/api/v1/tasks', authorization, { title: 'Buy milk' });
    expect((await stream.next())?.data.changes).toEqual([{ type: 'task', op: 'put', task: body }]);
  });

  test('with TLS and HTTP/2', () => useApi(overHttp2(urls.tls), ''));

  test('with the path prefix passed through', () => useApi(overHttp1(urls.leftOn), '/todo'));

  test('with the path prefix removed', () => useApi(overHttp1(urls.takenOff), '/todo'));

  test.for(['leftOn', 'takenOff'] as const)('the page below a path works in a browser: %s', async (kind, context) => {
    context.skip(!hasChromium, 'chromium is not installed');
    const page = await openPage(`${urls[kind]}/todo/docs`);
    const found = await page.evaluate(`(async () => {
      const find = async (selector) => {
        for (let left = 400; left > 0; left -= 1) {
          const element = document.querySelector(selector);
          if (element?.textContent) return element;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(selector + ' is not there: ' + document.body?.innerHTML.slice(0, 500));
      };
      const operation = '#operations-Health-live ';
      await find(operation);
      document.querySelector(operation + '.opblock-summary-control').click();
      (await find(operation + '.try-out__btn')).click();
      (await find(operation + '.execute')).click();
      const status = await find(operation + '.live-responses-table tbody .response-col_status');
      const url = await find(operation + '.request-url pre');
      return { status: status.textContent.trim().slice(0, 3), url: url.textContent.trim(), title: document.title };
    })()`);
    expect(found).toEqual({ status: '200', url: `${urls[kind]}/todo/livez`, title: 'todo-api' });
  });
});

test('HAProxy, with health checks in HTTP/1.0 without Host', async (context) => {
  context.skip(!hasHaproxy || !hasOpenssl, 'haproxy or openssl is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { pem } = makeCertificate(folder);
  const port = await freePort();
  const settings = haproxy
    .replace('bind :443', `bind 127.0.0.1:${port}`)
    .replace('/etc/haproxy/example.com.pem', pem)
    .replace('127.0.0.1:3000', new URL(atRoot.url).host);
  // One failed check takes the server out. A response that a busy machine delays is not a failure.
  const checksOften = 'defaults\n  timeout check 10s\n  default-server inter 50ms fall 1\n';
  const proxy = await startHaproxy(`${checksOften}${settings}`, [port]);
  onTestFinished(() => proxy.stop());
  const checks = () => atRoot.log.filter(({ route }) => route === '/readyz');
  const before = checks().length;
  await expect.poll(() => checks().length - before, { timeout: 20_000 }).toBeGreaterThan(3);
  expect(new Set(checks().map(({ status }) => status))).toEqual(new Set([200]));
  await useApi(overHttp2(`https://127.0.0.1:${port}`), '');
});
