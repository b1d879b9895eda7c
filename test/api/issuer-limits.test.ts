/** Limits of the embedded issuer: guesses, lockouts, sign-ups, requests, sessions. Counts come before checks. */
import { expect, test } from 'vitest';
import { maxSessionsPerUser } from '../../src/auth/better-auth/sessions.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { createPlainIssuer } from '../support/plain-issuer.ts';

const password = 'correct horse battery';
const wrong = 'wrong horse battery';

const startIssuer = (environment: Record<string, string> = {}) =>
  startApi({ environment: { AUTH_MODE: 'embedded', TRUSTED_PROXIES: 'loopback', ...environment } });

/** The header with another client's address, as a proxy on this machine sends it. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

const signUp = (api: TestApi, email: string, headers = {}, chosen = password) =>
  api.anonymous().post('/api/auth/sign-up/email', { name: 'Ada', email, password: chosen }, headers);
const signIn = (api: TestApi, email: string, chosen: unknown, headers = {}) =>
  api.anonymous().post('/api/auth/sign-in/email', { email, password: chosen }, headers);
const sessionOf = (api: TestApi, answer: Answer) => api.anonymous(`Bearer ${answer.headers.get('set-auth-token')}`);

const count = (answers: readonly Answer[], status: number) => answers.filter((each) => each.status === status).length;

/** How often Better Auth compared a password with the one of a user and refused it. */
const comparisons = ({ log }: TestApi) => log.filter(({ message }) => message === 'Invalid password').length;

test('of 80 concurrent guesses at most 10 are evaluated', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '60' });
  await signUp(api, 'ada@example.com');
  const answers = await Promise.all(
    Array.from({ length: 80 }, (_, guess) => signIn(api, guess % 2 ? 'ada@example.com' : 'ADA@example.com', wrong)),
  );
  expect([count(answers, 401), count(answers, 429)]).toEqual([10, 70]);
  expect(comparisons(api)).toBe(10);
  const right = await signIn(api, 'ada@example.com', password);
  expect([right.status, right.body.code]).toEqual([429, 'rate_limited']);
  expect(right.body.message).toBe(right.body.detail);
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(right.headers.get('ratelimit-policy')).toBe('"passwords";q=10;w=60');
  expect(right.headers.get('ratelimit')).toMatch(/^"passwords";r=0;t=\d+$/);
});

test('concurrent sign-ins with the right password that exceed the limit may repeat after a second', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '60' });
  await signUp(api, 'ada@example.com');
  const answers = await Promise.all(Array.from({ length: 20 }, () => signIn(api, 'ada@example.com', password)));
  // A slot is free again as soon as an attempt has succeeded.
  expect(count(answers, 200)).toBeGreaterThanOrEqual(10);
  const rejected = answers.filter(({ status }) => status !== 200);
  for (const { status, headers } of rejected) expect([status, headers.get('retry-after')]).toEqual([429, '1']);
  expect((await signIn(api, 'ada@example.com', password)).status).toBe(200);
});

test('of concurrent guesses for many accounts, an address gets as many evaluated as its limit', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '5' });
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, guess) => signIn(api, `unknown-${guess}@example.com`, wrong)),
  );
  expect([count(answers, 401), count(answers, 429)]).toEqual([5, 25]);
  expect((await signIn(api, 'unknown@example.com', wrong, from('192.0.2.1'))).status).toBe(401);
});

test('successful sign-ins do not count', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '3' });
  await signUp(api, 'ada@example.com');
  for (let count = 0; count < 12; count += 1) {
    expect((await signIn(api, 'ada@example.com', password)).status).toBe(200);
  }
});

test('requests without a password to check lock no user out', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '60' });
  await signUp(api, 'ada@example.com');
  for (let attempt = 0; attempt < 12; attempt += 1) {
    for (const bad of [1, ['x'], null, undefined, 'x'.repeat(129)]) {
      expect((await signIn(api, 'ada@example.com', bad)).status).toBe(422);
    }
  }
  expect((await signIn(api, 'ada@example.com', password)).status).toBe(200);
});

test('wrong passwords from other addresses do not lock the owner out, and a session stays usable', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '60' });
  const owner = sessionOf(api, await signUp(api, 'ada@example.com', from('192.0.2.1')));
  for (const attacker of ['198.51.100.1', '198.51.100.2', '198.51.100.3']) {
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () => signIn(api, 'ada@example.com', wrong, from(attacker))),
    );
    expect([count(guesses, 401), count(guesses, 429)]).toEqual([10, 2]);
    expect((await signIn(api, 'ada@example.com', password, from(attacker))).status).toBe(429);
  }
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    expect((await signIn(api, 'ada@example.com', password, from(address))).status).toBe(200);
  }
  expect((await owner.get('/api/auth/token', from('198.51.100.1'))).status).toBe(200);
});

test('bad tokens and sessions from an address reject neither its good ones nor its sign-ins', async () => {
  const api = await startIssuer({ AUTH_FAILURES_PER_MINUTE: '60' });
  const client = sessionOf(api, await signUp(api, 'ada@example.com'));
  const { token } = (await client.get('/api/auth/token')).body;
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 70; attempt += 1) {
    const path = attempt % 2 ? '/api/auth/token' : '/api/v1/me';
    statuses.push((await api.anonymous(`Bearer bad.${attempt}`).get(path)).status);
  }
  expect(statuses).toEqual([...Array(60).fill(401), ...Array(10).fill(429)]);
  expect((await client.get('/api/auth/token')).status).toBe(200);
  expect((await api.anonymous(`Bearer ${token}`).get('/api/v1/me')).status).toBe(200);
  expect((await signIn(api, 'ada@example.com', password)).status).toBe(200);
});

test('guesses of the current password count for the session, and the right one is refused after them', async () => {
  const api = await startIssuer();
  const client = sessionOf(api, await signUp(api, 'ada@example.com'));
  const change = (currentPassword: string) =>
    client.post('/api/auth/change-password', { currentPassword, newPassword: 'another horse, another battery' });
  const answers = await Promise.all(Array.from({ length: 30 }, () => change(wrong)));
  expect([count(answers, 422), count(answers, 429)]).toEqual([10, 20]);
  expect((await change(password)).status).toBe(429);
  expect((await client.get('/api/auth/token')).status).toBe(200);
});

test('an address can sign up a limited number of times, and learns few addresses that have an account', async () => {
  const api = await startIssuer({ SIGN_UPS_PER_HOUR: '60' });
  for (let person = 0; person < 3; person += 1)
    expect((await signUp(api, `ada${person}@example.com`)).status).toBe(200);
  const learner = from('192.0.2.1');
  const answers: Answer[] = [];
  for (let attempt = 0; attempt < 14; attempt += 1) {
    answers.push(await signUp(api, `ada${attempt % 3}@example.com`, learner));
  }
  expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(422), ...Array(4).fill(429)]);
  expect(answers.at(-1)?.headers.get('ratelimit-policy')).toBe('"sign_ups";q=60;w=3600');
  expect((await signUp(api, 'eve@example.com', learner)).status).toBe(429);
  expect((await signUp(api, 'eve@example.com', from('192.0.2.2'))).status).toBe(200);
});

test('concurrent sign-ups of an address stay within the limit, and rejected passwords do not count', async () => {
  const api = await startIssuer({ SIGN_UPS_PER_HOUR: '5' });
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect((await signUp(api, 'weak@example.com', {}, 'password')).status).toBe(422);
  }
  const answers = await Promise.all(Array.from({ length: 20 }, (_, person) => signUp(api, `a${person}@example.com`)));
  expect([count(answers, 200), count(answers, 429)]).toEqual([5, 15]);
  const users = await api.database.query<{ count: number }>('select count(*)::integer as count from todo_auth."user"');
  expect(users).toEqual([{ count: 5 }]);
});

test('every endpoint has a limit per address without a session, and per session with one', async () => {
  const api = await startIssuer({ RATE_LIMIT_PER_MINUTE: '6' });
  const [first, second] = [
    sessionOf(api, await signUp(api, 'ada@example.com', from('192.0.2.9'))),
    sessionOf(api, await signIn(api, 'ada@example.com', password, from('192.0.2.9'))),
  ];
  const anonymous = api.anonymous();
  const unsigned = api.anonymous('Bearer a.forged-signature');
  const responses = [
    await anonymous.get('/api/auth/jwks'),
    await anonymous.get('/api/auth/get-session'),
    await unsigned.get('/api/auth/get-session'),
    await unsigned.get('/api/auth/token'),
    await anonymous.post('/api/auth/sign-out', {}),
    await signIn(api, 'unknown@example.com', wrong),
  ];
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 401, 200, 401]);
  expect(responses[0]?.headers.get('ratelimit')).toMatch(/^"requests";r=5;t=/);
  for (const refused of [
    await anonymous.get('/api/auth/jwks'),
    await unsigned.get('/api/auth/get-session'),
    await anonymous.post('/api/auth/sign-out', {}),
    await signUp(api, 'eve@example.com'),
    await signIn(api, 'ada@example.com', password),
  ]) {
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toMatch(/^"requests";r=0;t=/);
  }
  for (let request = 0; request < 6; request += 1) expect((await first.get('/api/auth/token')).status).toBe(200);
  expect((await first.get('/api/auth/token')).status).toBe(429);
  expect((await second.get('/api/auth/token')).status).toBe(200);
});

test('a session has the address of the client, which no header can change', async () => {
  const api = await startIssuer();
  const direct = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const forged = {
    'Todo-Api-Client-Address': '203.0.113.9',
    'X-Real-IP': '203.0.113.9',
    'CF-Connecting-IP': '203.0.113.9',
  };
  const addressOf = async (server: TestApi, email: string, headers: object) => {
    const client = sessionOf(server, await signUp(server, email, headers));
    return (await client.get('/api/auth/get-session')).body.session.ipAddress;
  };
  const proxied = (address: string) => ({ ...forged, ...from(address) });
  expect(await addressOf(direct, 'a@example.com', proxied('203.0.113.9'))).toBe('127.0.0.1');
  expect(await addressOf(api, 'b@example.com', forged)).toBe('127.0.0.1');
  expect(await addressOf(api, 'c@example.com', proxied('203.0.113.9, 192.0.2.1:4711'))).toBe('192.0.2.1');
  expect(await addressOf(api, 'd@example.com', proxied('2001:db8:1:2:3:4:5:6'))).toMatch(/^2001:0?db8:0*1:0*2:0/);
});

test('a user has a limited number of sessions, and the oldest end', async () => {
  const api = await startIssuer();
  const first = sessionOf(api, await signUp(api, 'ada@example.com'));
  await api.database.query(
    `insert into todo_auth.session (id, token, user_id, expires_at, created_at)
     select 'filler-' || n, 'filler-' || n, (select id from todo_auth."user"), now() + interval '1 day',
       now() - interval '1 hour' * n
     from generate_series(1, $1::integer) n`,
    [maxSessionsPerUser + 10],
  );
  const last = sessionOf(api, await signIn(api, 'ada@example.com', password));
  const rows = await api.database.query<{ id: string }>('select id from todo_auth.session');
  expect(rows).toHaveLength(maxSessionsPerUser);
  const ids = rows.map(({ id }) => id);
  expect(ids).toContain(`filler-${maxSessionsPerUser - 2}`);
  expect(ids).not.toContain(`filler-${maxSessionsPerUser - 1}`);
  for (const client of [first, last]) expect((await client.get('/api/auth/token')).status).toBe(200);
});

test('expired sessions and verifications are removed in steps, if the issuer has used the database', async () => {
  const api = await startIssuer();
  const client = sessionOf(api, await signUp(api, 'ada@example.com'));
  const fill = () =>
    api.database.query(
      `with filler as (select n from generate_series(1, 2500) n), verifications as (
         insert into todo_auth.verification (id, identifier, value, expires_at)
         select 'v' || n, 'v', 'v', now() + interval '1 hour' * case when n % 500 = 0 then 1 else -1 end from filler
       )
       insert into todo_auth.session (id, token, user_id, expires_at)
       select 's' || n, 's' || n, (select id from todo_auth."user"),
         now() + interval '1 hour' * case when n % 500 = 0 then 1 else -1 end
       from filler`,
    );
  const left = async () =>
    api.database.query<{ sessions: number; verifications: number }>(
      `select (select count(*)::integer from todo_auth.session) as sessions,
         (select count(*)::integer from todo_auth.verification) as verifications`,
    );
  await fill();
  const issuer = createPlainIssuer(api);
  await issuer.prepare();
  await issuer.cleanUp();
  expect(await left()).toEqual([{ sessions: 2_501, verifications: 2_500 }]);
  const keys = new Request(`${api.config.server.publicUrl}/api/auth/jwks`);
  expect((await issuer.handle(keys, { address: '127.0.0.1', sessionToken: null })).status).toBe(200);
  await issuer.cleanUp();
  expect(await left()).toEqual([{ sessions: 6, verifications: 5 }]);
  expect((await client.get('/api/auth/token')).status).toBe(200);
});
