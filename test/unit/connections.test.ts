/** The connections of a server that sends one response of 40 MB, with a limit of one request in progress. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { expect, onTestFinished, test } from 'vitest';
import { limitConcurrency } from '../../src/http/middleware/concurrency-limit.ts';
import { withNodeRequest } from '../../src/http/node/request-adapter.ts';
import { createServerResponseClass } from '../../src/http/node/server-response.ts';
import type { Env } from '../../src/http/request-context.ts';
import type { Connection } from '../../src/server/connection.ts';
import { type Connections, trackConnections } from '../../src/server/connections.ts';
import { apiLimits } from '../../src/server/limits.ts';
import { silentClient } from '../support/silent-client.ts';

const bytes = 40 * 1024 * 1024;
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function start(): Promise<{ url: string; connections: Connections; first(): Connection | undefined }> {
  const limit = limitConcurrency({ exempt: [], endless: [], max: 1 });
  const app = new Hono<Env>();
  app.get('/', limit('/', () => new Response('x'.repeat(bytes))) as never);
  app.onError(() => new Response(null, { status: 503 }));
  const ServerResponse = createServerResponseClass({
    isClosing: () => false,
    onLargeBody: (response, size) => connections.countBody(response, size),
  });
  const server = createServer({ ServerResponse }, getRequestListener(withNodeRequest(app.fetch)));
  const connections = trackConnections(server, { ...apiLimits, checkIntervalMs: 60_000 }, () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections, first: () => [...connections.all][0] };
}

test('a request is in progress until the client has received the response or has left', async () => {
  const { url } = await start();
  const silent = await silentClient(url, get);
  await expect.poll(async () => (await fetch(url)).status).toBe(503);
  expect((await fetch(url)).status).toBe(503);
  silent.socket.destroy();
  await expect.poll(async () => (await (await fetch(url)).text()).length).toBe(bytes);
  // The server may notice the end of the response after the client.
  await expect.poll(async () => (await (await fetch(url)).text()).length).toBe(bytes);
});

test('a response arrives unchanged in pieces', async () => {
  const { url } = await start();
  const response = await fetch(url);
  expect(response.headers.get('content-length')).toBe(String(bytes));
  expect(await response.text()).toBe('x'.repeat(bytes));
});

test('a response is cut off only if its client has read since a time', async () => {
  const { url, connections, first } = await start();
  const client = await silentClient(url, get);
  await expect.poll(() => first()?.heldBytes).toBe(bytes);
  connections.check();
  const before = performance.now();
  connections.check();
  expect(first()?.isCutOff(before)).toBe(false);
  expect(await client.readSlowly(1024 * 1024, 1, bytes / 2)).toBeLessThan(bytes);
  connections.check();
  expect(first()?.isCutOff(before)).toBe(true);
  expect(first()?.isCutOff(performance.now())).toBe(false);
});
