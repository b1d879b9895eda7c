/** Rate limits per user and per address. */
import { expect, test } from 'vitest';
import { startApi } from '../support/api.ts';

/** The header with another client's address, as a proxy on this machine sends it. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

for (const store of ['memory', 'database']) {
  test(`the limit of requests per user and minute is exact, counted in ${store}`, async () => {
    const api = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '5', RATE_LIMIT_STORE: store } });
    const [ada, bob] = [api.user(), api.user()];
    for (const left of [4, 3, 2, 1, 0]) {
      const { status, headers } = await ada.get('/api/v1/tasks');
      expect(status).toBe(200);
      expect(headers.get('ratelimit-policy')).toBe('"requests";q=5;w=60');
      expect(headers.get('ratelimit')).toMatch(new RegExp(`^"requests";r=${left};t=(60|5\\d)$`));
    }
    const refused = await ada.get('/api/v1/me');
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;/);
    expect((await bob.get('/api/v1/me')).status).toBe(200);
    expect((await ada.get('/livez')).status).toBe(200);
  });
}

test('concurrent requests are all counted', async () => {
  const api = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '10', RATE_LIMIT_STORE: 'database' } });
  const ada = api.user();
  const statuses = await Promise.all(Array.from({ length: 25 }, async () => (await ada.get('/api/v1/me')).status));
  expect(statuses.filter((status) => status === 200)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(15);
});

test('requests with a wrong scope or body count; unauthenticated requests do not', async () => {
  const api = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '3' } });
  const reader = api.user('reader', { scope: 'tasks:read' });
  expect((await reader.post('/api/v1/tasks', { title: 'x' })).status).toBe(403);
  expect((await reader.get('/api/v1/tasks?limit=x')).status).toBe(422);
  expect((await api.anonymous('Bearer x').get('/api/v1/tasks')).status).toBe(401);
  expect((await reader.get('/api/v1/tasks')).headers.get('ratelimit')).toMatch(/r=0/);
  expect((await reader.get('/api/v1/tasks')).status).toBe(429);
});

test('the limit of failed authentications per address and minute is exact, and valid tokens do not count', async () => {
  const api = await startApi({ environment: { AUTH_FAILURES_PER_MINUTE: '3' } });
  const ada = api.user();
  for (const authorization of [undefined, 'Bearer x', `Bearer ${api.token('x', { exp: 1 })}`]) {
    expect((await ada.get('/api/v1/me')).status).toBe(200);
    const { status, headers } = await api.anonymous(authorization).get('/api/v1/me');
    expect(status).toBe(401);
    expect(headers.get('ratelimit-policy')).toBe('"failures";q=3;w=60');
  }
  const refused = await api.anonymous('Bearer x').get('/api/v1/me');
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ada.get('/livez')).status).toBe(200);
});

test('60 bad tokens from an address do not reject its good ones, new or known', async () => {
  const api = await startApi({ environment: { AUTH_FAILURES_PER_MINUTE: '60' } });
  const ada = api.user();
  expect((await ada.get('/api/v1/me')).status).toBe(200);
  const statuses: number[] = [];
  for (let count = 0; count < 70; count += 1) {
    statuses.push((await api.anonymous(`Bearer bad-${count}`).get('/api/v1/me')).status);
  }
  expect(statuses).toEqual([...Array(60).fill(401), ...Array(10).fill(429)]);
  expect((await ada.get('/api/v1/me')).status).toBe(200);
  expect((await api.user().post('/api/v1/tasks', { title: 'Buy milk' })).status).toBe(201);
  const refused = await api.anonymous(`Bearer ${api.token('x', { exp: 1 })}`).get('/api/v1/me');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused.headers.get('ratelimit')).toMatch(/^"failures";r=0;t=\d+$/);
});

test('failed sign-ins count for their address', async () => {
  const api = await startApi({ environment: { AUTH_MODE: 'embedded', AUTH_FAILURES_PER_MINUTE: '3' } });
  const client = api.anonymous();
  const attempt = () => client.post('/api/auth/sign-in/email', { email: 'x@example.com', password: 'wrong password' });
  for (let failure = 0; failure < 3; failure += 1) expect((await attempt()).status).toBe(401);
  expect((await attempt()).status).toBe(429);
});

test('0 disables a limit', async () => {
  const api = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '0', AUTH_FAILURES_PER_MINUTE: '0' } });
  const { headers } = await api.user().get('/api/v1/me');
  expect(headers.has('ratelimit')).toBe(false);
  for (let failure = 0; failure < 100; failure += 1) {
    expect((await api.anonymous('Bearer x').get('/api/v1/me')).status).toBe(401);
  }
});

test('X-Forwarded-For is ignored unless it comes from a trusted proxy', async () => {
  const api = await startApi({ environment: { AUTH_FAILURES_PER_MINUTE: '2' } });
  const client = api.anonymous('Bearer x');
  const statuses: number[] = [];
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
    statuses.push((await client.get('/api/v1/me', from(address))).status);
  }
  expect(statuses).toEqual([401, 401, 429]);
});

test('behind trusted proxies the client is the nearest address that is not a proxy', async () => {
  const api = await startApi({
    environment: { AUTH_FAILURES_PER_MINUTE: '2', TRUSTED_PROXIES: '127.0.0.0/8,::1,10.0.0.0/8' },
  });
  const client = api.anonymous('Bearer x');
  const status = async (address: string) => (await client.get('/api/v1/me', from(address))).status;
  expect(await status('192.0.2.1')).toBe(401);
  // Forged addresses come before the address that the proxy appended.
  expect(await status('203.0.113.9, 192.0.2.1, 10.0.0.7')).toBe(401);
  expect(await status('203.0.113.10, 192.0.2.1')).toBe(429);
  expect(await status('192.0.2.2')).toBe(401);
  // One client has a whole /64 network of IPv6.
  expect(await status('2001:db8::1')).toBe(401);
  expect(await status('2001:0db8:0:0:ffff::2')).toBe(401);
  expect(await status('2001:db8::3')).toBe(429);
  expect(await status('2001:db8:0:1::1')).toBe(401);
});

test('an address is the same with any port, and an invalid address counts as the proxy', async () => {
  const api = await startApi({ environment: { AUTH_FAILURES_PER_MINUTE: '2', TRUSTED_PROXIES: 'loopback' } });
  const status = async (address: string) => (await api.anonymous('Bearer x').get('/api/v1/me', from(address))).status;
  expect(await status('192.0.2.1:1000')).toBe(401);
  expect(await status('192.0.2.1:1001')).toBe(401);
  expect(await status('192.0.2.1:1002')).toBe(429);
  expect(await status('[2001:db8::1]:1000')).toBe(401);
  expect(await status('"[2001:db8::2]:1001"')).toBe(401);
  expect(await status('2001:db8::3')).toBe(429);
  expect(await status('made-up-1')).toBe(401);
  expect(await status('198.51.100.1, unknown')).toBe(401);
  expect(await status('made-up-3')).toBe(429);
});
