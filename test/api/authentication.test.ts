/** Authentication: bearer tokens in the Authorization header, and their scopes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scopes } from '../../src/vocabulary.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { documentedOperations } from '../support/document.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const me = '/api/v1/me';
const id = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';

const withToken = documentedOperations.filter(({ operation }) => operation.security.length > 0);
const withoutToken = documentedOperations.filter(({ operation }) => operation.security.length === 0);

test('every operation below /api/v1 requires a token, and no other one does', () => {
  expect(withToken.map(({ path }) => path.startsWith('/api/v1/'))).not.toContain(false);
  expect(withoutToken.map(({ path }) => path.startsWith('/api/v1/'))).not.toContain(true);
  expect(withToken.length).toBeGreaterThanOrEqual(7);
});

describe.each(withToken)('$method $path', ({ method, path, operation }) => {
  const url = path.replace(/\{\w+\}/g, id);
  const request = (authorization?: string) => api.anonymous(authorization).request(method, url);

  test('responds with 401 without a token', async () => {
    const { status, headers, body } = await request();
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_missing' });
    expect(headers.get('www-authenticate')).toBe('Bearer');
  });

  test('responds with 401 to an invalid token, before any other check', async () => {
    const { status, headers, body } = await request('Bearer nonsense');
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_invalid' });
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test('responds with 401 to an expired token', async () => {
    const { status, headers, body } = await request(`Bearer ${api.token('ada', { exp: 1_700_000_000 })}`);
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_expired' });
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test.each(['', 'tasks:admin', 'tasks', 'TASKS:READ TASKS:WRITE', 'tasks:read,tasks:write', 'other'])(
    'answers with the scope "%s" as its need says',
    async (scope) => {
      const need = operation['x-scope'];
      const { status, headers, body } = await request(`Bearer ${api.token('ada', { scope })}`);
      if (!need) {
        expect(status).toBe(200);
        return;
      }
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'insufficient_scope' });
      expect(headers.get('www-authenticate')).toBe(`Bearer error="insufficient_scope", scope="${need}"`);
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  test('accepts its own scope, and not the other one', async () => {
    const need = operation['x-scope'];
    for (const scope of scopes) {
      const { status } = await request(`Bearer ${api.token('ada', { scope })}`);
      expect(status === 403, scope).toBe(need !== undefined && need !== scope);
    }
    const all = `openid ${scopes.join('  ')}`;
    expect((await request(`Bearer ${api.token('ada', { scope: all })}`)).status).not.toBe(403);
  });
});

test.each(withoutToken)('$method $path requires no token and ignores an invalid one', async ({ method, path }) => {
  const url = path.replace('{code}', 'not-found');
  for (const authorization of [undefined, 'Bearer nonsense', 'Basic YTpi']) {
    expect((await api.anonymous(authorization).request(method, url)).status).toBe(200);
  }
});

test('reading requires tasks:read, writing tasks:write, and permanent deletion tasks:purge', () => {
  for (const { method, path, operation } of withToken) {
    const isPermanent = method === 'DELETE' && /^\/api\/v1\/(trash|me$)/.test(path);
    const isRead = method === 'GET' || path.endsWith('/preview');
    const need = isRead ? 'tasks:read' : isPermanent ? 'tasks:purge' : 'tasks:write';
    if (operation['x-scope'] !== undefined) expect([path, operation['x-scope']]).toEqual([path, need]);
  }
});

describe('the Authorization header', () => {
  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('accepts the scheme %s', async (scheme) => {
    expect((await api.anonymous(`${scheme} ${api.token('ada')}`).get(me)).status).toBe(200);
  });

  test.each([
    ['token_missing', (token: string) => token],
    ['token_missing', (token: string) => `Token ${token}`],
    ['token_missing', (token: string) => `JWT ${token}`],
    ['token_missing', (token: string) => `BearerX ${token}`],
    ['token_missing', (token: string) => `Bearer${token}`],
    ['token_missing', (token: string) => `Bearer: ${token}`],
    ['token_missing', (token: string) => `Basic ${Buffer.from(`ada:${token}`).toString('base64')}`],
    ['token_missing', () => 'Bearer'],
    ['token_missing', () => ''],
    ['token_invalid', (token: string) => `Bearer "${token}"`],
    ['token_invalid', (token: string) => `Bearer Bearer ${token}`],
    ['token_invalid', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['token_invalid', (token: string) => `Bearer ${token} x`],
    ['token_invalid', (token: string) => `Bearer ${token.slice(0, -2)}`],
    ['token_invalid', () => 'Bearer null'],
  ])('responds with %s to %o', async (code, header) => {
    const { status, body } = await api.anonymous(header(api.token('ada'))).get(me);
    expect({ status, code: body.code }).toEqual({ status: 401, code });
  });

  test('is the only source of the token', async () => {
    const token = api.token('ada');
    const anonymous = api.anonymous();
    for (const name of ['access_token', 'token', 'authorization']) {
      expect((await anonymous.get(`${me}?${name}=${token}`)).body.code).toBe('token_missing');
      const body = { [name]: token, title: 'x' };
      expect((await anonymous.post('/api/v1/tasks', body)).body.code).toBe('token_missing');
    }
    for (const headers of [
      { Cookie: `token=${token}; access_token=${token}; better-auth.session_token=${token}` },
      { 'X-Access-Token': token },
      { 'Proxy-Authorization': `Bearer ${token}` },
    ]) {
      expect((await anonymous.get(me, headers as unknown as Record<string, string>)).body.code).toBe('token_missing');
    }
  });
});

describe('GET /api/v1/me', () => {
  test('returns the user and the scopes', async () => {
    const answer = await api.user('ada').get(me);
    expect(answer).toMatchObject({ status: 200, body: { id: 'ada', scopes: null } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const scoped = await api.user('ada', { scope: 'tasks:read openid' }).get(me);
    expect(scoped.body).toEqual({ id: 'ada', scopes: ['tasks:read', 'openid'] });
  });

  test.each(['a', 'x'.repeat(255), 'auth0|5f7c', 'user@example.com', '../admin', "o'brien", 'Ünï✓💥', ' '])(
    'takes the sub %s as it is, and keeps its tasks apart',
    async (sub) => {
      const user = api.user(sub);
      expect((await user.get(me)).body.id).toBe(sub);
      const { body } = await user.post('/api/v1/tasks', { title: 'Mine' });
      expect(body.owner_id).toBe(sub);
      expect((await user.get('/api/v1/tasks')).body).toEqual([body]);
    },
  );

  test('no header can select another user', async () => {
    const headers = { 'X-User-Id': 'eve', 'X-Forwarded-User': 'eve', 'X-Owner': 'eve' };
    expect((await api.user('ada').get(me, headers)).body.id).toBe('ada');
  });
});
