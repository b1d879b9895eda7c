/** The embedded issuer with curl, Node and browsers as clients. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { parseAnswer, sendRaw } from '../support/raw-http.ts';

const origin = 'https://app.example.com';
const password = 'correct horse battery';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true, environment: { AUTH_MODE: 'embedded', CORS_ORIGINS: origin } });
});

afterAll(() => api.stop());

let people = 0;

function newPerson() {
  people += 1;
  return { name: 'Ada', email: `ada${people}@example.com`, password };
}

const auth = (path: string) => `/api/auth${path}`;

/** The Cookie header for the received cookies. */
function cookiesOf(headers: Headers): string {
  return headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

/** Signs up a new user without cookies. Returns the session token and the response of the sign-up. */
async function signUp(person = newPerson()) {
  const answer = await api.anonymous().post(auth('/sign-up/email'), person);
  return { person, answer, session: answer.headers.get('set-auth-token') ?? '' };
}

async function tokenOf(session: string): Promise<string> {
  return (await api.anonymous(`Bearer ${session}`).get(auth('/token'))).body.token;
}

test('curl: signs up, signs in, gets a token, uses it, signs out, by a cookie', async () => {
  const person = newPerson();
  // Node's fetch sends more headers than curl.
  const curl = async (method: string, path: string, body: object | null, cookie = '') => {
    const text = body === null ? '' : JSON.stringify(body);
    const head = [
      `${method} ${path} HTTP/1.1`,
      `Host: ${new URL(api.url).host}`,
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      'Connection: close',
      ...(cookie ? [`Cookie: ${cookie}`] : []),
      ...(text ? ['Content-Type: application/json', `Content-Length: ${text.length}`] : []),
    ];
    return parseAnswer(await sendRaw(api.url, `${head.join('\r\n')}\r\n\r\n${text}`));
  };
  expect((await curl('POST', auth('/sign-up/email'), person)).status).toBe(200);
  const signedIn = await curl('POST', auth('/sign-in/email'), person);
  expect(signedIn.status).toBe(200);
  const cookie = cookiesOf(signedIn.headers);
  expect(signedIn.headers.getSetCookie()[0]).toMatch(/HttpOnly/i);
  expect(signedIn.headers.getSetCookie()[0]).toMatch(/SameSite=Lax/i);

  const { status, text, headers } = await curl('GET', auth('/token'), null, cookie);
  expect({ status, cache: headers.get('cache-control') }).toEqual({ status: 200, cache: 'no-store' });
  const me = await api.anonymous(`Bearer ${bodyOf(text).token}`).get('/api/v1/me');
  expect(me).toMatchObject({ status: 200, body: { id: bodyOf(signedIn.text).user.id, scopes: null } });

  expect(await curl('POST', auth('/sign-out'), null, cookie)).toMatchObject({ status: 200, text: expect.any(String) });
  expect((await curl('GET', auth('/token'), null, cookie)).status).toBe(401);
});

/** The JSON of a response, which can be chunked. */
function bodyOf(text: string) {
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
}

test('Node’s fetch: signs up, signs in, gets a token, uses it, signs out, by a bearer session token', async () => {
  const { person } = await signUp();
  const signedIn = await api.anonymous().post(auth('/sign-in/email'), person);
  const session = signedIn.headers.get('set-auth-token') ?? '';
  const client = api.anonymous(`Bearer ${session}`);
  expect((await client.get(auth('/get-session'))).body.user.email).toBe(person.email);
  const token = await tokenOf(session);
  const owner = api.anonymous(`Bearer ${token}`);
  const { status, body } = await owner.post('/api/v1/tasks', { title: 'Buy milk' });
  expect({ status, owner: body.owner_id }).toEqual({ status: 201, owner: signedIn.body.user.id });
  expect((await owner.get('/api/v1/tasks')).body).toEqual([body]);
  expect((await client.post(auth('/sign-out'), {})).status).toBe(200);
  expect((await client.get(auth('/token'))).status).toBe(401);
});

describe('a browser', () => {
  const browser = (from: string, site: string, cookie = '') => ({
    Origin: from,
    'Sec-Fetch-Site': site,
    'Sec-Fetch-Mode': 'cors',
    'Sec-Fetch-Dest': 'empty',
    ...(cookie && { Cookie: cookie }),
  });

  test('signs up, gets a token and signs out from an allowed origin', async () => {
    const headers = browser(origin, 'cross-site');
    const signedUp = await api.anonymous().post(auth('/sign-up/email'), newPerson(), headers);
    expect(signedUp.status).toBe(200);
    expect(signedUp.headers.get('access-control-allow-origin')).toBe(origin);
    expect(signedUp.headers.get('access-control-allow-credentials')).toBe('true');
    expect(signedUp.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('set-auth-token');
    const withCookie = browser(origin, 'cross-site', cookiesOf(signedUp.headers));
    const token = await api.anonymous().get(auth('/token'), withCookie);
    expect(token.status).toBe(200);
    expect(token.headers.get('access-control-allow-origin')).toBe(origin);
    expect((await api.anonymous().post(auth('/sign-out'), {}, withCookie)).status).toBe(200);
  });

  test.each(['https://evil.example', 'null', `${origin}.evil.example`])('is rejected from %s', async (from) => {
    const { person, answer } = await signUp();
    const cookie = cookiesOf(answer.headers);
    const withCookie = browser(from, 'cross-site', cookie);
    const attempts = [
      await api.anonymous().post(auth('/sign-out'), {}, withCookie),
      await api.anonymous().post(auth('/sign-out'), {}, { Origin: from, Cookie: cookie }),
      await api.anonymous().post(auth('/sign-in/email'), person, withCookie),
      await api.anonymous().post(auth('/sign-in/email'), person, browser(from, 'cross-site')),
    ];
    for (const { status, headers, body } of attempts) {
      expect({ status, errors: body.errors }).toEqual({
        status: 422,
        errors: [{ in: 'header', pointer: 'Origin', message: expect.any(String) }],
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.getSetCookie()).toEqual([]);
    }
    expect((await api.anonymous().get(auth('/token'), { Cookie: cookie })).status).toBe(200);
  });

  test('is rejected if a form of another site signs it in', async () => {
    const { person } = await signUp();
    const form = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    const answer = await api.anonymous().post(auth('/sign-in/email'), person, form);
    expect(answer.status).toBe(422);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('tokens', () => {
  test('contain a subject, a session and times, and no other user data', async () => {
    const { session, answer } = await signUp();
    const claims = claimsOf(await tokenOf(session));
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid', 'sub']);
    const { publicUrl } = api.config.server;
    expect(claims).toMatchObject({ iss: publicUrl, aud: publicUrl, sub: answer.body.user.id });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
  });

  test('are signed with a key of which only the public key is published', async () => {
    const { body } = await api.anonymous().get(auth('/jwks'));
    expect(body.keys.length).toBeGreaterThan(0);
    for (const key of body.keys) {
      expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', kid: expect.any(String) });
      for (const secret of ['d', 'p', 'q', 'k', 'private_key', 'privateKey']) expect(key).not.toHaveProperty(secret);
    }
    const stored = await api.database.query<{ private_key: string }>('select private_key from todo_auth.jwks');
    expect(stored.map(({ private_key }) => private_key).join()).not.toContain('"d"');
  });

  test('are not accepted as sessions, and sessions are not accepted as tokens', async () => {
    const { session } = await signUp();
    const token = await tokenOf(session);
    expect((await api.anonymous(`Bearer ${session}`).get('/api/v1/me')).status).toBe(401);
    expect((await api.anonymous(`Bearer ${token}`).get(auth('/token'))).status).toBe(401);
    const unsigned = decodeURIComponent(session).split('.')[0];
    expect((await api.anonymous(`Bearer ${unsigned}`).get(auth('/token'))).status).toBe(401);
  });
});
