/** Pages in native applications: origins with their own scheme, and `Vary` for caches in between. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

const listed = [
  'capacitor://localhost',
  'ionic://localhost',
  'http://localhost',
  'https://localhost',
  'tauri://localhost',
  'https://tauri.localhost',
  'app://-',
  'chrome-extension://aapocclcgogkmnckokdopfmhonfmgoek',
  'moz-extension://0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d',
];

const unlisted = [
  'capacitor://localhost.evil',
  'capacitor://localhost:8100',
  'capacitor://other',
  'capacitor://',
  'evil://localhost',
  'http://localhost:8100',
  'http://tauri.localhost',
  'app://evil',
  'chrome-extension://bapocclcgogkmnckokdopfmhonfmgoek',
  'file://',
  'null',
];

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded', CORS_ORIGINS: listed.join(',') } });
});

afterAll(() => api.stop());

let people = 0;

function newPerson() {
  people += 1;
  return { name: 'Ada', email: `ada${people}@example.com`, password: 'correct horse battery' };
}

test.each(listed)('a page from %s signs up, signs in and calls the API', async (origin) => {
  const from = { Origin: origin, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' };
  const preflight = await api.anonymous().request('OPTIONS', '/api/auth/sign-up/email', {
    headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);

  const person = newPerson();
  const signedUp = await api.anonymous().post('/api/auth/sign-up/email', person, from);
  expect(signedUp.status).toBe(200);
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const signedIn = await api.anonymous().post('/api/auth/sign-in/email', person, { ...from, Cookie: cookie });
  expect(signedIn.status).toBe(200);
  expect(signedIn.headers.get('access-control-allow-origin')).toBe(origin);
  expect(signedIn.headers.get('access-control-expose-headers')).toContain('set-auth-token');

  // A WebView holds a cookie of another site back, so the session goes into a header.
  const session = api.anonymous(`Bearer ${signedIn.headers.get('set-auth-token')}`);
  for (const answer of [
    await session.get('/api/auth/token', from),
    await api.anonymous().get('/api/auth/token', { ...from, Cookie: cookie }),
  ]) {
    const created = await api.anonymous(`Bearer ${answer.body.token}`).post('/api/v1/tasks', { title: 'Milk' }, from);
    expect(created.status).toBe(201);
    expect(created.headers.get('access-control-allow-origin')).toBe(origin);
  }
});

test.each(unlisted)('%s is not allowed', async (origin) => {
  const headers = { Origin: origin, 'Access-Control-Request-Method': 'POST' };
  const answers = [
    await api.anonymous().request('OPTIONS', '/api/v1/tasks', { headers }),
    await api.anonymous().post('/api/auth/sign-up/email', newPerson(), { Origin: origin }),
    await api.anonymous().post('/api/auth/sign-in/email', newPerson(), { Origin: origin, Cookie: 'a=b' }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([405, 422, 422]);
  for (const { headers: sent } of answers) expect(sent.has('access-control-allow-origin')).toBe(false);
});

test('React Native sends no origin, and needs none', async () => {
  expect((await api.anonymous().post('/api/auth/sign-up/email', newPerson())).status).toBe(200);
});

describe('Vary', () => {
  test.each([['capacitor://localhost'], ['https://evil.example'], [undefined]])(
    'has Origin in every response where origins are configured, to %s too',
    async (origin) => {
      const from = origin === undefined ? {} : { Origin: origin };
      const client = api.anonymous();
      for (const answer of [
        await client.get('/livez', from),
        await client.get('/nowhere', from),
        await client.get('/api/v1/tasks', from),
        await client.post('/livez', {}, from),
        await client.get('/docs', from),
        await client.get('/docs/start.js', from),
        await client.get('/api/auth/jwks', from),
        await client.get('/api/auth/token', from),
        await client.request('HEAD', '/livez', { headers: from }),
        await client.request('OPTIONS', '/livez', { headers: { ...from, 'Access-Control-Request-Method': 'GET' } }),
      ]) {
        const names = answer.headers.get('vary')?.toLowerCase().split(/, */) ?? [];
        expect(names.filter((name) => name === 'origin')).toEqual(['origin']);
      }
    },
  );

  test('is absent if no origin is configured', async () => {
    const bare = await startApi();
    const { headers } = await bare.anonymous().get('/livez', { Origin: 'https://a.example' });
    expect(headers.has('vary')).toBe(false);
  });
});
