/** Scope claims of identity providers, and the log line of a token for another audience. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';

const configured = 'https://tenant.auth0.test';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { AUTH_ISSUER: configured, AUTH_AUDIENCE: 'todo' } });
});

afterAll(() => api.stop());

test.each([
  [{ scp: ['tasks:read'] }, 200, 403],
  [{ scp: 'tasks:read tasks:write' }, 200, 201],
  [{ scope: ['tasks:write'] }, 403, 201],
  [{ scope: 'openid', scp: ['tasks:read'] }, 200, 403],
  [{ scp: [] }, 403, 403],
  [{ scp: 'access_as_user' }, 403, 403],
  [{}, 200, 201],
  [{ scp: { read: true } }, 401, 401],
])('a token with %j reads with %i and writes with %i', async (claims, read, write) => {
  const user = api.user(undefined, { iss: configured, ...claims });
  expect((await user.get('/api/v1/tasks')).status).toBe(read);
  expect((await user.post('/api/v1/tasks', { title: 'Buy milk' })).status).toBe(write);
});

test.each([
  [{ iss: `${configured}/` }, { claim: 'iss', received: `${configured}/`, configured }],
  [{ iss: undefined }, { claim: 'iss', received: null, configured }],
  [
    { iss: configured, aud: ['a', 'b'] },
    { claim: 'aud', received: ['a', 'b'], configured: 'todo' },
  ],
  [
    { iss: configured, aud: undefined, client_id: 'web', token_use: 'access' },
    { claim: 'client_id', received: 'web', configured: 'todo' },
  ],
  [{ iss: 'x'.repeat(3_000) }, { claim: 'iss', received: expect.stringMatching(/^"x{200,400}…$/), configured }],
])('a mismatch with %j: both values are in the log, and not in the response', async (claims, mismatch) => {
  const { status, headers, text, body } = await api.user('ada', claims).get('/api/v1/me');
  expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_invalid' });
  expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  expect(text).not.toContain(configured);
  const line = api.log.find((entry) => entry.request_id === body.request_id);
  expect(line).toMatchObject({
    event: 'token_rejected',
    reason: expect.stringMatching(/^(iss|aud) must be/),
    mismatch,
  });
});

test('the log has no claim of a token with an invalid signature', async () => {
  const [header, payload] = api.token('ada', { iss: 'https://evil.example' }).split('.');
  const { body } = await api.anonymous(`Bearer ${header}.${payload}.${'A'.repeat(86)}`).get('/api/v1/me');
  const line = api.log.find((entry) => entry.request_id === body.request_id);
  expect(line).toMatchObject({ code: 'token_invalid' });
  expect(JSON.stringify(line)).not.toContain('evil');
});
