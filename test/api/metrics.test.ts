/** Metrics: on a separate port, disabled by default, with counts of requests and events. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';
import { misbehaviours } from '../support/jwks-server.ts';
import { scrape } from '../support/metrics.ts';
import { freePort } from '../support/postgres-server.ts';
import { sendRaw } from '../support/raw-http.ts';

async function startWithMetrics(environment: Record<string, string> = {}, keep = false) {
  const port = await freePort();
  const api = await startApi({ environment: { METRICS: 'on', ADMIN_PORT: String(port), ...environment }, keep });
  return { api, port, scrape: () => scrape(port) };
}

const requests = (method: string, route: string, status: number) =>
  `todo_api_http_requests_total{route="${route}",method="${method}",status="${status}"}`;

const events = (name: string, reason: string) => `todo_api_security_events_total{event="${name}",reason="${reason}"}`;

test('they are disabled by default: nothing listens, and the API does not serve them', async () => {
  const port = await freePort();
  const api = await startApi({ environment: { ADMIN_PORT: String(port) } });
  expect((await api.anonymous().get('/metrics')).status).toBe(404);
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

test('their port serves only metrics, and closes with the server', async () => {
  const { api, port } = await startWithMetrics({}, true);
  const url = `http://127.0.0.1:${port}`;
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  for (const path of ['/', '/metrics/', '/livez', '/api/v1/tasks', '/debug']) {
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  }
  const posted = await fetch(`${url}/metrics`, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await api.anonymous().get('/metrics')).status).toBe(404);
  await api.stop();
  await expect(fetch(`${url}/metrics`)).rejects.toThrow();
});

/** An address of this machine that other machines can use; undefined without a network. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each && !each.internal && each.family === 'IPv4')?.address;

test.skipIf(outside === undefined)('they are only on loopback unless METRICS_HOST has another address', async () => {
  const { port } = await startWithMetrics({ HOST: '0.0.0.0' });
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
  await expect(fetch(`http://${outside}:${port}/metrics`)).rejects.toThrow();
  const open = await startWithMetrics({ METRICS_HOST: '0.0.0.0' });
  expect((await fetch(`http://${outside}:${open.port}/metrics`)).status).toBe(200);
});

test('requests are counted by method, route and status, with a histogram that adds up', async () => {
  const { api, scrape } = await startWithMetrics();
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'Buy milk' });
  for (const _ of [1, 2, 3]) await ada.get(`/api/v1/tasks/${task.id}`);
  await ada.get('/api/v1/tasks/not-an-id');
  await ada.delete('/api/v1/tasks');
  await ada.post('/api/v1/tasks/batch', { operations: [] });
  const { value } = await scrape();
  expect(value(requests('POST', '/api/v1/tasks', 201))).toBe(1);
  expect(value(requests('GET', '/api/v1/tasks/:id', 200))).toBe(3);
  expect(value(requests('GET', '/api/v1/tasks/:id', 422))).toBe(1);
  expect(value(requests('DELETE', '/api/v1/tasks', 405))).toBe(1);
  expect(value(requests('POST', '/api/v1/tasks/batch', 422))).toBe(1);

  const labels = 'route="/api/v1/tasks/:id",method="GET"';
  const name = 'todo_api_http_request_duration_seconds';
  expect(value(`${name}_count{${labels}}`)).toBe(4);
  expect(value(`${name}_bucket{${labels},le="+Inf"}`)).toBe(4);
  expect(value(`${name}_bucket{${labels},le="10"}`)).toBe(4);
  expect(value(`${name}_sum{${labels}}`)).toBeGreaterThan(0);
});

test('values that clients invent add no labels', async () => {
  const { api, scrape } = await startWithMetrics();
  const ada = api.user();
  await ada.get('/nothing/at/all');
  await ada.get(`/api/v1/tasks/${crypto.randomUUID()}`);
  await ada.request('PROPFIND', '/api/v1/tasks');
  await api.anonymous('Bearer x').get('/api/v1/me');
  const before = await scrape();
  expect(before.value(requests('GET', 'none', 404))).toBe(1);
  expect(before.value(requests('other', '/api/v1/tasks', 405))).toBe(1);
  for (let count = 0; count < 20; count += 1) {
    await ada.get(`/nothing/${count}`);
    await ada.get(`/api/v1/tasks/${crypto.randomUUID()}`);
    await ada.request('MKCOL', '/api/v1/tasks');
    await api.anonymous(`Bearer x${count}`).get('/api/v1/me');
    await api.user().get(`/nothing/else/${count}`);
  }
  const after = await scrape();
  const isOfRequests = (sample: string) => !sample.startsWith('todo_api_token_verifications');
  expect(after.samples.filter(isOfRequests)).toEqual(before.samples.filter(isOfRequests));
  expect(after.value(requests('GET', 'none', 404))).toBe(41);
  expect(after.samples.join('\n')).not.toMatch(new RegExp(`${ada.userId}|[0-9a-f]{8}-[0-9a-f]{4}-|nothing`));
});

test('a run of all operations stays within the documented number of series', async () => {
  const text = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8');
  const [, perRoute, inAll] = /at most (\d+) series.*?fewer than ([\d,]+) series/s.exec(text) ?? [];
  const { api, scrape } = await startWithMetrics();
  const ada = api.user();
  const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
  const bodies = [{ title: 'y' }, {}, '{', 'x'.repeat(70_000), { title: 1 }];
  const headers = [{}, { 'If-Match': '"99"' }, { 'If-None-Match': '*' }, { 'Content-Type': 'text/plain' }];
  for (const path of new Set(documentedOperations.map(({ path }) => path))) {
    for (const id of path.includes('{id}') ? [task.id, crypto.randomUUID()] : ['']) {
      const target = path.replace('{id}', id).replace('{code}', 'not-found');
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const hasBody = !['GET', 'HEAD'].includes(method);
        const wrong = `${target}?unknown=1`;
        for (const body of hasBody ? bodies : [undefined]) await ada.request(method, wrong, { body });
        for (const each of headers) await ada.request(method, target, { headers: each, ...(hasBody && { body: {} }) });
        for (const client of [api.user('reader', { scope: 'tasks:read' }), api.anonymous()]) {
          await client.request(method, wrong, hasBody ? { body: {} } : {});
        }
      }
    }
  }
  const { samples } = await scrape();
  const routes = new Map<string, number>();
  for (const sample of samples) {
    const [, route = ''] = /route="([^"]*)"/.exec(sample) ?? [];
    routes.set(route, (routes.get(route) ?? 0) + 1);
  }
  routes.delete('');
  expect(routes.size).toBeGreaterThan(10);
  for (const [route, count] of routes) expect(count, route).toBeLessThanOrEqual(Number(perRoute));
  expect(samples.length).toBeLessThan(Number(inAll?.replace(',', '')));
});

test('requests that Node rejects are counted, too', async () => {
  const { api, scrape } = await startWithMetrics();
  await sendRaw(api.url, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n');
  await sendRaw(api.url, 'nonsense\r\n\r\n');
  const { value } = await scrape();
  expect(value(requests('GET', 'none', 400))).toBe(1);
  expect(value(requests('other', 'none', 400))).toBe(1);
});

test('security events are counted by name and reason', async () => {
  const { api, scrape } = await startWithMetrics({ RATE_LIMIT_PER_MINUTE: '2' });
  await api.anonymous().get('/api/v1/me');
  await api.anonymous('Bearer x').get('/api/v1/me');
  await api.anonymous('Bearer y').get('/api/v1/me');
  await api.user('ada', { exp: 1 }).get('/api/v1/me');
  await api.user('ada', { aud: 'another-audience' }).get('/api/v1/me');
  const reader = api.user('bob', { scope: 'tasks:read' });
  await reader.post('/api/v1/tasks', { title: 'x' });
  await reader.get('/api/v1/me');
  await reader.get('/api/v1/me');
  const { value } = await scrape();
  expect(value(events('token_rejected', 'token_missing'))).toBe(1);
  expect(value(events('token_rejected', 'a token must have three parts (RFC 7515, 7.1)'))).toBe(2);
  expect(value(events('token_rejected', 'exp must not be past (RFC 7519, 4.1.4)'))).toBe(1);
  expect(value(events('token_rejected', 'aud must be or have the configured audience (RFC 7519, 4.1.3)'))).toBe(1);
  expect(value(events('scope_rejected', 'insufficient_scope'))).toBe(1);
  expect(value(events('limit_reached', 'requests'))).toBe(1);
});

test('a rejected password does not count as a rejected token', async () => {
  const { api, scrape } = await startWithMetrics({ AUTH_MODE: 'embedded', PUBLIC_URL: 'http://localhost' });
  const credentials = { email: 'ada@example.com', password: 'correct horse battery' };
  await api.anonymous().post('/api/auth/sign-in/email', credentials);
  const { value } = await scrape();
  expect(value(events('sign_in_rejected', 'INVALID_EMAIL_OR_PASSWORD'))).toBe(1);
  expect(value(requests('POST', '/api/auth/sign-in/email', 401))).toBe(1);
});

test('verifications and fetches of keys are counted by outcome', async () => {
  const { api, scrape } = await startWithMetrics();
  const ada = api.user();
  const outcome = (name: string) => `todo_api_token_verifications_total{outcome="${name}"}`;
  expect((await scrape()).samples).toContain(outcome('cache_hit'));
  await ada.get('/api/v1/me');
  await ada.get('/api/v1/me');
  await ada.get('/api/v1/me');
  await api.anonymous('Bearer x').get('/api/v1/me');
  const { value } = await scrape();
  expect(['verified', 'cache_hit', 'rejected', 'unavailable'].map((name) => value(outcome(name)))).toEqual([
    1, 2, 1, 0,
  ]);
  expect(value('todo_api_jwks_fetches_total{outcome="fetched"}')).toBe(1);
  expect(value('todo_api_jwks_fetches_total{outcome="failed"}')).toBe(0);
});

test('failed fetches of keys are counted', async () => {
  const { api, scrape } = await startWithMetrics();
  api.jwks.behave(misbehaviours['answers 500']);
  expect((await api.user().get('/api/v1/me')).status).toBe(503);
  const { value } = await scrape();
  expect(value('todo_api_jwks_fetches_total{outcome="failed"}')).toBe(1);
  expect(value('todo_api_token_verifications_total{outcome="unavailable"}')).toBe(1);
  expect(value(events('keys_fetch_failed', 'keys_fetch_failed'))).toBe(1);
});

test('round trips to the database and the use of its connections are counted', async () => {
  const { api, scrape } = await startWithMetrics();
  const ada = api.user();
  const roundTrips = 'todo_api_database_round_trip_duration_seconds_count{outcome="ok"}';
  await ada.get('/api/v1/tasks');
  const before = await scrape();
  expect(before.value(roundTrips)).toBe(1);
  expect(before.value('todo_api_database_statements_total')).toBe(2);
  await ada.get('/api/v1/me');
  expect((await scrape()).value(roundTrips)).toBe(1);
  await ada.get(`/api/v1/tasks/${crypto.randomUUID()}`);
  await ada.get('/api/v1/tags');
  const after = await scrape();
  expect(after.value(roundTrips)).toBe(3);
  expect(after.value('todo_api_database_retries_total')).toBe(0);
  expect(after.value('todo_api_database_connections')).toBeGreaterThan(0);
  expect(after.value('todo_api_database_connections_idle')).toBe(after.value('todo_api_database_connections'));
  expect(after.value('todo_api_database_connections_waiting')).toBe(0);
});

test('a retried transaction is counted', async () => {
  const { api, scrape } = await startWithMetrics();
  await api.database.query(`
    create sequence public.attempts;
    grant usage on sequence public.attempts to todo_user;
    create function public.fail_once() returns trigger language plpgsql as $$
    begin
      if nextval('public.attempts') = 1 then raise exception using errcode = '40001'; end if;
      return new;
    end $$;
    create trigger fail_once before insert on todo.tasks for each row execute function public.fail_once();
  `);
  expect((await api.user().post('/api/v1/tasks', { title: 'Twice' })).status).toBe(201);
  const { value } = await scrape();
  expect(value('todo_api_database_retries_total')).toBe(1);
  expect(value('todo_api_database_round_trip_duration_seconds_count{outcome="error"}')).toBe(1);
});

test('the process and its event loop have metrics', async () => {
  const { scrape } = await startWithMetrics();
  const { value } = await scrape();
  expect(value('todo_api_process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(value('todo_api_process_cpu_user_seconds_total')).toBeGreaterThan(0);
  expect(value('todo_api_process_start_time_seconds')).toBeGreaterThan(1.7e9);
  await delay(50);
  const end = performance.now() + 200;
  while (performance.now() < end);
  await delay(50);
  expect((await scrape()).value('todo_api_event_loop_delay_max_seconds')).toBeGreaterThan(0.1);
});
