/** E-mails of the embedded issuer: new passwords, confirmed addresses, changed addresses, and what an attacker learns. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { noteSecret } from '../support/log-scan.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { codeOf } from '../support/totp.ts';

const appUrl = 'https://app.example.com/account';
const password = 'correct horse battery';
const newPassword = 'another horse, another battery';

let smtp: TestSmtpServer;
let api: TestApi;

beforeAll(async () => {
  smtp = await startSmtpServer();
  api = await startApi({
    keep: true,
    environment: {
      AUTH_MODE: 'embedded',
      TRUSTED_PROXIES: 'loopback',
      CORS_ORIGINS: 'https://other.example.com,capacitor://localhost',
      APP_URL: appUrl,
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'Todo <todo@example.com>',
      TWO_FACTOR: 'on',
      // A request that would wait for a second connection would never end.
      DATABASE_POOL_MAX: '1',
    },
  });
});

afterAll(async () => {
  await api.stop();
  await smtp.close();
});

let people = 0;
/** Each test has its own address, because each address has a limit of e-mails. */
let from: Record<string, string>;

function newPerson() {
  people += 1;
  from = { 'X-Forwarded-For': `198.51.100.${people}` };
  return { name: 'Ada <b>Buy</b> https://evil.example', email: `person-${people}@example.com`, password };
}

const post = (client: Client, path: string, body: object) => client.post(`/api/auth${path}`, body, from);
const sessionOf = (answer: Answer) => api.anonymous(`Bearer ${answer.headers.get('set-auth-token')}`);
const tokenIn = (link: URL | null) => link?.searchParams.get('token') ?? expect.fail('there is no token');

/** A new user, with the token of the first e-mail. */
async function signedUp() {
  const person = newPerson();
  const answer = await post(api.anonymous(), '/sign-up/email', person);
  expect(answer.status, answer.text).toBe(200);
  const { link } = await smtp.next(person.email);
  return { ...person, id: answer.body.user.id as string, client: sessionOf(answer), token: tokenIn(link) };
}

const signIn = (email: string, chosen: string) => post(api.anonymous(), '/sign-in/email', { email, password: chosen });
const requestReset = (email: string, more: object = {}) =>
  post(api.anonymous(), '/request-password-reset', { email, ...more });
const reset = (token: string, chosen = newPassword) =>
  post(api.anonymous(), '/reset-password', { token, newPassword: chosen });
const verify = (client: Client, token: string) =>
  client.get(`/api/auth/verify-email?token=${encodeURIComponent(token)}`, from);
const userOf = async (client: Client) => (await client.get('/api/auth/get-session')).body?.user;

describe('a new password', () => {
  test('is set with the link of an e-mail, and ends all sessions', async () => {
    const { email, client } = await signedUp();
    expect((await requestReset(email.toUpperCase())).body).toMatchObject({ status: true });
    const { head, text, link } = await smtp.next(email);
    expect(head).toMatch(/^From: Todo <todo@example\.com>$/m);
    expect(head).toMatch(/^Subject: Set a new password \(app\.example\.com\)$/m);
    expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(text).toContain('The link is valid for an hour.');
    expect(`${link?.origin}${link?.pathname}`).toBe(appUrl);
    expect(link?.searchParams.get('action')).toBe('reset-password');

    expect((await reset(tokenIn(link))).body).toEqual({ status: true });
    expect(await userOf(client)).toBeUndefined();
    expect((await signIn(email, password)).status).toBe(401);
    expect((await signIn(email, newPassword)).status).toBe(200);
    expect((await smtp.next(email)).text).toMatch(/was changed with a link/);
  });

  test('of an address that was not confirmed ends what another person made for the sign-in, and confirms the address', async () => {
    const { access, email, id } = await signedUpWithAccess();
    expect((await reset(await resetToken(email))).status).toBe(200);
    const answer = await signIn(email, newPassword);
    expect(answer.body.user).toMatchObject({ id, emailVerified: true, twoFactorEnabled: false });
    expect(await access()).toEqual({
      reads: true,
      creates: false,
      apiToken: false,
      factors: 0,
      providers: ['credential'],
    });
    expect((await createToken(await jwtOf(sessionOf(answer)))).status).toBe(201);
  });

  test('of a confirmed address ends neither the API tokens nor the second factor, and earlier JWTs create no tokens', async () => {
    const { access, client, email, token } = await signedUpWithAccess();
    expect((await verify(client, token)).status).toBe(200);
    expect((await reset(await resetToken(email))).status).toBe(200);
    expect((await signIn(email, newPassword)).body.twoFactorRedirect).toBe(true);
    expect(await access()).toEqual({
      reads: true,
      creates: false,
      apiToken: true,
      factors: 1,
      providers: ['credential', 'github'],
    });
  });

  test('takes each token once, and none of another request after one was used', async () => {
    const { email } = await signedUp();
    await requestReset(email);
    await requestReset(email);
    const [first, second] = [tokenIn((await smtp.next(email)).link), tokenIn((await smtp.next(email)).link)];
    const answers = await Promise.all([reset(first), reset(first)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    expect((await reset(second)).body).toMatchObject({ code: 'validation_failed', auth_code: 'INVALID_TOKEN' });
  });

  test('is not set with a link of before a change of the password', async () => {
    const { email, client } = await signedUp();
    await requestReset(email);
    const token = tokenIn((await smtp.next(email)).link);
    const rejected = await post(client, '/change-password', { currentPassword: 'wrong horse battery', newPassword });
    expect(rejected.status).toBe(422);
    expect((await post(client, '/change-password', { currentPassword: password, newPassword })).status).toBe(200);
    expect((await reset(token, 'a third horse, a third battery')).body.auth_code).toBe('INVALID_TOKEN');
    expect((await signIn(email, newPassword)).status).toBe(200);
  });

  test('must be strong, and a rejected one does not use the token up', async () => {
    const { email } = await signedUp();
    await requestReset(email);
    const token = tokenIn((await smtp.next(email)).link);
    for (const weak of ['P@ssw0rd!', 'short 7', email]) {
      expect((await reset(token, weak)).status, weak).toBe(422);
    }
    // Better Auth also takes a token in the query.
    const inQuery = await post(api.anonymous(), `/reset-password?token=${token}`, { newPassword: 'P@ssw0rd!' });
    expect(inQuery.status).toBe(422);
    expect((await reset(token)).status).toBe(200);
  });

  test('is not set with an expired token', async () => {
    const { email } = await signedUp();
    await requestReset(email);
    const token = tokenIn((await smtp.next(email)).link);
    await api.database.query(`update todo_auth.verification set expires_at = now() - interval '1 second'`);
    expect((await reset(token)).body.auth_code).toBe('INVALID_TOKEN');
    expect((await signIn(email, password)).status).toBe(200);
  });

  test('cannot be requested for an address without an account, which no response reveals', async () => {
    const { email } = await signedUp();
    const unknown = `unknown-${email}`;
    const known = await countStatements(() => requestReset(email));
    expect(known.statements.length).toBeGreaterThan(0);
    const other = await countStatements(() => requestReset(unknown));
    expect(other.answer.body).toEqual(known.answer.body);
    expect(other.answer.status).toBe(known.answer.status);
    // The same work, so that the time does not reveal it either.
    expect(other.statements).toEqual(known.statements);
    expect(smtp.emails.filter(({ to }) => to === unknown)).toEqual([]);
  });

  test('can be requested again after the limit of e-mails to an address, without one', async () => {
    const { email } = await signedUp();
    const answers: Answer[] = [];
    for (let count = 0; count < 8; count += 1) answers.push(await requestReset(email));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    for (let count = 0; count < 5; count += 1) await smtp.next(email);
    // An e-mail after these would have arrived before one of another user.
    await signedUp();
    expect(smtp.emails.filter(({ to, text }) => to === email && text.includes('new password'))).toHaveLength(5);
  });

  test('has a limit of requests per address of the client', async () => {
    newPerson();
    const statuses: number[] = [];
    for (let count = 0; count < 22; count += 1) statuses.push((await requestReset(`${count}@example.com`)).status);
    expect(statuses).toEqual([...Array(20).fill(200), 429, 429]);
  });
});

const resetToken = async (email: string) => {
  await requestReset(email);
  return tokenIn((await smtp.next(email, 'reset-password')).link);
};
const jwtOf = async (client: Client) =>
  api.anonymous(`Bearer ${(await client.get('/api/auth/token', from)).body.token}`);
const createToken = (client: Client) => client.post('/api/v1/tokens', { name: 'Backup', scopes: ['tasks:read'] });

/** A new user with each kind of access: a JWT, an API token, a second factor, and an account at a provider. */
async function signedUpWithAccess() {
  const user = await signedUp();
  const { body } = await post(user.client, '/two-factor/enable', { password });
  noteSecret(...body.backupCodes);
  const client = sessionOf(await post(user.client, '/two-factor/verify-totp', { code: codeOf(body.totpURI) }));
  const jwt = await jwtOf(client);
  const apiToken = api.anonymous(`Bearer ${(await createToken(jwt)).body.token}`);
  expect((await apiToken.get('/api/v1/me')).status).toBe(200);
  await api.database.query(
    `insert into todo_auth.account (id, account_id, provider_id, user_id) values ($1, $1, 'github', $1)`,
    [user.id],
  );
  /** Which access is left. */
  const access = async () => ({
    reads: (await jwt.get('/api/v1/tasks')).status === 200,
    creates: (await createToken(jwt)).status !== 401,
    apiToken: (await apiToken.get('/api/v1/me')).status === 200,
    factors: (await api.database.query('select from todo_auth.two_factor where user_id = $1', [user.id])).length,
    providers: (
      await api.database.query('select provider_id from todo_auth.account where user_id = $1 order by 1', [user.id])
    ).map(({ provider_id }) => provider_id),
  });
  return { ...user, client, access };
}

/** The statements of a request. */
async function countStatements(request: () => Promise<Answer>) {
  const { pool } = api.database.driver;
  const statements: string[] = [];
  const restore: (() => void)[] = [];
  const { connect } = pool;
  pool.connect = async (...parameters) => {
    const client = await connect.apply(pool, parameters);
    const { query } = client;
    const note = (first: string | { readonly text: string }) =>
      statements.push(typeof first === 'string' ? first : first.text);
    client.query = ((...given: Parameters<typeof query>) => {
      note(given[0] as unknown as string | { text: string });
      return query.apply(client, given);
    }) as typeof query;
    restore.push(() => Object.assign(client, { query }));
    return client;
  };
  const answer = await request();
  pool.connect = connect;
  for (const undo of restore.reverse()) undo();
  return { answer, statements };
}

describe('the page of a link', () => {
  const allowed = [
    ['/new-password?x=1', 'https://app.example.com/new-password?x=1'],
    ['https://app.example.com/a', 'https://app.example.com/a?'],
    ['https://other.example.com/reset', 'https://other.example.com/reset?'],
    ['capacitor://localhost/reset', 'capacitor://localhost/reset?'],
  ] as const;

  test('may be a path, or a URL of an allowed origin', async () => {
    const { email } = await signedUp();
    for (const [redirectTo, expected] of allowed) {
      expect((await requestReset(email, { redirectTo })).status, redirectTo).toBe(200);
      expect((await smtp.next(email)).link?.href.startsWith(expected), redirectTo).toBe(true);
    }
  });

  const rejected = [
    'https://evil.example',
    'https://app.example.com.evil.example',
    'https://app.example.com@evil.example',
    'https://user:password@app.example.com/',
    'http://app.example.com/',
    'https://app.example.com:8443/',
    '//evil.example',
    '/\\evil.example',
    'capacitor://localhost.evil/',
    'capacitor://localhost:1/',
    'blob:https://app.example.com/x',
    'javascript:alert(1)',
    'data:text/html,x',
  ];

  test('may have no other origin, in no request', async () => {
    const { email, client, token } = await signedUp();
    const before = smtp.emails.length;
    for (const url of rejected) {
      for (const answer of [
        await requestReset(email, { redirectTo: url }),
        await post(client, '/send-verification-email', { email, callbackURL: url }),
        await post(client, '/change-email', { newEmail: `new-${email}`, callbackURL: url }),
        await post(api.anonymous(), '/sign-up/email', { ...newPerson(), callbackURL: url }),
        await client.get(`/api/auth/verify-email?token=${token}&callbackURL=${encodeURIComponent(url)}`),
      ]) {
        expect({ status: answer.status, code: answer.body.code }, url).toEqual({
          status: 422,
          code: 'validation_failed',
        });
        expect(answer.body.detail).toMatch(/^(redirectTo|callbackURL): .* Add the origin to CORS_ORIGINS/);
      }
    }
    expect(smtp.emails).toHaveLength(before);
    expect((await userOf(client)).emailVerified).toBe(false);
    // The log of requests has the reason, and no text of a client.
    const { status, reason } = { status: 422, reason: 'INVALID_CALLBACK_URL' };
    expect(api.log).toContainEqual(expect.objectContaining({ status, reason }));
    expect(api.log.filter((line) => JSON.stringify(line).includes('evil'))).toEqual([]);
  });
});

describe('an address', () => {
  test('is confirmed with the link after a sign-up, and the response is no redirect', async () => {
    const { client, token } = await signedUp();
    expect((await userOf(client)).emailVerified).toBe(false);
    const answer = await client.get(`/api/auth/verify-email?token=${token}&callbackURL=/done`);
    expect([answer.status, answer.body]).toEqual([200, { status: true, user: null }]);
    expect((await userOf(client)).emailVerified).toBe(true);
    expect((await verify(client, token)).status).toBe(200);
  });

  test('is not confirmed without a session of its user, because another person may have signed up with it', async () => {
    const { client, token } = await signedUp();
    const other = await signedUp();
    expect((await verify(api.anonymous(), token)).status).toBe(401);
    expect((await verify(other.client, token)).body).toMatchObject({ status: 422, auth_code: 'INVALID_USER' });
    expect((await userOf(client)).emailVerified).toBe(false);
    expect((await userOf(other.client)).emailVerified).toBe(false);
  });

  test('is not confirmed with another token', async () => {
    const { client } = await signedUp();
    for (const token of ['', 'x', 'x.y.z', 'eyJhbGciOiJub25lIn0.eyJlbWFpbCI6ImFAYi5jIn0.']) {
      expect((await verify(client, token)).status, token).toBe(422);
    }
  });

  test('gets another link on request of its user only', async () => {
    const { client, email } = await signedUp();
    expect((await post(api.anonymous(), '/send-verification-email', { email })).status).toBe(401);
    const other = await signedUp();
    expect((await post(other.client, '/send-verification-email', { email })).status).toBe(422);
    expect((await post(client, '/send-verification-email', { email })).body).toEqual({ status: true });
    expect((await verify(client, tokenIn((await smtp.next(email)).link))).status).toBe(200);
  });

  test('changes when the new one is confirmed, after the current one if that is confirmed', async () => {
    const { client, email, id, token } = await signedUp();
    await verify(client, token);
    await requestReset(email);
    const resetToken = tokenIn((await smtp.next(email)).link);
    const newEmail = `New-${email}`;
    expect((await post(client, '/change-email', { newEmail, callbackURL: '/confirm' })).body).toEqual({ status: true });
    const toCurrent = await smtp.next(email);
    expect(toCurrent.text).toMatch(/Another e-mail address was given for your account/);
    expect(toCurrent.text).not.toContain(newEmail.toLowerCase());
    expect(toCurrent.link?.pathname).toBe('/confirm');

    expect((await verify(api.anonymous(), tokenIn(toCurrent.link))).status).toBe(401);
    expect((await verify(client, tokenIn(toCurrent.link))).body).toEqual({ status: true });
    expect((await userOf(client)).email).toBe(email);
    const toNew = await smtp.next(newEmail.toLowerCase());
    expect((await verify(api.anonymous(), tokenIn(toNew.link))).status).toBe(401);
    const changed = await verify(client, tokenIn(toNew.link));
    expect(changed.body).toMatchObject({
      status: true,
      user: { id, email: newEmail.toLowerCase(), emailVerified: true },
    });

    expect((await signIn(email, password)).status).toBe(401);
    expect((await signIn(newEmail, password)).status).toBe(200);
    // The link for a new password that the address before received.
    expect((await reset(resetToken)).status).toBe(422);
  });

  test('that is not confirmed changes only with a session of the last 10 minutes, which may be stolen otherwise', async () => {
    const { client, email, id, token } = await signedUp();
    const change = () => post(client, '/change-email', { newEmail: `new-${email}` });
    await api.database.query(
      `update todo_auth.session set created_at = created_at - interval '11 minutes' where user_id = $1`,
      [id],
    );
    expect((await change()).body).toMatchObject({ status: 401, auth_code: 'SESSION_NOT_FRESH' });
    expect(
      (await post(sessionOf(await signIn(email, password)), '/change-email', { newEmail: `b-${email}` })).status,
    ).toBe(200);
    await verify(client, token);
    expect((await change()).status).toBe(200);
    expect(smtp.emails.filter(({ to }) => to === `new-${email}`)).toEqual([]);
  });

  test('does not change with a link of before a new password, not even in a session of after it', async () => {
    const { client, email, id } = await signedUp();
    const newEmail = `new-${email}`;
    await api.database.query(`update todo_auth.account set updated_at = now() - interval '1 hour' where user_id = $1`, [
      id,
    ]);
    // The times in links have whole seconds.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2_000 });
    expect((await post(client, '/change-email', { newEmail })).status).toBe(200);
    vi.useRealTimers();
    const link = tokenIn((await smtp.next(newEmail)).link);
    expect((await reset(await resetToken(email))).status).toBe(200);
    const late = await verify(sessionOf(await signIn(email, newPassword)), link);
    expect(late.body).toMatchObject({ status: 422, auth_code: 'INVALID_TOKEN' });
    expect((await signIn(email, newPassword)).status).toBe(200);
  });

  test('does not change to one that another user has, also if that user signs up in between', async () => {
    const taken = await signedUp();
    const { client, email } = await signedUp();
    expect((await post(client, '/change-email', { newEmail: taken.email })).body).toEqual({ status: true });
    const free = `free-${email}`;
    expect((await post(client, '/change-email', { newEmail: free })).body).toEqual({ status: true });
    const { link } = await smtp.next(free);
    await post(api.anonymous(), '/sign-up/email', { ...newPerson(), email: free });
    const late = await verify(client, tokenIn(link));
    expect([late.status, late.body.auth_code]).toEqual([422, 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL']);
    expect((await userOf(client)).email).toBe(email);
    expect(smtp.emails.filter(({ to }) => to === taken.email)).toHaveLength(1);
  });
});

test('no e-mail contains a text of a user', async () => {
  await signedUp();
  for (const { head, text } of smtp.emails) expect(`${head}${text}`).not.toMatch(/Ada|Buy|evil/);
});

test('an e-mail that the SMTP server rejects changes no response, and the log has the reason without the address', async () => {
  const { email } = await signedUp();
  noteSecret(email);
  smtp.rejectRecipients(`550 5.1.1 <${email}> is unknown`, 1);
  expect((await requestReset(email)).status).toBe(200);
  const failure = () => api.log.find(({ event }) => event === 'email_failed');
  await vi.waitUntil(failure, 20_000);
  expect(failure()).toMatchObject({
    reason: expect.stringMatching(/rejected the sender or the recipient \(550 5\.1\.1\)/),
  });
});

test('the account with its e-mails is deleted completely', async () => {
  const { client, email, id } = await signedUp();
  await requestReset(email);
  const token = tokenIn((await smtp.next(email)).link);
  const rows = () => api.database.query('select id from todo_auth.verification where value = $1', [id]);
  expect(await rows()).toHaveLength(1);
  expect((await post(client, '/delete-user', { password })).status).toBe(200);
  expect(await rows()).toEqual([]);
  expect((await reset(token)).status).toBe(422);
});
