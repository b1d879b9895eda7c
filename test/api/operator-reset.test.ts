/** A new password by the operator: the policy, and what it ends. */
import { expect, test } from 'vitest';
import { randomPassword, setRandomPassword } from '../../src/auth/better-auth/operator-reset.ts';
import { createStrengthCheck } from '../../src/auth/better-auth/password-strength.ts';
import { startApi } from '../support/api.ts';
import { noteSecret } from '../support/log-scan.ts';

test('replaces the password of one user, ends the sessions, and removes tokens for a reset', async () => {
  const api = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const { pool } = api.database.driver;
  const post = (path: string, body: object) => api.anonymous().post(`/api/auth${path}`, body);
  const [ada, eve] = ['ada', 'eve'].map((name) => ({
    name,
    email: `${name}@example.com`,
    password: 'correct horse battery',
  })) as [Person, Person];
  const sessions: string[] = [];
  for (const person of [ada, eve]) {
    const { headers, body } = await post('/sign-up/email', person);
    sessions.push(headers.get('set-auth-token') ?? '');
    await api.database.query(
      `insert into todo_auth.verification (id, identifier, value, expires_at)
       values ($1, $1, $2, now() + interval '1 hour')`,
      [person.name, body.user.id],
    );
  }
  const password = await setRandomPassword(pool, 'ADA@example.com ');
  noteSecret(password);
  expect((await post('/sign-in/email', ada)).status).toBe(401);
  expect((await post('/sign-in/email', { ...ada, password })).status).toBe(200);
  expect((await post('/sign-in/email', eve)).status).toBe(200);
  const statuses = sessions.map(
    async (session) => (await api.anonymous(`Bearer ${session}`).get('/api/auth/token')).status,
  );
  expect(await Promise.all(statuses)).toEqual([401, 200]);
  expect(await api.database.query('select id from todo_auth.verification')).toEqual([{ id: 'eve' }]);

  await expect(setRandomPassword(pool, 'unknown@example.com')).rejects.toThrow(/no account has the address unknown/);
  await api.database.query(`update todo_auth.account set provider_id = 'github', password = null`);
  await expect(setRandomPassword(pool, ada.email)).rejects.toThrow(/has no password, because its user signs in with/);
});

interface Person {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

test('the password obeys the policy, and no two are the same', () => {
  const check = createStrengthCheck();
  const passwords = Array.from({ length: 200 }, randomPassword);
  expect(new Set(passwords).size).toBe(200);
  for (const password of passwords.slice(0, 20)) {
    expect(check(password, { name: 'Ada', email: 'ada@example.com' }), password).toBeNull();
  }
});
