/** Rejected tokens cause no work for the database: the server sends no statement for any of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiToken } from '../../src/auth/api-tokens/format.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { joinToken, makeIssuer, signWithSecret } from '../support/tokens.ts';

let api: TestApi;
/** An API token that this server has issued. */
let apiToken: string;
/** The number of requested connections. Each one is for at least one statement. */
let statements = 0;

beforeAll(async () => {
  api = await startApi({ keep: true });
  const { body } = await api.user().post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read', 'tasks:write'] });
  apiToken = body.token;
  const { pool } = api.database.driver;
  const connect = pool.connect.bind(pool);
  pool.connect = ((...parameters: []) => {
    statements += 1;
    return connect(...parameters);
  }) as typeof pool.connect;
});

afterAll(() => api.stop());

const unsigned = (header: object) =>
  joinToken(JSON.stringify(header), JSON.stringify(claims()), () => new Uint8Array());

function claims(changes: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return { iss: 'https://issuer.test', aud: 'todo', sub: 'ada', iat: now, exp: now + 900, ...changes };
}

/** A token with another last character. */
const spoilt = (token: string) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;

/** One token of each kind. The tests of the verifier have all of them. */
const rejected: Readonly<Record<string, () => string>> = {
  'nothing at all': () => '',
  'no token': () => 'Basic YTpi',
  rubbish: () => 'Bearer rubbish',
  'alg none': () => `Bearer ${unsigned({ alg: 'none' })}`,
  'HS256 with the public key': () =>
    `Bearer ${signWithSecret(api.issuer.publicPem, claims(), { kid: api.issuer.kid })}`,
  'another issuer’s key': () => `Bearer ${makeIssuer({ kid: api.issuer.kid }).sign(claims())}`,
  'an unknown key': () => `Bearer ${makeIssuer().sign(claims())}`,
  'a key in its header': () => `Bearer ${api.issuer.sign(claims(), { jwk: api.issuer.jwk })}`,
  'a key elsewhere': () => `Bearer ${api.issuer.sign(claims(), { jku: api.jwks.url.replace('jwks', 'evil') })}`,
  expired: () => `Bearer ${api.token('ada', { exp: 1 })}`,
  'no exp': () => `Bearer ${api.token('ada', { exp: undefined })}`,
  'another audience': () => `Bearer ${api.token('ada', { aud: 'other' })}`,
  'another issuer': () => `Bearer ${api.token('ada', { iss: 'https://other.test' })}`,
  'no sub': () => `Bearer ${api.token('ada', { sub: undefined })}`,
  'an empty sub': () => `Bearer ${api.token('')}`,
  'another purpose': () => `Bearer ${api.issuer.sign(claims(), { typ: 'session+jwt' })}`,
  'nine kilobytes': () => `Bearer ${api.token('ada', { padding: 'x'.repeat(9_000) })}`,
  'a changed signature': () => {
    const token = api.token('ada');
    const at = token.lastIndexOf('.') + 3;
    return `Bearer ${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
  },
  'an API token with a wrong checksum': () => `Bearer ${spoilt(apiToken)}`,
  'a truncated API token': () => `Bearer ${apiToken.slice(0, -7)}`,
  'an invented API token': () => `Bearer ${createApiToken(crypto.randomUUID(), new Uint8Array(32)).token}`,
  'an API token in another scheme': () => `Basic ${apiToken}`,
  'two API tokens': () => `Bearer ${apiToken}, Bearer ${apiToken}`,
};

test.each(Object.keys(rejected))('%s is rejected before any statement is sent', async (kind) => {
  const authorization = (rejected[kind] as () => string)();
  const client = api.anonymous(authorization || undefined);
  const before = statements;
  for (const [method, path] of [
    ['GET', '/api/v1/tasks'],
    ['POST', '/api/v1/tasks'],
    ['DELETE', '/api/v1/tasks/0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d'],
    ['GET', '/api/v1/me'],
  ] as const) {
    const body = method === 'POST' ? { body: { title: 'x' } } : {};
    const { status, headers } = await client.request(method, path, body);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
  }
  expect(statements).toBe(before);
});

test('a valid token causes a statement, and an invalid body does not', async () => {
  const before = statements;
  expect((await api.user().post('/api/v1/tasks', { title: '' })).status).toBe(422);
  expect(statements).toBe(before);
  expect((await api.user().get('/api/v1/tasks')).status).toBe(200);
  expect(statements).toBe(before + 1);
});

test('nothing is fetched from the addresses in a token', () => {
  expect(new Set(api.jwks.paths)).toEqual(new Set(['/jwks']));
});
