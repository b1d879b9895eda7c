/** A new password by the operator: the policy, and what it ends. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eraseTokensInTransaction } from '../../src/account/erasure.ts';
import { randomPassword, setRandomPassword } from '../../src/auth/better-auth/operator-reset.ts';
import { createStrengthCheck } from '../../src/auth/better-auth/password-strength.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { noteSecret } from '../support/log-scan.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ environment: { AUTH_MODE: 'embedded' }, keep: true });
});

afterAll(() => api.stop());

const post = (path: string, body: object) => api.anonymous().post(`/api/auth${path}`, body);

/** A new user, with a session, a token for a reset, a second factor and an API token. */
async function signedUp(name: string) {
  const person = { name, email: `${name}@example.com`, password: 'correct horse battery' };
  const { headers, body } = await post('/sign-up/email', person);
  const session = api.anonymous(`Bearer ${headers.get('set-auth-token')}`);
  const user = api.anonymous(`Bearer ${(await session.get('/api/auth/token')).body.token}`);
  await user.post('/api/v1/tokens', { name: 'Backup', scopes: ['tasks:read'] });
  await api.database.query(
    `with token as (
       insert into todo_auth.verification (id, identifier, value, expires_at)
       values ($1, $1, $1, now() + interval '1 hour')
     ), factor as (
       insert into todo_auth.two_factor (id, secret, backup_codes, user_id) values ($1, 'x', 'x', $1)
     )
     update todo_auth."user" set two_factor_enabled = true where id = $1`,
    [body.user.id],
  );
  return { ...person, id: body.user.id as string, session, user };
}

async function reset(email: string) {
  const result = await setRandomPassword(api.database.driver.pool, email, eraseTokensInTransaction);
  noteSecret(result.password);
  return result;
}

/** The users that have a row in a table. */
async function ownersIn(table: string, column: string, owners: readonly string[]): Promise<unknown[]> {
  const rows = await api.database.query(
    `select distinct ${column} as id from ${table} where ${column} = any ($1::text[])`,
    [owners],
  );
  return rows.map(({ id }) => id);
}

test('replaces the password of one user, ends the sessions, and removes tokens for a reset', async () => {
  const [ada, eve] = [await signedUp('ada'), await signedUp('eve')];
  await api.database.query('update todo_auth."user" set two_factor_enabled = false');
  const { password } = await reset('ADA@example.com ');
  expect((await post('/sign-in/email', ada)).status).toBe(401);
  expect((await post('/sign-in/email', { ...ada, password })).status).toBe(200);
  expect((await post('/sign-in/email', eve)).status).toBe(200);
  expect((await ada.session.get('/api/auth/token')).status).toBe(401);
  expect((await eve.session.get('/api/auth/token')).status).toBe(200);
  expect(await ownersIn('todo_auth.verification', 'value', [ada.id, eve.id])).toEqual([eve.id]);

  await expect(reset('unknown@example.com')).rejects.toThrow(/no account has the address unknown/);
  await api.database.query(`update todo_auth.account set provider_id = 'github', password = null`);
  await expect(reset(ada.email)).rejects.toThrow(/has no password, because its user signs in with/);
});

test('ends the second factor and the API tokens of an address that was not confirmed, and of no other one', async () => {
  const [unconfirmed, confirmed] = [await signedUp('unconfirmed'), await signedUp('confirmed')];
  await api.database.query('update todo_auth."user" set email_verified = true where id = $1', [confirmed.id]);
  expect((await reset(confirmed.email)).hasEndedAccess).toBe(false);
  expect((await reset(unconfirmed.email)).hasEndedAccess).toBe(true);

  const both = [unconfirmed.id, confirmed.id];
  expect(await ownersIn('todo_auth.two_factor', 'user_id', both)).toEqual([confirmed.id]);
  expect(await ownersIn('todo.tokens', 'owner_id', both)).toEqual([confirmed.id]);
  const users = await api.database.query(
    'select email_verified, two_factor_enabled from todo_auth."user" where id = any ($1::text[]) order by email',
    [both],
  );
  // The operator does not prove who reads the e-mails.
  expect(users).toEqual([
    { email_verified: true, two_factor_enabled: true },
    { email_verified: false, two_factor_enabled: false },
  ]);
  for (const { user } of [unconfirmed, confirmed]) {
    expect((await user.post('/api/v1/tokens', { name: 'Late', scopes: ['tasks:read'] })).status).toBe(401);
  }
});

test('the password obeys the policy, and no two are the same', () => {
  const check = createStrengthCheck();
  const passwords = Array.from({ length: 200 }, randomPassword);
  expect(new Set(passwords).size).toBe(200);
  for (const password of passwords.slice(0, 20)) {
    expect(check(password, { name: 'Ada', email: 'ada@example.com' }), password).toBeNull();
  }
});
