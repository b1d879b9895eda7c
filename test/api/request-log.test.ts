/** The log line of each request. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { requestFields } from '../../src/observability/event-sink.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { misbehaviours } from '../support/jwks-server.ts';
import { callOf, forMcp, sendMessage } from '../support/mcp.ts';
import { sendRaw } from '../support/raw-http.ts';

const requestsOf = (api: TestApi) => api.log.filter(({ msg }) => msg === 'request');

test('it contains the user, the request and the result', async () => {
  const api = await startApi();
  const ada = api.user('ada@example.com');
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'Buy milk' });
  const { headers } = await ada.get(`/api/v1/tasks/${task.id}?x=${task.id}`);
  const lines = requestsOf(api);
  expect(lines).toHaveLength(2);
  // The same computation as the shell command in the comment of `pseudonymize`.
  const hash = createHash('sha256').update('todo-api:ada@example.com').digest('hex').slice(0, 12);
  expect(lines[0]).toEqual({
    level: 30,
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    user_hash: hash,
    method: 'POST',
    route: '/api/v1/tasks',
    status: 201,
    duration_ms: expect.any(Number),
    msg: 'request',
  });
  expect(lines[1]).toMatchObject({
    request_id: headers.get('x-request-id'),
    user_hash: hash,
    route: '/api/v1/tasks/:id',
    status: 422,
    code: 'validation_failed',
  });
  const text = JSON.stringify(api.log);
  for (const secret of ['ada@example.com', task.id, 'Buy milk', api.token('ada@example.com').split('.')[0]]) {
    expect(text).not.toContain(secret);
  }
});

test('it contains security events with their reasons', async () => {
  const api = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '1' } });
  const reader = api.user('reader', { scope: 'tasks:read' });
  await api.anonymous().get('/api/v1/tasks');
  await api.anonymous('Bearer x').get('/api/v1/tasks');
  await reader.post('/api/v1/tasks', { title: 'x' });
  await reader.get('/api/v1/tasks');
  const seen = requestsOf(api).map(({ event, status, code, reason, user_hash }) => ({
    event,
    status,
    code,
    reason,
    known: user_hash !== undefined,
  }));
  expect(seen).toEqual([
    { event: 'token_rejected', status: 401, code: 'token_missing', known: false },
    {
      event: 'token_rejected',
      status: 401,
      code: 'token_invalid',
      reason: 'a token must have three parts (RFC 7515, 7.1)',
      known: false,
    },
    { event: 'scope_rejected', status: 403, code: 'insufficient_scope', known: true },
    { event: 'limit_reached', status: 429, code: 'rate_limited', reason: 'requests', known: true },
  ]);
});

test('it does not contain an unknown path', async () => {
  const api = await startApi();
  await api.user().get('/reset?token=not-to-be-seen');
  expect(requestsOf(api)).toMatchObject([{ route: 'none', status: 404, code: 'not_found' }]);
  expect(JSON.stringify(api.log)).not.toMatch(/not-to-be-seen|reset/);
});

test('a preflight has the route of its path', async () => {
  const api = await startApi({ environment: { CORS_ORIGINS: 'https://app.example.com' } });
  const headers = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'PUT' };
  await fetch(`${api.url}/api/v1/tasks/1`, { method: 'OPTIONS', headers });
  expect(requestsOf(api)).toMatchObject([{ method: 'OPTIONS', route: '/api/v1/tasks/:id', status: 204 }]);
});

test('a request that Node rejects leaves a line, too, with the request id of the response', async () => {
  const api = await startApi();
  const [, id] = /x-request-id: (\S+)/i.exec(await sendRaw(api.url, 'GET /a b HTTP/1.1\r\n\r\n')) ?? [];
  await sendRaw(api.url, 'GET /secret HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  await sendRaw(api.url, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(requestsOf(api)).toMatchObject([
    { request_id: id, route: 'none', status: 400, code: 'malformed_request', reason: expect.stringMatching(/^HPE_/) },
    { method: 'GET', route: 'none', status: 400, code: 'malformed_request', reason: 'Host' },
    { route: 'none', status: 400, code: 'malformed_request', reason: 'target' },
  ]);
  expect(JSON.stringify(api.log)).not.toContain('secret');
});

test('its fields are the documented ones', async () => {
  const api = await startApi();
  const ada = api.user();
  await ada.get('/api/v1/me');
  await ada.get('/nothing');
  await sendMessage(api, callOf('find_tasks'), { token: api.token('ada', forMcp(api)) });
  await api.anonymous('Bearer x').get('/api/v1/me');
  await api.user('ada', { iss: 'https://another.test' }).get('/api/v1/me');
  await api.database.driver.close();
  expect((await ada.get('/api/v1/tasks')).status).toBe(503);
  const fields = new Set(requestsOf(api).flatMap((line) => Object.keys(line)));
  for (const own of ['level', 'time', 'msg']) fields.delete(own);
  expect([...fields].sort()).toEqual(Object.keys(requestFields).sort());
});

test('fetched keys and failed fetches are events', async () => {
  const api = await startApi();
  await api.user().get('/api/v1/me');
  expect(api.log).toContainEqual(expect.objectContaining({ event: 'keys_fetched', usable: 1 }));
  const failing = await startApi();
  failing.jwks.behave(misbehaviours['answers 500']);
  await failing.user().get('/api/v1/me');
  expect(failing.log).toContainEqual(
    expect.objectContaining({ event: 'keys_fetch_failed', level: 40, retry_in_ms: expect.any(Number) }),
  );
});
