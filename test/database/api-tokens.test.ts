/** The verification of API tokens on a database: what is cached and for how long, what it sends, and what it records. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiTokens, createApiTokens } from '../../src/auth/api-tokens/api-tokens.ts';
import { createApiToken } from '../../src/auth/api-tokens/format.ts';
import { findApiToken } from '../../src/auth/api-tokens/statements.ts';
import type { VerificationOutcome } from '../../src/auth/jwt/verifier.ts';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { maxConnectionsPerSharedFlow } from '../../src/database/pg/pool.ts';
import { insertToken } from '../../src/tokens/statements.ts';
import { createTestDatabase, databaseKind, type TestDatabase } from '../support/databases.ts';

let database: Database;
let connection: TestDatabase;

beforeAll(async () => {
  connection = await createTestDatabase();
  database = openDatabase(connection.config, connection.driver);
  await database.prepare();
});

afterAll(() => connection.remove());

/** Servers on the database, each with its own cache, and with one clock. */
async function startServers(count: number) {
  let now = Date.now();
  const outcomes: VerificationOutcome[] = [];
  const servers = Array.from({ length: count }, () =>
    createApiTokens({
      database,
      clock: () => now,
      onError: (error) => expect.fail(String(error)),
      onOutcome: (outcome) => outcomes.push(outcome),
    }),
  );
  for (const server of servers) await server.prepare();
  let uses = database.pool.useCount;
  return {
    servers: servers as [ApiTokens, ...ApiTokens[]],
    outcomes,
    advance(milliseconds: number) {
      now += milliseconds;
    },
    /** The number of times that the database was used since the last call. */
    takeUses() {
      const taken = database.pool.useCount - uses;
      uses = database.pool.useCount;
      return taken;
    },
  };
}

async function issue(server: ApiTokens, userId = 'ada', expiresInDays = 1) {
  const id = crypto.randomUUID();
  const { token, hash } = server.issue(id);
  const principal = { userId, scopes: null, expiresAt: Number.POSITIVE_INFINITY };
  const stored = { id, name: 'Backup', scopes: ['tasks:read'], hash, expiresInDays };
  await database.asUser.run(principal, [insertToken(userId, stored)]);
  return { id, token, hash };
}

const revoke = (id: string) => connection.query('delete from todo.tokens where id = $1', [id]);
const lastUse = async (id: string) =>
  (
    await connection.query<{ last_used_at: string | null }>(
      'select last_used_at::text from todo.tokens where id = $1',
      [id],
    )
  )[0]?.last_used_at;

const invalid = { code: 'token_invalid', status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

test('a token is looked up once per minute, and its first use is recorded', async () => {
  const { servers, outcomes, advance, takeUses } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  expect(await lastUse(id)).toBeNull();
  takeUses();
  const principal = await server.verify(token);
  expect(principal).toMatchObject({ userId: 'ada', scopes: ['tasks:read'], apiToken: { id, name: 'Backup' } });
  await expect.poll(() => lastUse(id)).not.toBeNull();
  takeUses();
  advance(59_999);
  expect(await server.verify(token)).toBe(principal);
  expect(takeUses()).toBe(0);
  advance(1);
  expect(await server.verify(token)).toEqual(principal);
  // The look-up alone, because a use of the last hour is recorded.
  expect(takeUses()).toBe(1);
  expect(outcomes).toEqual(['verified', 'cache_hit', 'verified']);
});

test('a use is recorded again after an hour', async () => {
  const { servers, advance, takeUses } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  const set = (age: string) =>
    connection.query(`update todo.tokens set last_used_at = now() - interval '${age}' where id = $1`, [id]);
  await set('59 minutes');
  takeUses();
  await server.verify(token);
  expect(takeUses()).toBe(1);
  await set('61 minutes');
  const old = await lastUse(id);
  advance(60_000);
  await server.verify(token);
  await expect.poll(() => lastUse(id)).not.toBe(old);
});

test('simultaneous requests with a token share one look-up', async () => {
  const { servers, takeUses } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  await connection.query('update todo.tokens set last_used_at = now() where id = $1', [id]);
  takeUses();
  await Promise.all(Array.from({ length: 20 }, () => server.verify(token)));
  expect(takeUses()).toBe(1);
});

test('a deleted token is rejected at once by the server that deletes it, and by the others within a minute', async () => {
  const { servers, advance, takeUses } = await startServers(2);
  const [server, other] = servers as [ApiTokens, ApiTokens];
  const { id, token } = await issue(server);
  for (const each of servers) await each.verify(token);
  await revoke(id);
  server.revoke(id);
  takeUses();
  await expect(server.verify(token)).rejects.toMatchObject(invalid);
  expect(takeUses()).toBe(0);
  await expect(other.verify(token)).resolves.toMatchObject({ userId: 'ada' });
  advance(60_000);
  for (const each of servers) await expect(each.verify(token)).rejects.toMatchObject(invalid);
});

test('a token that is deleted during its look-up is rejected', async () => {
  const { servers } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  const verification = server.verify(token);
  server.revoke(id);
  await expect(verification).rejects.toMatchObject(invalid);
});

test('a token that is no longer valid causes one statement per minute', async () => {
  const { servers, advance, takeUses } = await startServers(1);
  const [server] = servers;
  const deleted = await issue(server);
  await revoke(deleted.id);
  const expired = await issue(server);
  await connection.query(`update todo.tokens set expires_at = now() - interval '1 second' where id = $1`, [expired.id]);
  takeUses();
  for (let minute = 0; minute < 2; minute += 1) {
    for (let request = 0; request < 10; request += 1) {
      await expect(server.verify(deleted.token)).rejects.toMatchObject(invalid);
      await expect(server.verify(expired.token)).rejects.toMatchObject({ ...invalid, code: 'token_expired' });
    }
    expect(takeUses()).toBe(2);
    advance(60_000);
  }
});

test('a cached token expires at its time', async () => {
  const { servers, advance } = await startServers(1);
  const [server] = servers;
  const { token } = await issue(server);
  advance(86_400_000 - 30_000);
  await server.verify(token);
  // Less than a minute after the look-up.
  advance(59_000);
  await expect(server.verify(token)).rejects.toMatchObject({ code: 'token_expired' });
});

test('tokens that this database has not issued cause no statement', async () => {
  const { servers, takeUses } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  const invented = Array.from({ length: 50 }, () => createApiToken(crypto.randomUUID(), new Uint8Array(32)).token);
  takeUses();
  for (const each of [
    ...invented,
    createApiToken(id, new Uint8Array(32)).token,
    `${token.slice(0, -1)}-`,
    'tdo_',
    token.slice(1),
  ]) {
    await expect(server.verify(each)).rejects.toMatchObject(invalid);
  }
  expect(takeUses()).toBe(0);
});

test('another secret of the same id is rejected, and the right one is not', async () => {
  const { servers } = await startServers(1);
  const [server] = servers;
  const { id, token } = await issue(server);
  // As if the key of the tags were known.
  const { token: wrong } = server.issue(id);
  await expect(server.verify(wrong)).rejects.toMatchObject(invalid);
  await expect(server.verify(token)).resolves.toMatchObject({ userId: 'ada' });
  await expect(server.verify(wrong)).rejects.toMatchObject(invalid);
});

test('an unprepared server rejects tokens as unavailable', async () => {
  const { servers } = await startServers(1);
  const { token } = await issue(servers[0]);
  const unprepared = createApiTokens({ database, onError: () => {} });
  await expect(unprepared.verify(token)).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
});

test.skipIf(databaseKind === 'embedded')(
  'look-ups that wait for PostgreSQL do not delay a check of the server',
  async () => {
    const lock = { statement: { name: '', text: 'select pg_advisory_xact_lock(4711)' }, values: [] };
    await connection.driver.withMigrationClient(async (client) => {
      await client.query('begin; select pg_advisory_xact_lock(4711)');
      const lookUps = Array.from({ length: maxConnectionsPerSharedFlow }, () => database.asAuthenticator([lock]));
      await database.ping();
      await client.query('commit');
      await Promise.all(lookUps);
    });
  },
);

test('a server does not start without the key of the tags', async () => {
  const [row] = await connection.query<{ key: Uint8Array }>('select key from todo_admin.api_token_key');
  await connection.query('delete from todo_admin.api_token_key');
  const started = createApiTokens({ database, onError: () => {} }).prepare();
  await expect(started).rejects.toThrow(/api_token_key is empty/);
  await connection.query('insert into todo_admin.api_token_key values ($1)', [row?.key]);
});

test('the authenticator finds the presented token of any user, and sees no other row', async () => {
  const { servers } = await startServers(1);
  const [server] = servers;
  const { id, hash } = await issue(server, 'ada');
  const others = await issue(server, 'bob');
  const all = { statement: { name: '', text: 'select owner_id from todo.tokens' }, values: [] };
  const [present] = findApiToken(id, hash);
  expect((await database.asAuthenticator([present, all]))[1]).toEqual([{ owner_id: 'ada' }]);
  expect((await database.asAuthenticator([all]))[0]).toEqual([]);
  for (const [otherId, otherHash] of [
    [id, others.hash],
    [others.id, hash],
  ] as const) {
    expect((await database.asAuthenticator([findApiToken(otherId, otherHash)[0], all]))[1]).toEqual([]);
  }
  for (const text of [
    'select id from todo.tasks',
    'delete from todo.tokens',
    `update todo.tokens set owner_id = 'eve'`,
    `update todo.tokens set expires_at = 'infinity'`,
    `insert into todo.tokens select * from todo.tokens`,
  ]) {
    const statement = { statement: { name: '', text }, values: [] };
    await expect(database.asAuthenticator([present, statement])).rejects.toMatchObject({ cause: { code: '42501' } });
  }
});
