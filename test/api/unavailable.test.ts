/** Startup without a database or an issuer: other requests are served, and requests that need them get 503 with Retry-After. */
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createLog } from '../../src/observability/log.ts';
import { startServer } from '../../src/server/server.ts';
import { createServices } from '../../src/services.ts';
import { startApi } from '../support/api.ts';
import { requestsToAll } from '../support/issuer-requests.ts';
import { startJwksServer } from '../support/jwks-server.ts';
import { freePort } from '../support/postgres-server.ts';
import { makeIssuer } from '../support/tokens.ts';

/** A server with a database address that nothing listens on. */
async function startWithoutDatabase(environment: Record<string, string>, lines: string[] = []): Promise<string> {
  const port = await freePort();
  const services = await createServices(
    loadConfig({
      PORT: String(port),
      DATABASE_URL: `postgres://user:not-to-be-seen@127.0.0.1:${await freePort()}/todo`,
      BETTER_AUTH_SECRET: 'another-kept-secret-Zr8KxN0tWb7JmC4y',
      ...environment,
    }),
    { log: createLog('info', { write: (line) => void lines.push(line) }) },
  );
  const server = await startServer(services);
  onTestFinished(async () => void (await server.stop()));
  return `http://127.0.0.1:${port}`;
}

async function expectUnavailable(response: Response, code: string): Promise<void> {
  const text = await response.text();
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(JSON.parse(text).code).toBe(code);
  expect(text).not.toMatch(/not-to-be-seen|ECONN|127\.0\.0\.1/);
}

test('without a database the server runs, and requests with a valid token get 503', async () => {
  const issuer = makeIssuer();
  const jwks = await startJwksServer(issuer.jwks);
  onTestFinished(() => jwks.close());
  const url = await startWithoutDatabase({
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: jwks.url,
    AUTH_ISSUER: '*',
    AUTH_AUDIENCE: '*',
  });
  for (const path of ['/livez', '/health', '/openapi.json', '/docs']) {
    expect((await fetch(`${url}${path}`)).status).toBe(200);
  }
  await expectUnavailable(await fetch(`${url}/readyz`), 'database_unavailable');
  const seconds = Math.floor(Date.now() / 1000);
  const token = issuer.sign({ sub: 'ada', exp: seconds + 900 });
  const authorized = { headers: { Authorization: `Bearer ${token}` } };
  await expectUnavailable(await fetch(`${url}/api/v1/tasks`, authorized), 'database_unavailable');
  expect((await fetch(`${url}/api/v1/me`, authorized)).status).toBe(200);
  const bad = await fetch(`${url}/api/v1/tasks`, { headers: { Authorization: `Bearer ${token}x` } });
  expect(bad.status).toBe(401);
  expect((await fetch(`${url}/api/v1/tasks`)).status).toBe(401);
});

/** The log lines of readiness probes: one each, at level info (30), with a reason and without an error. */
function expectQuietProbes(log: readonly Record<string, unknown>[], count: number): void {
  const probes = log.filter(({ route, status }) => route === '/readyz' && status === 503);
  expect(probes).toHaveLength(count);
  for (const line of probes) {
    expect(line).toMatchObject({ level: 30, msg: 'request', code: 'database_unavailable', reason: expect.any(String) });
    expect(line).not.toHaveProperty('err');
  }
  expect(JSON.stringify(log.filter(({ msg }) => msg === 'request'))).not.toContain('stack');
}

test('readiness probes during startup leave no errors in the log', async () => {
  const lines: string[] = [];
  const url = await startWithoutDatabase({ AUTH_MODE: 'shared-secret' }, lines);
  for (let probe = 0; probe < 5; probe += 1) {
    for (const method of ['GET', 'HEAD']) expect((await fetch(`${url}/readyz`, { method })).status).toBe(503);
  }
  expectQuietProbes(
    lines.map((line) => JSON.parse(line)),
    10,
  );
});

test('without a database signing in gets 503', async () => {
  const url = await startWithoutDatabase({ AUTH_MODE: 'embedded' });
  const response = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery' }),
  });
  await expectUnavailable(response, 'database_unavailable');
});

test('without a database no endpoint of the embedded issuer rejects a valid session', async () => {
  const api = await startApi({ environment: { AUTH_MODE: 'embedded', AUTH_FAILURES_PER_MINUTE: '5' } });
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const { headers } = await api.anonymous().post('/api/auth/sign-up/email', person);
  const client = api.anonymous(`Bearer ${headers.get('set-auth-token')}`);
  const { pool } = api.database.driver;
  const { connect } = pool;
  pool.connect = (() => Promise.reject(Object.assign(new Error(), { code: 'ECONNREFUSED' }))) as typeof connect;
  for (const { method, path, body } of requestsToAll(person)) {
    const answer = await client.request(method, path, { body });
    expect([answer.status, answer.body?.code], `${method} ${path}: ${answer.text}`).toEqual([
      503,
      'database_unavailable',
    ]);
  }
  pool.connect = connect;
  expect((await client.get('/api/auth/token')).status).toBe(200);
});

test('a database that becomes unreachable is reported, and is used again when it returns', async () => {
  const api = await startApi();
  const user = api.user();
  expect((await api.anonymous().get('/readyz')).status).toBe(200);
  await api.database.driver.close();
  expect((await api.anonymous().get('/readyz')).body.code).toBe('database_unavailable');
  expectQuietProbes(api.log, 1);
  expect((await api.anonymous().get('/livez')).status).toBe(200);
  expect((await user.get('/api/v1/tasks')).body.code).toBe('database_unavailable');
  expect((await api.anonymous('Bearer x').get('/api/v1/tasks')).status).toBe(401);
});

test('an unreachable issuer makes no token invalid', async () => {
  const api = await startApi();
  await api.jwks.close();
  const { status, headers, body } = await api.user().get('/api/v1/tasks');
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'identity_provider_unavailable' });
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect((await api.anonymous().get('/readyz')).status).toBe(200);
});
