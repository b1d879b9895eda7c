/** Slow and silent clients, with short limits: the server closes their connections, and continues to serve the others. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { UserDatabase } from '../../src/database/user-database.ts';
import type { ServerLimits } from '../../src/server/limits.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';
import { silentClient } from '../support/silent-client.ts';

const live = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';
const brokenOff = 'GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ';

/** The API with limits, a reader of its metrics, and a switch that holds requests back. */
async function startWith(limits: Partial<ServerLimits>) {
  let release = () => {};
  let held: Promise<void> | undefined;
  let running = 0;
  const wait = async () => {
    running += 1;
    await held;
    running -= 1;
  };
  const holding = (database: UserDatabase): UserDatabase => ({
    ...database,
    run: async (...given) => wait().then(() => database.run(...given)),
  });
  const port = await freePort();
  const environment = { METRICS: 'on', ADMIN_PORT: String(port), SHUTDOWN_TIMEOUT_MS: '500' };
  const api = await startApi({ environment, asUser: holding, limits: { checkIntervalMs: 50, ...limits } });
  const closedBy = async (reason: string) =>
    (await scrape(port)).value(`todo_api_http_connections_closed_total{reason="${reason}"}`);
  const hold = () => {
    held = new Promise((resolve) => {
      release = resolve;
    });
  };
  return { api, metricsPort: port, closedBy, hold, release: () => release(), running: () => running };
}

const get = (api: TestApi, path: string, user = 'slow') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.token(user)}\r\n\r\n`;

const post = (api: TestApi, body: string, length = body.length) =>
  `POST /api/v1/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.token('slow')}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** Requests whose responses have more bytes than the operating system buffers. Returns them and the bytes of all. */
async function longResponses(api: TestApi): Promise<{ requests: string; bytes: number }> {
  const task = { title: 'Long', description: 'x '.repeat(4_999) };
  const operations = Array.from({ length: 10 }, () => ({ op: 'create', task }));
  for (let count = 0; count < 5; count += 1) await api.user('slow').post('/api/v1/tasks/batch', { operations });
  const path = '/api/v1/tasks?limit=50';
  const { text } = await api.user('slow').get(path);
  expect(text.length).toBeGreaterThan(500_000);
  return { requests: get(api, path).repeat(30), bytes: 30 * text.length };
}

describe('a client that does not read its responses', () => {
  test('loses its connection after the write timeout', async () => {
    const { api, closedBy } = await startWith({ writeTimeoutMs: 500 });
    const { requests, bytes } = await longResponses(api);
    const client = await silentClient(api.url, requests);
    await expect.poll(() => closedBy('response_unread'), { timeout: 10_000 }).toBe(1);
    expect((await client.readAll()).length).toBeLessThan(bytes);
    expect((await api.user('good').get('/api/v1/tasks')).status).toBe(200);
  });

  test('keeps its connection while it reads steadily', async () => {
    const { api, closedBy } = await startWith({ writeTimeoutMs: 2_000 });
    const { requests, bytes } = await longResponses(api);
    const client = await silentClient(api.url, requests);
    // It takes more than twice the timeout.
    const received = await client.readSlowly(bytes / 100, 50, bytes);
    expect(received).toBeGreaterThanOrEqual(bytes);
    expect(await closedBy('response_unread')).toBe(0);
  });

  test('loses it after the time for a response, even if it reads steadily', async () => {
    const { api, closedBy } = await startWith({ writeTimeoutMs: 10_000, readResponseTimeoutMs: 1_000 });
    const { requests, bytes } = await longResponses(api);
    const client = await silentClient(api.url, requests);
    // Each of the 30 responses takes more than three times the time.
    void client.readSlowly(bytes / 2_000, 50, bytes);
    await expect.poll(() => closedBy('response_unread'), { timeout: 10_000 }).toBe(1);
  });

  test('has this time for each response on a connection', async () => {
    const { api, closedBy } = await startWith({ writeTimeoutMs: 10_000, readResponseTimeoutMs: 3_000 });
    const { requests, bytes } = await longResponses(api);
    const client = await silentClient(api.url, requests);
    // All of them take more than twice the time.
    expect(await client.readSlowly(bytes / 130, 50, bytes)).toBeGreaterThanOrEqual(bytes);
    expect(await closedBy('response_unread')).toBe(0);
  });

  test('and sends more bytes loses it, too', async () => {
    const { api, closedBy } = await startWith({
      writeTimeoutMs: 500,
      headersTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
    });
    const { requests } = await longResponses(api);
    const client = await silentClient(api.url, `${requests}${brokenOff}`);
    const dripping = setInterval(() => client.socket.write('x'), 20);
    client.socket.once('close', () => clearInterval(dripping));
    await expect.poll(() => closedBy('response_unread'), { timeout: 10_000 }).toBe(1);
    clearInterval(dripping);
  });

  test('does not change the result of a shutdown', async () => {
    const { api } = await startWith({});
    const { requests } = await longResponses(api);
    await silentClient(api.url, requests);
    await delay(1_000);
    expect(await api.stop()).toBe(true);
  });
});

test('beyond the bytes of unread responses, the connection that has waited longest is closed', async () => {
  const { api, closedBy } = await startWith({ maxHeldBytes: 1_500_000 });
  const { requests, bytes } = await longResponses(api);
  const clients = [];
  for (let count = 0; count < 4; count += 1) {
    clients.push(await silentClient(api.url, requests));
    await delay(300);
  }
  await expect.poll(() => closedBy('too_many_bytes'), { timeout: 10_000 }).toBe(2);
  for (const client of clients.slice(0, 2)) expect((await client.readAll()).length).toBeLessThan(bytes);
});

test('beyond the bytes of unfinished requests, the one that has waited longest is closed', async () => {
  const { api, closedBy } = await startWith({ maxHeldBytes: 250_000 });
  const half = post(api, `{"title":"${'x'.repeat(99_000)}`, 140_000);
  const clients = [];
  for (let count = 0; count < 4; count += 1) {
    clients.push(await silentClient(api.url, half));
    await delay(200);
  }
  await expect.poll(() => closedBy('too_many_bytes'), { timeout: 10_000 }).toBe(2);
  expect(await Promise.all(clients.map((client) => client.isClosed()))).toEqual([true, true, false, false]);
  expect((await api.user('good').post('/api/v1/tasks', { title: 'Buy milk' })).status).toBe(201);
});

describe('pipelined requests', () => {
  test('are handled one after the other, and answered in order', async () => {
    const { api, hold, release, running } = await startWith({});
    hold();
    const paths = ['/api/v1/tasks', '/livez', '/api/v1/tags', '/nowhere', '/api/v1/tasks?limit=x'];
    const last = get(api, '/api/v1/me').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const client = await silentClient(api.url, `${paths.map((path) => get(api, path)).join('')}${last}`);
    await expect.poll(running).toBe(1);
    await api.anonymous().get('/livez');
    expect(running()).toBe(1);
    release();
    const statuses = [...(await client.readAll()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 200, 200, 404, 422, 200]);
  });

  test.each([
    ['malformed', 'FOO /livez HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['without a Host', 'GET /livez HTTP/1.1\r\n\r\n'],
  ])('are answered before a later one that is %s', async (_kind, bytes) => {
    const { api, hold, release, running } = await startWith({});
    hold();
    const client = await silentClient(api.url, `${get(api, '/api/v1/tasks')}${bytes}`);
    await expect.poll(running).toBe(1);
    await api.anonymous().get('/livez');
    release();
    const statuses = [...(await client.readAll()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([200, 400]);
  });

  test('have no effect after one with `Connection: close`', async () => {
    const { api } = await startWith({});
    const create = post(api, '{"title":"x"}');
    const closing = create.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const client = await silentClient(api.url, `${create}${closing}${create}${create}`);
    const statuses = [...(await client.readAll()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses).toEqual([201, 201]);
    expect((await api.user('slow').get('/api/v1/tasks')).body).toHaveLength(2);
  });

  test('beyond the limit close the connection', async () => {
    const { api, closedBy, hold, release, running } = await startWith({ maxPipelined: 5 });
    hold();
    const within = await silentClient(api.url, `${get(api, '/api/v1/tasks')}${live.repeat(5)}`);
    const beyond = await silentClient(api.url, `${get(api, '/api/v1/tasks')}${live.repeat(6)}`);
    expect(await beyond.readAll()).toBe('');
    expect(await closedBy('pipelining')).toBe(1);
    await expect.poll(running).toBe(2);
    release();
    expect(await within.status()).toBe(200);
  });
});

describe('beyond the number of connections', () => {
  test('the one that has waited longest for its client is closed, and the new one is served', async () => {
    const { api, closedBy, hold, release, running } = await startWith({ maxConnections: 10 });
    hold();
    // It waits for the server.
    const busy = await silentClient(api.url, get(api, '/api/v1/tasks'));
    await expect.poll(running).toBe(1);
    const silent = [];
    for (const bytes of ['', brokenOff, live, live, brokenOff, live]) silent.push(await silentClient(api.url, bytes));
    await delay(200);
    for (let count = 0; count < 9; count += 1) {
      const client = await silentClient(api.url, live);
      expect(await client.status()).toBe(200);
    }
    expect(await closedBy('too_many_connections')).toBeGreaterThanOrEqual(6);
    expect(await Promise.all(silent.map((client) => client.isClosed()))).toEqual(Array(6).fill(true));
    release();
    expect(await busy.status()).toBe(200);
  });

  test('a new one is closed if all of them wait for the server', async () => {
    const { api, hold, release, running } = await startWith({ maxConnections: 3 });
    hold();
    const busy = [];
    for (let count = 0; count < 3; count += 1) busy.push(await silentClient(api.url, get(api, '/api/v1/tasks')));
    await expect.poll(running).toBe(3);
    expect(await (await silentClient(api.url, live)).readAll()).toBe('');
    release();
    expect(await Promise.all(busy.map((client) => client.status()))).toEqual([200, 200, 200]);
  });
});

test('beyond the number of idle connections, those that are idle longest are closed early', async () => {
  const { api, closedBy } = await startWith({ maxIdleConnections: 3, excessIdleMs: 300 });
  const idle = [];
  for (let count = 0; count < 6; count += 1) {
    const client = await silentClient(api.url, live);
    expect(await client.status()).toBe(200);
    idle.push(client);
  }
  await expect.poll(() => closedBy('too_many_idle'), { timeout: 10_000 }).toBe(3);
  expect(await Promise.all(idle.map((client) => client.isClosed()))).toEqual([true, true, true, false, false, false]);
});

test.each([
  ['headers', brokenOff],
  ['a body', 'POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{'],
])('a client that sends %s too slowly and keeps its half open loses the connection', async (_what, bytes) => {
  const { api } = await startWith({ headersTimeoutMs: 300, requestTimeoutMs: 600, lingerMs: 200 });
  const client = await silentClient(api.url, bytes);
  const dripping = setInterval(() => client.socket.write('x'), 20);
  client.socket.once('close', () => clearInterval(dripping));
  client.socket.resume();
  // Writing fails only after the server has closed the whole connection, not only its half.
  await expect.poll(() => client.socket.destroyed, { timeout: 10_000 }).toBe(true);
});

test('the port of the metrics serves Prometheus beside clients that send nothing', async () => {
  const { metricsPort } = await startWith({});
  for (let count = 0; count < 120; count += 1) await silentClient(`http://127.0.0.1:${metricsPort}`, brokenOff);
  expect((await scrape(metricsPort)).value('todo_api_process_start_time_seconds')).toBeGreaterThan(0);
});
