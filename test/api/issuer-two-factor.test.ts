/** The second factor of the embedded issuer: codes of an authenticator app, backup codes, and guesses of both. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eraseTokensInTransaction } from '../../src/account/erasure.ts';
import { setRandomPassword } from '../../src/auth/better-auth/operator-reset.ts';
import { removeSecondFactor } from '../../src/auth/better-auth/operator-second-factor.ts';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { noteSecret } from '../support/log-scan.ts';
import { createPlainIssuer } from '../support/plain-issuer.ts';
import { tablesWith } from '../support/stored-text.ts';
import { codeOf, wrongCodeOf } from '../support/totp.ts';

const password = 'correct horse battery';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({
    keep: true,
    environment: {
      AUTH_MODE: 'embedded',
      TWO_FACTOR: 'on',
      TRUSTED_PROXIES: 'loopback',
      DATABASE_POOL_MAX: '1',
    },
  });
});

afterAll(() => api.stop());

let people = 0;
let addresses = 0;

/** Another client address each time, because an address may send few wrong codes. */
function from(): Record<string, string> {
  addresses += 1;
  return { 'X-Forwarded-For': `198.51.100.${addresses}` };
}

const post = (client: Client, path: string, body: object, headers = {}) =>
  client.post(`/api/auth${path}`, body, { ...from(), ...headers });
const sessionOf = (answer: Answer) => api.anonymous(`Bearer ${answer.headers.get('set-auth-token')}`);
const userOf = async (client: Client) => (await client.get('/api/auth/get-session')).body?.user;

const cookiesOf = ({ headers }: Answer) => ({
  Cookie: headers
    .getSetCookie()
    .filter((cookie) => !/Max-Age=0/i.test(cookie))
    .map((cookie) => cookie.split(';')[0])
    .join('; '),
});

async function signedUp() {
  people += 1;
  const email = `person-${people}@example.com`;
  const answer = await post(api.anonymous(), '/sign-up/email', { name: 'Ada', email, password });
  return { email, id: answer.body.user.id as string, client: sessionOf(answer) };
}

const signIn = (email: string, headers = {}, chosen = password) =>
  post(api.anonymous(), '/sign-in/email', { email, password: chosen }, headers);
const verify = (signedIn: Answer, code: string, more: object = {}) =>
  post(api.anonymous(), '/two-factor/verify-totp', { code, ...more }, cookiesOf(signedIn));
const verifyBackup = (signedIn: Answer, code: string) =>
  post(api.anonymous(), '/two-factor/verify-backup-code', { code }, cookiesOf(signedIn));

/** Accepts codes again, because there is only one in 30 seconds. */
const forgetCodes = () => api.database.query('update todo_auth.two_factor set last_used_step = null');

/** A user whose sign-in needs a second factor. */
async function enrolled() {
  const { client, ...user } = await signedUp();
  const { status, body } = await post(client, '/two-factor/enable', { password });
  expect(status).toBe(200);
  noteSecret(...body.backupCodes);
  const confirmed = await post(client, '/two-factor/verify-totp', { code: codeOf(body.totpURI) });
  expect(confirmed.status, confirmed.text).toBe(200);
  await forgetCodes();
  return {
    ...user,
    client: sessionOf(confirmed),
    uri: body.totpURI as string,
    backupCodes: body.backupCodes as string[],
  };
}

test('a sign-in needs a code after a code was verified once, and not before', async () => {
  const { client, email } = await signedUp();
  expect((await post(client, '/two-factor/enable', { password: 'wrong horse battery' })).status).toBe(422);
  const { body } = await post(client, '/two-factor/enable', { password, issuer: 'Todo App' });
  expect(body.totpURI).toMatch(/^otpauth:\/\/totp\/Todo%20App:.*[?&]issuer=Todo(%20|\+)App/);
  expect((await signIn(email)).body.token).toEqual(expect.any(String));
  expect((await userOf(client)).twoFactorEnabled).toBe(false);
  expect((await post(client, '/two-factor/verify-totp', { code: wrongCodeOf(body.totpURI) })).status).toBe(401);
  const used = codeOf(body.totpURI);
  const confirmed = await post(client, '/two-factor/verify-totp', { code: used });
  expect((await userOf(sessionOf(confirmed))).twoFactorEnabled).toBe(true);

  const first = await signIn(email);
  expect(first.body).toEqual({ twoFactorRedirect: true, twoFactorMethods: ['totp'] });
  expect(first.headers.get('set-auth-token')).toBeNull();
  expect(
    await api.database.query(
      `select from todo_auth.session s join todo_auth."user" u on u.id = s.user_id
    where u.email = $1 and s.created_at > now() - interval '1 hour'`,
      [email],
    ),
  ).toHaveLength(2);
  expect((await verify(first, wrongCodeOf(body.totpURI))).body).toMatchObject({
    status: 401,
    auth_code: 'INVALID_CODE',
  });
  expect((await verify(first, used)).body.auth_code).toBe('INVALID_CODE');
  const second = await verify(first, codeOf(body.totpURI, 1));
  expect(second.body.user.email).toBe(email);
  expect((await userOf(sessionOf(second))).email).toBe(email);
  await forgetCodes();
  // A sign-in is completed once.
  expect((await verify(first, codeOf(body.totpURI))).status).toBe(401);
});

test('a code is accepted once, also in parallel, and none of an earlier time after it', async () => {
  const { email, uri } = await enrolled();
  const code = codeOf(uri);
  const signIns = [await signIn(email), await signIn(email)];
  const answers = await Promise.all(signIns.map((signedIn) => verify(signedIn, code)));
  const [accepted, refused] = answers.toSorted((one, other) => one.status - other.status);
  expect(accepted?.status).toBe(200);
  expect(refused?.body).toMatchObject({
    status: 401,
    auth_code: 'INVALID_CODE',
    detail: expect.stringMatching(/was used before\. Enter the next one/),
  });
  expect((await verify(await signIn(email), codeOf(uri, 1))).status).toBe(200);
  expect((await verify(await signIn(email), codeOf(uri))).body.auth_code).toBe('INVALID_CODE');
});

test('codes of a second factor that was set up with another BETTER_AUTH_SECRET are rejected with the reason', async () => {
  const { email, uri, backupCodes } = await enrolled();
  const { email: other } = await enrolled();
  await api.database.query(
    `update todo_auth.two_factor set secret = 'x' || secret, backup_codes = 'x' || backup_codes
     where user_id = (select id from todo_auth."user" where email = $1)`,
    [email],
  );
  const signedIn = await signIn(email);
  const answers = [await verify(signedIn, codeOf(uri)), await verifyBackup(signedIn, backupCodes[0] as string)];
  for (const { body } of answers) {
    expect(body).toMatchObject({
      status: 401,
      auth_code: 'SECOND_FACTOR_UNREADABLE',
      detail: expect.stringMatching(/^BETTER_AUTH_SECRET has changed/),
    });
  }
  expect((await signIn(other)).body.twoFactorRedirect).toBe(true);
});

test('a wrong password reveals nothing about the second factor', async () => {
  const { email } = await enrolled();
  const wrong = await signIn(email, {}, 'wrong horse battery');
  expect(wrong.body.auth_code).toBe('INVALID_EMAIL_OR_PASSWORD');
});

test('each backup code completes one sign-in, until they are replaced', async () => {
  const { client, email, backupCodes } = await enrolled();
  const [first = '', second = ''] = backupCodes;
  expect(backupCodes).toHaveLength(10);
  expect((await verifyBackup(await signIn(email), first)).status).toBe(200);
  expect((await verifyBackup(await signIn(email), first)).body.auth_code).toBe('INVALID_BACKUP_CODE');
  expect((await post(client, '/two-factor/generate-backup-codes', { password: 'wrong one here' })).status).toBe(422);
  const { body } = await post(client, '/two-factor/generate-backup-codes', { password });
  noteSecret(...body.backupCodes);
  expect((await verifyBackup(await signIn(email), second)).status).toBe(401);
  expect((await verifyBackup(await signIn(email), body.backupCodes[0])).status).toBe(200);
});

test('a sign-in allows five wrong codes, also in parallel, and the account ten before it is locked', async () => {
  const { email, uri } = await enrolled();
  const first = await signIn(email);
  const wrong = await Promise.all(Array.from({ length: 12 }, () => verify(first, wrongCodeOf(uri))));
  const evaluated = wrong.filter(({ body }) => body.auth_code === 'INVALID_CODE');
  expect(evaluated.length).toBeLessThanOrEqual(5);
  expect(evaluated.length).toBeGreaterThan(0);
  let count = evaluated.length;
  for (; count < 5; count += 1) await verify(first, wrongCodeOf(uri));
  expect((await verify(first, codeOf(uri))).status).not.toBe(200);
  const second = await signIn(email);
  for (; count < 10; count += 1) expect((await verify(second, wrongCodeOf(uri))).status).toBe(401);
  const third = await signIn(email);
  const locked = await verify(third, codeOf(uri));
  expect(locked.body).toMatchObject({ status: 429, code: 'rate_limited', auth_code: 'ACCOUNT_TEMPORARILY_LOCKED' });
  expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
  await api.database.query(`update todo_auth.two_factor set locked_until = now() - interval '1 second'`);
  await forgetCodes();
  expect((await verify(third, codeOf(uri))).status).toBe(200);
});

test('an address may send ten wrong codes in a minute', async () => {
  const { email, uri } = await enrolled();
  const address = from();
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const code = wrongCodeOf(uri);
    const headers = { ...address, ...cookiesOf(await signIn(email)) };
    statuses.push((await api.anonymous().post('/api/auth/two-factor/verify-totp', { code }, headers)).status);
    await api.database.query('update todo_auth.two_factor set failed_verification_count = 0, locked_until = null');
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
});

test('a trusted device needs no code, until the password is reset', async () => {
  const { email, uri } = await enrolled();
  // Otherwise the reset ends the second factor.
  await api.database.query('update todo_auth."user" set email_verified = true where email = $1', [email]);
  const trusted = cookiesOf(await verify(await signIn(email), codeOf(uri), { trustDevice: true }));
  const again = await signIn(email, trusted);
  expect(again.body.user?.email).toBe(email);
  const reset = await setRandomPassword(api.database.driver.pool, email, eraseTokensInTransaction);
  noteSecret(reset.password);
  expect((await signIn(email, cookiesOf(again), reset.password)).body.twoFactorRedirect).toBe(true);
});

test('a change of the password ends trusted devices and sign-ins in progress, and a wrong password does not', async () => {
  const { client, email, uri } = await enrolled();
  const trusted = cookiesOf(await verify(await signIn(email), codeOf(uri), { trustDevice: true }));
  const inProgress = await signIn(email);
  const newPassword = 'another horse, another battery';
  const change = (currentPassword: string) => post(client, '/change-password', { currentPassword, newPassword });
  expect((await change('wrong horse battery')).status).toBe(422);
  const again = await signIn(email, trusted);
  expect(again.body.user?.email).toBe(email);
  expect((await change(password)).status).toBe(200);
  await forgetCodes();
  expect((await verify(inProgress, codeOf(uri))).status).toBe(401);
  expect((await signIn(email, cookiesOf(again), newPassword)).body.twoFactorRedirect).toBe(true);
});

test('the end of the second factor ends trusted devices, which a new one does not trust', async () => {
  const { client, email, uri } = await enrolled();
  const trusted = cookiesOf(await verify(await signIn(email), codeOf(uri), { trustDevice: true }));
  const disabled = sessionOf(await post(client, '/two-factor/disable', { password }));
  const { body } = await post(disabled, '/two-factor/enable', { password });
  noteSecret(...body.backupCodes);
  expect((await post(disabled, '/two-factor/verify-totp', { code: codeOf(body.totpURI) })).status).toBe(200);
  expect((await signIn(email, trusted)).body.twoFactorRedirect).toBe(true);
});

test('the password ends it, and the sign-in needs no code', async () => {
  const { client, email, id } = await enrolled();
  expect((await post(client, '/two-factor/disable', { password: 'wrong horse battery' })).status).toBe(422);
  expect((await post(client, '/two-factor/disable', { password })).status).toBe(200);
  expect((await signIn(email)).body.user.twoFactorEnabled).toBe(false);
  expect(await api.database.query('select from todo_auth.two_factor where user_id = $1', [id])).toEqual([]);
});

test('the operator ends the one of a user who has lost it, with trusted devices and sign-ins in progress', async () => {
  const { client, email, id, uri } = await enrolled();
  const other = await enrolled();
  await verify(await signIn(email), codeOf(uri), { trustDevice: true });
  const { pool } = api.database.driver;
  await removeSecondFactor(pool, ` ${email.toUpperCase()}`);
  expect((await signIn(email)).body.user.twoFactorEnabled).toBe(false);
  expect((await signIn(other.email)).body.twoFactorRedirect).toBe(true);
  expect((await userOf(client)).id).toBe(id);
  for (const [table, column] of [
    ['two_factor', 'user_id'],
    ['verification', 'value'],
  ]) {
    expect(await api.database.query(`select from todo_auth.${table} where ${column} = $1`, [id]), table).toEqual([]);
  }
  await expect(removeSecondFactor(pool, email)).rejects.toThrow(/has no second factor/);
  await expect(removeSecondFactor(pool, 'unknown@example.com')).rejects.toThrow(/no account has the address unknown/);
});

test('the database has neither the secret nor a backup code, and nothing after the deletion of the account', async () => {
  const { client, email, id, uri, backupCodes } = await enrolled();
  const trusted = await verify(await signIn(email), codeOf(uri), { trustDevice: true });
  expect(trusted.status).toBe(200);
  await signIn(email);
  const secret = new URL(uri).searchParams.get('secret') ?? '';
  expect(await tablesWith(api, [secret, ...backupCodes])).toEqual({});
  expect(Object.keys(await tablesWith(api, [id]))).toEqual(
    expect.arrayContaining(['todo_auth.two_factor', 'todo_auth.verification']),
  );
  expect((await post(client, '/delete-user', { password })).status).toBe(200);
  expect(await tablesWith(api, [id, email])).toEqual({});
});

test('a server without the variable asks for no code, and warns about it at start', async () => {
  await enrolled();
  const messages: string[] = [];
  const issuer = createPlainIssuer(api, { log: (_level, message) => messages.push(message) });
  await issuer.prepare();
  expect(messages).toEqual(['Users have a second factor, which is not asked for. Set TWO_FACTOR=on.']);
});
