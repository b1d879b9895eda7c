/** Atomicity of the embedded issuer's operations, with a failure at each of their statements. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Answer, type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind } from '../support/databases.ts';
import { noteSecret } from '../support/log-scan.ts';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp-server.ts';
import { prepareFaults, type StatementFaults } from '../support/statement-faults.ts';
import { codeOf } from '../support/totp.ts';

const password = 'correct horse battery';
const newPassword = 'another horse, another battery';
/** More statements than any operation has. */
const mostStatements = 30;

let smtp: TestSmtpServer;
let api: TestApi;
let faults: StatementFaults;
/** The user of the operations, and all rows before each of them. Hashing a password for each would take most of the time. */
let user: Signed;
let rowsOfUser: readonly unknown[];

beforeAll(async () => {
  smtp = await startSmtpServer();
  api = await startApi({
    keep: true,
    environment: {
      AUTH_MODE: 'embedded',
      AUTH_FAILURES_PER_MINUTE: '5',
      TRUSTED_PROXIES: 'loopback',
      APP_URL: 'https://app.example.com',
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'todo@example.com',
      TWO_FACTOR: 'on',
    },
  });
  user = await signedIn();
  rowsOfUser = await rows();
  faults = prepareFaults(api.database.driver.pool);
});

afterAll(async () => {
  await api.stop();
  await smtp.close();
});

/** Output of libraries that bypasses the log. */
const printed: unknown[] = [];
vi.spyOn(console, 'error').mockImplementation((...values) => void printed.push(values));
const onWarning = (warning: Error) => void printed.push(warning);
process.on('warning', onWarning);
afterAll(() => void process.off('warning', onWarning));

let people = 0;

function newPerson() {
  people += 1;
  return { name: 'Ada', email: `ada${people}@example.com`, password };
}

let addresses = 0;

/** From another address each time, because each one may request few e-mails. */
function post(client: Client, path: string, body: object = {}, headers = {}) {
  addresses += 1;
  const address = `198.51.${addresses >> 8}.${addresses & 255}`;
  return client.post(`/api/auth${path}`, body, { 'X-Forwarded-For': address, ...headers });
}

const get = (client: Client, path: string) => client.get(`/api/auth${path}`);

/** A new user with two sessions. */
async function signedIn() {
  const person = newPerson();
  const first = await post(api.anonymous(), '/sign-up/email', person);
  const second = await post(api.anonymous(), '/sign-in/email', person);
  const client = (answer: Answer) => api.anonymous(`Bearer ${answer.headers.get('set-auth-token')}`);
  return {
    ...person,
    id: first.body.user.id as string,
    client: client(first),
    other: client(second),
    otherToken: second.body.token as string,
  };
}

type Signed = Awaited<ReturnType<typeof signedIn>>;

const tables = ['"user"', 'account', 'session', 'verification', 'jwks', 'two_factor'];

/** All rows of the issuer, per table. */
async function rows(): Promise<readonly unknown[]> {
  const columns = tables.map((table) => `(select jsonb_agg(to_jsonb(t) order by id) from todo_auth.${table} t)`);
  const [row] = await api.database.query(`select jsonb_build_array(${columns.join(', ')}) as rows`);
  return row?.rows;
}

/** Replaces all rows of the issuer. */
async function restore(kept: readonly unknown[]): Promise<void> {
  for (const table of tables.toReversed()) await run(`delete from todo_auth.${table}`);
  for (const [index, table] of tables.entries()) {
    const values = `jsonb_populate_recordset(null::todo_auth.${table}, coalesce($1::jsonb, '[]'))`;
    await run(`insert into todo_auth.${table} select * from ${values}`, JSON.stringify(kept[index] ?? []));
  }
}

/** The precondition of an operation, its request, and the check after its success. */
interface Case {
  readonly prepare?: (user: Signed) => Promise<unknown>;
  readonly request: (user: Signed) => Promise<Answer>;
  readonly holds?: (user: Signed, answer: Answer) => Promise<void>;
}

const isSignedOut = async (client: Client) => expect((await get(client, '/get-session')).body).toBeNull();
const isSignedIn = async (client: Client) => expect((await get(client, '/get-session')).body).not.toBeNull();
const canSignIn = async (email: string, chosen: string) =>
  expect((await post(api.anonymous(), '/sign-in/email', { email, password: chosen })).status).toBe(200);
/** Of the prepared operation. */
let token = '';
let totpURI = '';

/** The token of the next e-mail to an address. */
async function nextToken(to: string, action: 'reset-password' | 'verify-email'): Promise<string> {
  const { link } = await smtp.next(to, action);
  return link?.searchParams.get('token') ?? expect.fail('there is no token');
}

const run = (text: string, ...values: unknown[]) => api.database.query(text, values);

const cases: Readonly<Record<string, Case>> = {
  'signing up': {
    request: ({ email }) => post(api.anonymous(), '/sign-up/email', { name: 'Eve', email: `eve-${email}`, password }),
    holds: async ({ email }) => canSignIn(`eve-${email}`, password),
  },
  'signing up with the address of an unfinished user': {
    prepare: ({ email }) =>
      run(`insert into todo_auth."user" (id, name, email) values ($1, 'Eve', $1)`, `eve-${email}`),
    request: ({ email }) => post(api.anonymous(), '/sign-up/email', { name: 'Eve', email: `eve-${email}`, password }),
    holds: async ({ email }, { body }) => {
      expect(body.user.id).not.toBe(`eve-${email}`);
      await canSignIn(`eve-${email}`, password);
    },
  },
  'signing in': {
    request: ({ email }) => post(api.anonymous(), '/sign-in/email', { email, password }),
    holds: async (_user, { headers }) => isSignedIn(api.anonymous(`Bearer ${headers.get('set-auth-token')}`)),
  },
  'signing out': {
    request: ({ client }) => post(client, '/sign-out'),
    holds: async ({ client, other }) => {
      await isSignedOut(client);
      await isSignedIn(other);
    },
  },
  'changing the password': {
    request: ({ client }) => post(client, '/change-password', { currentPassword: password, newPassword }),
    holds: async ({ email, other }) => {
      await isSignedOut(other);
      await canSignIn(email, newPassword);
    },
  },
  'changing the name': {
    request: ({ client }) => post(client, '/update-user', { name: 'Ada Lovelace' }),
    holds: async ({ client }) => expect((await get(client, '/get-session')).body.user.name).toBe('Ada Lovelace'),
  },
  'ending a session': {
    request: ({ client, otherToken }) => post(client, '/revoke-session', { token: otherToken }),
    holds: ({ other }) => isSignedOut(other),
  },
  'ending all other sessions': {
    prepare: async ({ email }) => {
      for (let count = 0; count < 3; count += 1) await canSignIn(email, password);
    },
    request: ({ client }) => post(client, '/revoke-other-sessions'),
    holds: async ({ client }) => expect((await get(client, '/list-sessions')).body).toHaveLength(1),
  },
  'ending all sessions': {
    request: ({ client }) => post(client, '/revoke-sessions'),
    holds: ({ other }) => isSignedOut(other),
  },
  'extending a session': {
    prepare: ({ id }) =>
      run(`update todo_auth.session set expires_at = now() + interval '1 day' where user_id = $1`, id),
    request: ({ client }) => get(client, '/get-session'),
    holds: async (_user, { body }) =>
      expect(Date.parse(body.session.expiresAt)).toBeGreaterThan(Date.now() + 6 * 86_400_000),
  },
  'looking at a session that has ended': {
    prepare: ({ id }) =>
      run(`update todo_auth.session set expires_at = now() - interval '1 day' where user_id = $1`, id),
    request: ({ client }) => get(client, '/get-session'),
    holds: async (_user, { body }) => expect(body).toBeNull(),
  },
  'getting a token': { request: ({ client }) => get(client, '/token') },
  'getting a token without a key': {
    prepare: () => run('delete from todo_auth.jwks'),
    request: ({ client }) => get(client, '/token'),
  },
  'publishing keys without a key': {
    prepare: () => run('delete from todo_auth.jwks'),
    request: () => get(api.anonymous(), '/jwks'),
    holds: async (_user, { body }) => expect(body.keys).toHaveLength(1),
  },
  'requesting a new password': {
    request: ({ email }) => post(api.anonymous(), '/request-password-reset', { email }),
    holds: async ({ email }) => expect((await nextToken(email, 'reset-password')).length).toBeGreaterThan(20),
  },
  'setting a new password': {
    prepare: async ({ email }) => {
      await post(api.anonymous(), '/request-password-reset', { email });
      token = await nextToken(email, 'reset-password');
    },
    request: () => post(api.anonymous(), '/reset-password', { token, newPassword }),
    holds: async ({ email, client, other }) => {
      await isSignedOut(client);
      await isSignedOut(other);
      await canSignIn(email, newPassword);
    },
  },
  'changing the address': {
    prepare: async ({ client, email }) => {
      await post(client, '/change-email', { newEmail: `new-${email}` });
      token = await nextToken(`new-${email}`, 'verify-email');
    },
    request: ({ client }) => get(client, `/verify-email?token=${token}`),
    holds: ({ email }) => canSignIn(`new-${email}`, password),
  },
  'beginning to use a second factor': {
    request: ({ client }) => post(client, '/two-factor/enable', { password }),
    holds: async (_user, { body }) => noteSecret(...body.backupCodes),
  },
  'ending the set-up of a second factor': {
    prepare: async ({ client }) => {
      ({ totpURI } = (await post(client, '/two-factor/enable', { password })).body);
    },
    request: ({ client }) => post(client, '/two-factor/verify-totp', { code: codeOf(totpURI) }),
    holds: async ({ email }) =>
      expect((await post(api.anonymous(), '/sign-in/email', { email, password })).body.twoFactorRedirect).toBe(true),
  },
  'listing sessions': { request: ({ client }) => get(client, '/list-sessions') },
};

/** Waits for the reads that Better Auth sends in parallel. If one of them fails, the others can outlast the response. */
async function atRest(): Promise<void> {
  const { pool } = api.database.driver;
  await vi.waitUntil(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0, 20_000);
}

/** In turns, so that each statement is lost on one kind of database and cancelled on the other. */
const faultAt = (at: number) => ((at + Number(databaseKind === 'embedded')) % 2 === 0 ? 'lost before' : 'cancelled');

/** Makes each statement fail in a separate attempt. Returns the first successful response, and the statements. */
async function failEverywhere(request: () => Promise<Answer>): Promise<{ answer: Answer; statements: string[] }> {
  const statements: string[] = [];
  for (let at = 1; at <= mostStatements; at += 1) {
    const before = await rows();
    await atRest();
    faults.cause(at, faultAt(at));
    const answer = await request();
    const failed = faults.end();
    if (failed === null) return { answer, statements };
    statements.push(failed);
    expectOutage(answer, faultAt(at) === 'cancelled' ? 504 : 503, failed);
    expect(await rows(), failed).toEqual(before);
  }
  return expect.fail(`there are more than ${mostStatements} statements`);
}

function expectOutage({ status, body, headers }: Answer, expected: number, failed: string): void {
  expect({ status, code: body.code }, failed).toEqual({
    status: expected,
    code: expected === 504 ? 'timeout' : 'database_unavailable',
  });
  expect(headers.get('retry-after'), failed).toMatch(/^[1-9]\d*$/);
  expect(body.auth_code, failed).toBeUndefined();
  expect(headers.getSetCookie(), failed).toEqual([]);
  expect(headers.get('set-auth-token'), failed).toBeNull();
}

test.skipIf(databaseKind === 'embedded')('a reset and a change of the password take turns', async () => {
  const { client, email, id } = await signedIn();
  await post(api.anonymous(), '/request-password-reset', { email });
  const link = await nextToken(email, 'reset-password');
  const other = await api.database.driver.pool.connect();
  await other.query('begin');
  await other.query('select from todo_auth."user" where id = $1 for update', [id]);
  const change = post(client, '/change-password', { currentPassword: password, newPassword });
  await untilWaiting(1);
  const reset = post(api.anonymous(), '/reset-password', {
    token: link,
    newPassword: 'a third horse, a third battery',
  });
  await untilWaiting(2);
  await other.query('commit');
  other.release();
  expect((await change).status).toBe(200);
  expect((await reset).body).toMatchObject({ status: 422, auth_code: 'INVALID_TOKEN' });
});

/** Waits until this number of connections wait for a lock. */
const untilWaiting = (count: number) =>
  vi.waitUntil(async () => {
    const waiting = await run(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return waiting.length === count;
  }, 20_000);

test.each(Object.entries(cases))('%s is atomic', async (_name, { prepare, request, holds }) => {
  const begin = async () => {
    await restore(rowsOfUser);
    await prepare?.(user);
  };
  await begin();
  const { answer, statements } = await failEverywhere(() => request(user));
  expect(answer.status).toBe(200);
  await holds?.(user, answer);

  // It may be committed if the response to the commit is lost. A read-only operation has no commit.
  const commit = statements.indexOf('commit') + 1;
  if (commit === 0) return;
  await begin();
  const before = await rows();
  await atRest();
  faults.cause(commit, 'lost after');
  expectOutage(await request(user), 503, faults.end() ?? '');
  expect(await rows()).not.toEqual(before);
});

test('none of these failures counts as a failed authentication', async () => {
  const { client } = await signedIn();
  expect((await get(client, '/token')).status).toBe(200);
});

test('an address is kept for a user who has an account or a session, or whose address is verified', async () => {
  const { email, id, client } = await signedIn();
  const signUpAgain = () => post(api.anonymous(), '/sign-up/email', { name: 'Eve', email, password: newPassword });
  await run('delete from todo_auth.session where user_id = $1', id);
  expect((await signUpAgain()).body.auth_code).toBe('USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL');
  await canSignIn(email, password);
  await run('delete from todo_auth.account where user_id = $1', id);
  expect((await signUpAgain()).status).toBe(422);
  await run('delete from todo_auth.session where user_id = $1', id);
  await run('update todo_auth."user" set email_verified = true where id = $1', id);
  expect((await signUpAgain()).status).toBe(422);
  await run('update todo_auth."user" set email_verified = false where id = $1', id);
  const { status, body } = await signUpAgain();
  expect(status).toBe(200);
  expect(body.user.id).not.toBe(id);
  await isSignedOut(client);
});

test('concurrent operations do not deadlock', async () => {
  const user = await signedIn();
  for (let count = 0; count < 5; count += 1) await canSignIn(user.email, password);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, turn) => [
      post(user.client, '/revoke-other-sessions'),
      post(user.client, '/update-user', { name: `Ada ${turn}` }),
      get(user.client, '/token'),
    ]).flat(),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
});

test('a missing table is an outage and not a failed authentication', async () => {
  const { client } = await signedIn();
  await run('alter table todo_auth.session rename to elsewhere');
  const { status, body } = await get(client, '/token');
  await run('alter table todo_auth.elsewhere rename to session');
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'database_unavailable' });
  await isSignedIn(client);
});

test('nothing was printed', () => {
  expect(printed).toEqual([]);
});
