/** Health checks of load balancers and orchestrators: HTTP/1.0, no Host, IP addresses as Host. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const ok = '{"status":"ok"}';

test.each<[name: string, request: string, status: number]>([
  ['HAProxy, option httpchk GET /readyz', 'GET /readyz HTTP/1.0\r\n\r\n', 200],
  ['HAProxy, http-check send ver HTTP/1.1', 'GET /livez HTTP/1.1\r\nhost: todo1\r\nconnection: close\r\n\r\n', 200],
  ['nginx with its defaults', 'GET /livez HTTP/1.0\r\nHost: todo_api\r\nConnection: close\r\n\r\n', 200],
  ['an empty Host in HTTP/1.0', 'GET /livez HTTP/1.0\r\nHost:\r\n\r\n', 200],
  ['a POST without a token', 'POST /api/v1/tasks HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}', 401],
  ['a page', 'GET /docs HTTP/1.0\r\n\r\n', 200],
  ['an unknown path', 'GET /nowhere HTTP/1.0\r\n\r\n', 404],
  [
    'AWS ALB',
    'GET /readyz HTTP/1.1\r\nHost: 10.0.1.17:3000\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n',
    200,
  ],
  ['AWS classic ELB', 'GET /livez HTTP/1.1\r\nhost: 10.0.1.17\r\nConnection: close\r\n\r\n', 200],
  [
    'Kubernetes',
    'GET /readyz HTTP/1.1\r\nHost: 10.244.1.5:3000\r\nUser-Agent: kube-probe/1.31\r\nAccept: */*\r\nConnection: close\r\n\r\n',
    200,
  ],
  ['Kubernetes, IPv6', 'GET /livez HTTP/1.1\r\nHost: [fd00:10:244::5]:3000\r\nConnection: close\r\n\r\n', 200],
  [
    'Google Cloud',
    'GET /readyz HTTP/1.1\r\nHost: 10.128.0.7\r\nUser-Agent: GoogleHC/1.0\r\nConnection: close\r\n\r\n',
    200,
  ],
  [
    'an absolute target',
    'GET http://todo.example/livez HTTP/1.1\r\nHost: todo.example\r\nConnection: close\r\n\r\n',
    200,
  ],
  ['an absolute target, HTTP/1.0', 'GET http://todo.example:8080/livez HTTP/1.0\r\n\r\n', 200],
])('%s', async (_name, request, status) => {
  const answer = parseAnswer(await sendRaw(api.url, request));
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  // HTTP/1.0 has no chunked transfer coding (RFC 9112, section 7.1).
  if (request.includes('HTTP/1.0')) expect(answer.headers.has('transfer-encoding')).toBe(false);
  if (status === 200 && !request.includes('/docs')) expect(answer.text).toBe(ok);
  if (status >= 400) expect(answer.headers.get('content-type')).toBe('application/problem+json');
});

test.each(['OPTIONS', 'HEAD', 'GET'])('%s / without a Host gets the same response as with a Host', async (method) => {
  const { status } = parseAnswer(await sendRaw(api.url, `${method} / HTTP/1.0\r\n\r\n`));
  expect(status).toBe((await fetch(api.url, { method, redirect: 'manual' })).status);
});

test.each(['HTTP/1.0', 'HTTP/1.1'])('HEAD gets the response of GET, without a body: %s', async (version) => {
  const head = await sendRaw(api.url, `HEAD /livez ${version}\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(parseAnswer(head)).toMatchObject({ status: 200, text: '' });
});

test('an HTTP/1.0 connection is kept alive if the client requests it', async () => {
  const received = await sendRaw(
    api.url,
    'GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /livez HTTP/1.0\r\n\r\n',
  );
  expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(received.match(/^connection: (.*)\r$/gim)).toEqual([
    expect.stringMatching(/keep-alive\r$/i),
    expect.stringMatching(/close\r$/i),
  ]);
});

test.each([
  'todo_api',
  'TODO.default.svc.cluster.local:3000',
  'example.com.',
  'example.com:80',
  'example.com:',
  'xn--bcher-kva.example',
  '127.0.0.1:3000',
  '[::1]',
  '[::1]:3000',
  '[2001:DB8:0:0:0:0:0:1]:3000',
  '[::ffff:10.0.0.1]:80',
  '[fe80::1%25eth0]:3000',
])('the Host %s is accepted', async (host) => {
  for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
    const answer = await sendRaw(api.url, `GET /livez ${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(parseAnswer(answer)).toMatchObject({ status: 200, text: ok });
  }
});
