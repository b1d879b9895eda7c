/** Simultaneous requests with one code of an authenticator app, each on its own connection. */
import { symmetricEncrypt } from 'better-auth/crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { IssuerDatabase } from '../../src/auth/better-auth/issuer-database.ts';
import { acceptCode } from '../../src/auth/better-auth/totp-codes.ts';
import { createTestDatabase, databaseKind, testSecret } from '../support/databases.ts';
import { codeOf } from '../support/totp.ts';

const selectWaiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

test.skipIf(databaseKind === 'embedded').each([
  [200, [true, false]],
  [500, [true, true]],
])('the second one waits for the first, which ends with status %i', async (status, expected) => {
  const database = await createTestDatabase({ poolMax: 3, timeoutMs: 20_000 });
  onTestFinished(() => database.remove());
  const issuer = new IssuerDatabase(database.driver.pool, 20_000);
  await database.query(`insert into todo_auth."user" (id, name, email) values ('ada', 'Ada', 'ada@example.com')`);
  await database.query(
    `insert into todo_auth.session (id, token, user_id, expires_at) values ('s', 's', 'ada', now() + interval '1 hour')`,
  );
  await database.query(
    `insert into todo_auth.two_factor (id, secret, backup_codes, user_id) values ('f', $1, 'x', 'ada')`,
    [await symmetricEncrypt({ key: testSecret, data: '12345678901234567890' })],
  );
  // The same secret in base 32.
  const code = codeOf('otpauth://totp/Ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  const accept = () => acceptCode(issuer, { sessionToken: 's', signIn: null }, code, testSecret);

  const accepted: boolean[] = [];
  let second: Promise<Response> | undefined;
  await issuer.inTransaction(async () => {
    accepted.push(await accept());
    second = issuer.inTransaction(async () => {
      accepted.push(await accept());
      return new Response();
    });
    await vi.waitUntil(async () => (await database.query(selectWaiting)).length === 1, 20_000);
    return new Response(null, { status });
  });
  await second;
  expect(accepted).toEqual(expected);
});
