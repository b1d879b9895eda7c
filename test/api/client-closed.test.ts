/** Clients that close the connection early: they cause no server error, and leave one log line with status 499. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { UserDatabase } from '../../src/database/user-database.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';
import { parseAnswer } from '../support/raw-http.ts';

let api: TestApi;
let metricsPort: number;
/** A promise that requests wait for before they use the database, if it is set. */
let held: Promise<void> | undefined;
let release = () => {};
let waiting = 0;
let logged = 0;

function holding(database: UserDatabase): UserDatabase {
  const wait = async () => {
    waiting += 1;
    await held;
    waiting -= 1;
  };
  return {
    ...database,
    run: async (...given) => wait().then(() => database.run(...given)),
  };
}

beforeAll(async () => {
  metricsPort = await freePort();
  const environment = { METRICS: 'on', ADMIN_PORT: String(metricsPort) };
  api = await startApi({ keep: true, environment, asUser: holding });
});

afterAll(() => api.stop());

afterEach(() => {
  release();
  held = undefined;
  logged = requestLines().length;
});

const requestLines = () => api.log.filter(({ msg }) => msg === 'request');

/** The log lines of the requests in this test. There is at least one. */
async function newLines(): Promise<Record<string, unknown>[]> {
  await expect.poll(() => requestLines().length).toBeGreaterThan(logged);
  // A second line of the same request would precede the line of the next request.
  await api.anonymous().get('/livez');
  return requestLines().slice(logged, -1);
}

async function open(bytes: string, url = api.url): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  return socket;
}

/** Opens a connection and waits until the server has read the headers. */
async function untilReceived(bytes: string, url?: string): Promise<Socket> {
  const socket = await open(bytes, url);
  await once(socket, 'data');
  return socket;
}

const authorization = (user: string) => `Authorization: Bearer ${api.token(user)}\r\n`;
const post = (user: string, headers: string) =>
  `POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\n${authorization(user)}Content-Type: application/json\r\n${headers}\r\n`;

/** Ways to close a connection: FIN or RST. */
const leaves: [string, (socket: Socket) => void][] = [
  ['FIN', (socket) => socket.destroy()],
  ['RST', (socket) => socket.resetAndDestroy()],
];

const bodies: [string, string, string][] = [
  ['before the body', 'Content-Length: 100\r\n', ''],
  ['within the declared length', 'Content-Length: 100\r\n', '{"title":'],
  ['within a chunk', 'Transfer-Encoding: chunked\r\n', '20\r\n{"title":'],
  ['between two chunks', 'Transfer-Encoding: chunked\r\n', '9\r\n{"title":\r\n'],
  ['before the last chunk', 'Transfer-Encoding: chunked\r\n', 'd\r\n{"title":"x"}\r\n'],
];

const counted = async () =>
  (await scrape(metricsPort)).value('todo_api_http_requests_total{route="/api/v1/tasks",method="POST",status="499"}');

describe.each(leaves)('a client that closes with %s', (_how, leave) => {
  test.each(bodies)('%s leaves a line at level info without an error', async (_when, headers, body) => {
    const before = await counted();
    // With `Expect`, the server responds with 100 when it waits for the body.
    const socket = await untilReceived(post('leaves', `Expect: 100-continue\r\n${headers}`));
    socket.write(body);
    leave(socket);
    expect(await newLines()).toEqual([
      expect.objectContaining({
        level: 30,
        method: 'POST',
        route: '/api/v1/tasks',
        status: 499,
        reason: 'the connection was closed before the body ended',
      }),
    ]);
    expect(JSON.stringify(api.log)).not.toMatch(/"stack"|"level":50/);
    expect(await counted()).toBe(before + 1);
    expect((await api.user('leaves').get('/api/v1/tasks')).body).toEqual([]);
  });

  test('within the headers causes no error either', async () => {
    const socket = await open('POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nAuthoriz');
    leave(socket);
    await api.anonymous().get('/livez');
    await newLines();
    // A reset leaves no line. After FIN, the client may still read.
    const own = requestLines()
      .slice(logged)
      .filter(({ route }) => route !== '/livez');
    for (const line of own) expect(line).toMatchObject({ level: 30, status: 400 });
    expect(JSON.stringify(api.log)).not.toMatch(/"stack"|"level":50/);
  });

  test('after an error response leaves only the line of that response', async () => {
    const head = 'POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const socket = await untilReceived(`${head}Content-Length: 100\r\n\r\n`);
    leave(socket);
    expect(await newLines()).toMatchObject([{ level: 30, status: 401, code: 'token_missing' }]);
  });
});

test('a client that leaves within a request to the embedded issuer leaves a line at level info, too', async () => {
  const issuer = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const lines = () => issuer.log.filter(({ route }) => route === '/api/auth/sign-in/email');
  const head = 'POST /api/auth/sign-in/email HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
  let left = 0;
  for (const [, leave] of leaves) {
    for (const [, headers, body] of bodies) {
      const socket = await untilReceived(`${head}Expect: 100-continue\r\n${headers}\r\n`, issuer.url);
      socket.write(body);
      leave(socket);
      left += 1;
      await expect.poll(lines).toHaveLength(left);
    }
  }
  for (const line of lines()) {
    expect(line).toMatchObject({
      level: 30,
      status: 499,
      reason: 'the connection was closed before the body ended',
    });
  }
});

test.each(leaves)('a client that closes with %s while its request waits for the database', async (how, leave) => {
  held = new Promise((resolve) => {
    release = resolve;
  });
  const user = `leaves-later-${how}`;
  const socket = await open(`${post(user, 'Content-Length: 13\r\n')}{"title":"x"}`);
  await expect.poll(() => waiting).toBe(1);
  leave(socket);
  // The server has seen the close when it responds on another connection.
  await api.anonymous().get('/livez');
  release();
  const line = () =>
    requestLines()
      .slice(logged)
      .find(({ method }) => method === 'POST');
  await expect.poll(line).toMatchObject({
    level: 30,
    status: 499,
    reason: 'the connection was closed before the response',
  });
  held = undefined;
  expect((await api.user(user).get('/api/v1/tasks')).body).toMatchObject([{ title: 'x' }]);
});

test('an invalid chunked body gets 400, and leaves one line with the request id of the response', async () => {
  const socket = await untilReceived(post('malformed', 'Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n'));
  socket.write('zz\r\n{}\r\n');
  const [received] = await once(socket, 'data');
  const answer = parseAnswer(String(received));
  expect(answer.status).toBe(400);
  await once(socket, 'close');
  expect(await newLines()).toMatchObject([
    { level: 30, status: 400, code: 'malformed_request', request_id: answer.headers.get('x-request-id') },
  ]);
});
