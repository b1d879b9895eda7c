/** Rejections of the embedded issuer as problems of this API, and a changed secret. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { createPlainIssuer } from '../support/plain-issuer.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded' } });
});

afterAll(() => api.stop());

const password = 'correct horse battery';
const signUpPath = '/api/auth/sign-up/email';
const signInPath = '/api/auth/sign-in/email';

let people = 0;

function newPerson() {
  people += 1;
  return { name: 'Ada', email: `ada${people}@example.com`, password };
}

const outcome = ({ status, body }: Answer) => ({ status, code: body?.code });

test('a wrong password and an unknown address get the same response', async () => {
  const person = newPerson();
  await api.anonymous().post(signUpPath, person);
  const wrong = await api.anonymous().post(signInPath, { ...person, password: 'wrong horse battery' });
  const unknown = await api.anonymous().post(signInPath, { email: 'unknown@example.com', password });
  expect(outcome(wrong)).toEqual({ status: 401, code: 'token_invalid' });
  expect({ ...unknown.body, request_id: '' }).toEqual({ ...wrong.body, request_id: '' });
  expect(wrong.headers.getSetCookie()).toEqual([]);
});

test('an address can sign up once, ignoring case', async () => {
  const person = newPerson();
  await api.anonymous().post(signUpPath, person);
  for (const email of [person.email, person.email.toUpperCase()]) {
    const again = await api.anonymous().post(signUpPath, { ...person, email });
    expect(outcome(again)).toEqual({ status: 422, code: 'validation_failed' });
  }
});

test('missing fields and other types have the messages of the API', async () => {
  const { name: _, ...nameless } = newPerson();
  const { body } = await api.anonymous().post(signUpPath, nameless);
  expect(body.errors).toEqual([{ in: 'body', pointer: '/name', message: 'is required' }]);
  expect(body.detail).toBe('name: is required');
  const { body: other } = await api.anonymous().post(signUpPath, { ...nameless, name: 1 });
  expect(other.errors).toEqual([{ in: 'body', pointer: '/name', message: 'must be a string' }]);
});

test('one of twenty concurrent sign-ups with the same address succeeds, and the others get the usual response', async () => {
  const own = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const person = newPerson();
  const answers = await Promise.all(Array.from({ length: 20 }, () => own.anonymous().post(signUpPath, person)));
  const usual = await own.anonymous().post(signUpPath, person);
  const rejected = answers.filter(({ status }) => status !== 200);
  expect(rejected).toHaveLength(19);
  for (const { body } of rejected) expect({ ...body, request_id: '' }).toEqual({ ...usual.body, request_id: '' });
  expect(own.log.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test.each([
  [
    'an address of more than 254 characters',
    { email: `${'a'.repeat(60)}@${'b'.repeat(60)}.${'c'.repeat(130)}.example` },
  ],
  ['a name of more than 255 characters', { name: 'x'.repeat(256) }],
  ['a name that is an object', { name: { first: 'Ada' } }],
  ['an image of more than 2,048 characters', { image: 'x'.repeat(2_049) }],
  ['an image that is a number', { image: 1 }],
  ['no address', { email: undefined }],
  ['an address that is none', { email: 'ada' }],
  ['an address that is a number', { email: 1 }],
  ['a password that is too short', { password: 'short' }],
  ['a password that is too long', { password: 'x'.repeat(1_000) }],
  ['a password that is an array', { password: ['correct horse battery'] }],
  ['no name', { name: undefined }],
  ['U+0000 in the name', { name: 'A\u0000da' }],
  ['U+0000 in the address', { email: 'a\u0000da@example.com' }],
  ['a lone surrogate in the name', { name: 'A\ud800da' }],
])('a sign-up with %s is not valid', async (_fault, change) => {
  const answer = await api.anonymous().post(signUpPath, { ...newPerson(), ...change });
  expect(outcome(answer)).toEqual({ status: 422, code: 'validation_failed' });
});

test.each(['null', '[]', '"x"', '1', '{}'])('a sign-in with the body %s is not valid', async (body) => {
  expect(outcome(await api.anonymous().post(signInPath, body))).toEqual({ status: 422, code: 'validation_failed' });
});

test.each(['{', '', '\ufeff{}', '{"email":}'])('a sign-in with the body "%s" is malformed', async (body) => {
  const answer = await api.anonymous().request('POST', signInPath, { body: new TextEncoder().encode(body) });
  expect(outcome(answer)).toEqual({ status: 400, code: 'malformed_request' });
});

test('a sign-in that is not UTF-8 is malformed', async () => {
  const body = Buffer.from('{"email":"\xff"}', 'latin1');
  expect(outcome(await api.anonymous().request('POST', signInPath, { body })).status).toBe(400);
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/merge-patch+json'])(
  'a sign-in as %s is no supported media type',
  async (type) => {
    const answer = await api.anonymous().post(signInPath, '{}', { 'Content-Type': type });
    expect(outcome(answer)).toEqual({ status: 415, code: 'unsupported_media_type' });
  },
);

test('a sign-in of more than 8 KiB is too large, and deep nesting does no harm', async () => {
  const large = await api.anonymous().post(signInPath, { email: 'x'.repeat(8_200) });
  expect(outcome(large)).toEqual({ status: 413, code: 'payload_too_large' });
  const nested = `${'['.repeat(4_000)}${']'.repeat(4_000)}`;
  for (const field of ['password', 'x']) {
    const answer = await api.anonymous().post(signInPath, `{"email":"a@b.example","${field}":${nested}}`);
    expect(outcome(answer)).toEqual({ status: 400, code: 'malformed_request' });
  }
});

test.each([
  ['GET', signInPath, 'POST'],
  ['DELETE', '/api/auth/token', 'GET, HEAD'],
  ['POST', '/api/auth/jwks', 'GET, HEAD'],
])('%s %s is not allowed', async (method, path, allow) => {
  const answer = await api.anonymous().request(method, path);
  expect(outcome(answer)).toEqual({ status: 405, code: 'method_not_allowed' });
  expect(answer.headers.get('allow')).toBe(allow);
});

test.each([
  '',
  '/',
  '/nothing',
  '/jwks/',
  '/JWKS',
  '/../auth/nothing',
  '/sign-in',
  '/%00',
  '/%zz',
  '/admin/list-users',
  '/ok',
  '/error',
  '/list-accounts',
  '/account-info',
  '/verify-email',
  '/callback/github',
  '/reset-password/x',
  '/delete-user/callback',
])('/api/auth%s is not found', async (path) => {
  expect(outcome(await api.anonymous().get(`/api/auth${path}`))).toEqual({ status: 404, code: 'not_found' });
});

test('HEAD is handled as GET', async () => {
  expect(await api.anonymous().request('HEAD', '/api/auth/jwks')).toMatchObject({ status: 200, text: '' });
});

test.each([
  '/sign-in/social',
  '/request-password-reset',
  '/reset-password',
  '/verify-password',
  '/send-verification-email',
  '/change-email',
  '/update-session',
  '/link-social',
  '/unlink-account',
  '/refresh-token',
  '/get-access-token',
  '/callback/github',
])('POST /api/auth%s is not found', async (path) => {
  expect(outcome(await api.anonymous().post(`/api/auth${path}`, {}))).toEqual({ status: 404, code: 'not_found' });
});

test.each([
  ['a name that is a number', { name: 1 }],
  ['a name that is null', { name: null }],
  ['a name that is an array', { name: ['Ada'] }],
  ['an image that is an object', { image: {} }],
  ['a name of more than 255 characters', { name: 'x'.repeat(256) }],
])('an update of the user with %s is not valid, and changes nothing', async (_fault, change) => {
  const { headers } = await api.anonymous().post(signUpPath, newPerson());
  const client = api.anonymous(`Bearer ${headers.get('set-auth-token')}`);
  const answer = await client.post('/api/auth/update-user', change);
  expect(outcome(answer)).toEqual({ status: 422, code: 'validation_failed' });
  expect(answer.body.errors).toMatchObject([{ in: 'body', pointer: `/${Object.keys(change)[0]}` }]);
  expect((await client.get('/api/auth/get-session')).body.user).toMatchObject({ name: 'Ada', image: null });
});

test.each(['x', 'x.y', '..', 'null', 'a'.repeat(5_000)])('the session token "%s" gives no token', async (session) => {
  const answer = await api.anonymous(`Bearer ${session}`).get('/api/auth/token');
  expect(outcome(answer)).toEqual({ status: 401, code: 'token_invalid' });
  const cookie = await api.anonymous().get('/api/auth/token', { Cookie: `better-auth.session_token=${session}` });
  expect(outcome(cookie)).toEqual({ status: 401, code: 'token_invalid' });
});

test('the log has no address, password or session', async () => {
  const person = newPerson();
  const { headers } = await api.anonymous().post(signUpPath, person);
  await api.anonymous().post(signUpPath, person);
  await api.anonymous().post(signInPath, { ...person, password: 'wrong horse battery' });
  const log = JSON.stringify(api.log);
  for (const secret of [person.email, password, 'wrong horse', headers.get('set-auth-token')]) {
    expect(log).not.toContain(secret);
  }
});

describe('after the secret has changed', () => {
  test('a new key is created for new tokens, and tokens of the old key stay valid', async () => {
    const own = await startApi({ environment: { AUTH_MODE: 'embedded' } });
    const { headers } = await own.anonymous().post(signUpPath, newPerson());
    const before = await own.anonymous(`Bearer ${headers.get('set-auth-token')}`).get('/api/auth/token');
    const keys = async () => (await own.anonymous().get('/api/auth/jwks')).body.keys.map(({ kid }: any) => kid);
    const old = await keys();
    const issuer = createPlainIssuer(own, { secret: 'another-secret-that-is-long-enough-9d8f7' });
    await issuer.prepare();
    await issuer.prepare();
    expect(await keys()).toHaveLength(old.length + 1);
    expect(await keys()).toEqual(expect.arrayContaining(old));
    const request = (path: string, init: RequestInit) =>
      issuer.handle(new Request(`${own.config.server.publicUrl}${path}`, init), {
        address: '127.0.0.1',
        sessionToken: null,
      });
    const signedUp = await request(signUpPath, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(newPerson()),
    });
    const session = signedUp.headers.get('set-auth-token');
    const token = await request('/api/auth/token', { headers: { Authorization: `Bearer ${session}` } });
    expect(token.status).toBe(200);
    expect((await own.anonymous(`Bearer ${before.body.token}`).get('/api/v1/me')).status).toBe(200);
  });

  test('servers that start concurrently create one key', async () => {
    const own = await startApi({ environment: { AUTH_MODE: 'embedded' } });
    const secret = 'yet-another-secret-that-is-long-enough-1';
    await Promise.all(Array.from({ length: 5 }, () => createPlainIssuer(own, { secret }).prepare()));
    expect(await own.database.query('select id from todo_auth.jwks')).toHaveLength(2);
  });
});
