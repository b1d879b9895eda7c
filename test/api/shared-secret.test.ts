/** AUTH_MODE=shared-secret: tokens signed with HS256 and a secret that issuer and server share. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { testSecret } from '../support/databases.ts';
import { makeIssuer, signWithSecret } from '../support/tokens.ts';

let api: TestApi;

beforeAll(async () => {
  const environment = { AUTH_MODE: 'shared-secret', AUTH_ISSUER: 'https://issuer.test', AUTH_AUDIENCE: 'todo' };
  api = await startApi({ keep: true, environment });
});

afterAll(() => api.stop());

const seconds = Math.floor(Date.now() / 1000);
const claims = { iss: 'https://issuer.test', aud: 'todo', iat: seconds, exp: seconds + 900, sub: 'ada' };

const me = (token: string) => api.anonymous(`Bearer ${token}`).get('/api/v1/me');

test('the subject of a token signed with the secret is the user', async () => {
  const token = signWithSecret(testSecret, { ...claims, scope: 'tasks:read' });
  expect((await me(token)).body).toEqual({ id: 'ada', scopes: ['tasks:read'] });
  const owner = api.anonymous(`Bearer ${signWithSecret(testSecret, claims)}`);
  expect((await owner.post('/api/v1/tasks', { title: 'x' })).body.owner_id).toBe('ada');
});

test.each([
  ['another secret', () => signWithSecret(`${testSecret}x`, claims)],
  ['HS512', () => signWithSecret(testSecret, claims, {}, 512)],
  ['no algorithm', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
  ['a key of its own', () => makeIssuer().sign(claims)],
  ['another issuer', () => signWithSecret(testSecret, { ...claims, iss: 'https://other.test' })],
  ['another audience', () => signWithSecret(testSecret, { ...claims, aud: 'other' })],
  ['no subject', () => signWithSecret(testSecret, { ...claims, sub: undefined })],
  ['no end', () => signWithSecret(testSecret, { ...claims, exp: undefined })],
])('a token with %s is rejected', async (_fault, token) => {
  const { status, body } = await me(token());
  expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_invalid' });
});

test.each([
  ['a line break', (text: string) => `${text}\n`],
  ['a trailing space', (text: string) => `${text} `],
  ['quotes', (text: string) => `"${text}"`],
])('a token is accepted if %s was added to the secret here and at the issuer', async (_added, add) => {
  const environment = {
    AUTH_MODE: 'shared-secret',
    BETTER_AUTH_SECRET: add(testSecret),
    AUTH_ISSUER: add('https://issuer.test'),
    AUTH_AUDIENCE: add('todo'),
  };
  const { anonymous } = await startApi({ environment });
  const answer = await anonymous(`Bearer ${signWithSecret(testSecret, claims)}`).get('/api/v1/me');
  expect(answer.body).toEqual({ id: 'ada', scopes: null });
});

test('an expired token is reported as expired', async () => {
  expect((await me(signWithSecret(testSecret, { ...claims, exp: seconds - 60 }))).body.code).toBe('token_expired');
});

test('the embedded issuer is not mounted', async () => {
  expect((await api.anonymous().get('/api/auth/jwks')).status).toBe(404);
});
