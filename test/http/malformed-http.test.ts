/** Malformed HTTP on a socket: the client gets a problem, and the server continues. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

afterEach(async () => {
  expect((await fetch(`${api.url}/livez`)).status).toBe(200);
});

const end = '\r\nConnection: close\r\n\r\n';

test.each(
  Object.entries({
    'no Host': `GET /livez HTTP/1.1${end}`,
    'two Hosts': `GET /livez HTTP/1.1\r\nHost: a\r\nHost: b${end}`,
    'the same Host twice': `GET /livez HTTP/1.1\r\nHost: a\r\nhost: a${end}`,
    'an empty Host': `GET /livez HTTP/1.1\r\nHost:${end}`,
    'a Host with a space': `GET /livez HTTP/1.1\r\nHost: a b${end}`,
    'a Host with a path': `GET /livez HTTP/1.1\r\nHost: a/b${end}`,
    'a Host with a user': `GET /livez HTTP/1.1\r\nHost: a@b${end}`,
    'a Host with only a port': `GET /livez HTTP/1.1\r\nHost: :${end}`,
    'a Host in brackets that is not an address': `GET /livez HTTP/1.1\r\nHost: [x]${end}`,
    'an address with a path as Host': `GET /livez HTTP/1.1\r\nHost: [::1]/x${end}`,
    'two Hosts, HTTP/1.0': 'GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
    'a target of another scheme': `GET ftp://a/livez HTTP/1.1\r\nHost: a${end}`,
    'a target without a slash': `GET livez HTTP/1.1\r\nHost: a${end}`,
    'a target with a backslash': `GET /a\\b HTTP/1.1\r\nHost: a${end}`,
    'a target with bytes over 127': Buffer.from(`GET /\xe9 HTTP/1.1\r\nHost: a${end}`, 'latin1'),
    'OPTIONS *': `OPTIONS * HTTP/1.1\r\nHost: a${end}`,
    'an unknown method': `FOO /livez HTTP/1.1\r\nHost: a${end}`,
    'a method in lower case': `get /livez HTTP/1.1\r\nHost: a${end}`,
    'Content-Length and Transfer-Encoding': `POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked${end}0\r\n\r\n`,
    'Transfer-Encoding and Content-Length': `POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5${end}0\r\n\r\n`,
    'two Content-Lengths': `POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6${end}hello`,
    'a negative Content-Length': `POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -5${end}hello`,
    'an unknown Transfer-Encoding': `POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity${end}0\r\n\r\n`,
    'a chunk without a length': `POST /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked${end}zz\r\n`,
    'space before a colon': `GET /livez HTTP/1.1\r\nHost : a${end}`,
    'a folded header': `GET /livez HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n  2${end}`,
    'a control character in a header': `GET /livez HTTP/1.1\r\nHost: a\r\nX-A: 1\u00012${end}`,
    'HTTP/3.0': `GET /livez HTTP/3.0\r\nHost: a${end}`,
    'HTTP/2 without TLS': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a TLS handshake': Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
    garbage: '\u0001\u0002\u0003 hello\r\n\r\n',
    '20 kB of headers': `GET /livez HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(20_000)}${end}`,
    '20 kB of target': `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a${end}`,
    '201 headers': `GET /livez HTTP/1.1\r\nHost: a${'\r\nX-A: 1'.repeat(199)}${end}`,
    '2,100 headers': `GET /livez HTTP/1.1\r\nHost: a${'\r\nX-A: 1'.repeat(2_098)}${end}`,
  }),
)('%s: 400', async (_name, bytes) => {
  const { status, headers, text } = parseAnswer(await sendRaw(api.url, bytes));
  expect({ status, type: headers.get('content-type') }).toEqual({ status: 400, type: 'application/problem+json' });
  expect(JSON.parse(text)).toEqual({
    type: '/problems/malformed-request',
    title: 'Malformed request',
    status: 400,
    detail: expect.any(String),
    instance: '/',
    code: 'malformed_request',
    request_id: headers.get('x-request-id'),
  });
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
});

test('200 headers are accepted', async () => {
  const answer = await sendRaw(api.url, `GET /livez HTTP/1.1\r\nHost: a${'\r\nX-A: 1'.repeat(198)}${end}`);
  expect(parseAnswer(answer).status).toBe(200);
});

test.each(['TRACE', 'PROPFIND', 'LINK', 'PURGE'])(
  '%s is a method like any other that a path has not',
  async (method) => {
    const answer = await sendRaw(api.url, `${method} /livez HTTP/1.1\r\nHost: a${end}`);
    const { status, headers, text } = parseAnswer(answer);
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'GET, HEAD' });
    expect(JSON.parse(text).code).toBe('method_not_allowed');
  },
);

test.each(['Expect: tea', 'Upgrade: websocket', 'TE: gzip'])('%s is ignored', async (header) => {
  const answer = parseAnswer(await sendRaw(api.url, `GET /livez HTTP/1.1\r\nHost: a\r\n${header}${end}`));
  expect(answer).toMatchObject({ status: 200, text: '{"status":"ok"}' });
});

test('two Authorization headers are rejected', async () => {
  const authorization = `Authorization: Bearer ${api.token('ada')}\r\n`;
  const request = (headers: string) =>
    sendRaw(api.url, `GET /api/v1/me HTTP/1.1\r\nHost: a\r\n${headers}Connection: close\r\n\r\n`);
  expect(parseAnswer(await request(authorization)).status).toBe(200);
  const refused = parseAnswer(await request(authorization.repeat(2)));
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
});

test.each([
  [1_000, 201],
  [2_500, 400],
])('a body of %i bytes in chunks of one byte: %i', async (bytes, expected) => {
  const body = JSON.stringify({ title: 'x', description: 'x'.repeat(bytes - 30) });
  expect(body).toHaveLength(bytes);
  const chunks = [...body].map((character) => `1\r\n${character}\r\n`).join('');
  const head = `POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.token('chunks')}\r\n`;
  const close = expected === 201 ? 'Connection: close\r\n' : '';
  const answer = await sendRaw(
    api.url,
    `${head}${close}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
  );
  expect(parseAnswer(answer).status).toBe(expected);
});

test('a request that ends within its body has no effect', async () => {
  const head = `POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.token('breaks-off')}\r\n`;
  const { hostname, port } = new URL(api.url);
  const { connect } = await import('node:net');
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.end(`${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"title":`);
    });
    socket
      .on('close', () => resolve())
      .on('error', () => {})
      .resume();
  });
  expect((await api.user('breaks-off').get('/api/v1/tasks')).body).toEqual([]);
});
