/** API tokens: creation, scopes, use, revocation, and what they cannot do. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { apiTokenPattern } from '../../src/auth/api-tokens/format.ts';
import { maxTokensPerUser } from '../../src/tokens/statements.ts';
import { scopes as allScopes } from '../../src/vocabulary.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { databaseKind, testSecret } from '../support/databases.ts';
import { openStream } from '../support/event-stream.ts';
import { signWithSecret } from '../support/tokens.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi({ keep: true });
});

afterAll(() => api.stop());

const path = '/api/v1/tokens';
const tasks = '/api/v1/tasks';
const unknownId = '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d';
const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

/** Creates a token, and returns it with a client that uses it. */
async function issue(owner: Client, fields: object = {}, server = api) {
  const { status, body } = await owner.post(path, { name: 'Backup script', scopes: allScopes, ...fields });
  expect(status).toBe(201);
  return { ...body, client: server.anonymous(`Bearer ${body.token}`) } as { id: string; token: string; client: Client };
}

describe('a new token', () => {
  test('is shown once, with its lifetime, and the database stores only a hash', async () => {
    const ada = api.user();
    const fields = { name: '  Backup script ', scopes: ['tasks:read', 'tasks:read'], expires_in_days: 30 };
    const { status, body, headers } = await ada.post(path, fields);
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    const { token, ...listed } = body;
    expect(token).toMatch(new RegExp(`^${apiTokenPattern}$`));
    expect(listed).toEqual({
      id: expect.any(String),
      name: 'Backup script',
      scopes: ['tasks:read'],
      prefix: token.slice(0, 36),
      created_at: expect.any(String),
      expires_at: expect.any(String),
      last_used_at: null,
    });
    expect(days(body.created_at, body.expires_at)).toBe(30);
    expect((await ada.get(path)).body).toEqual([listed]);
    const [, , secret] = token.split('_');
    const stored = await api.database.query(
      `select to_jsonb(t)::text as row from todo.tokens as t
       union all select to_jsonb(k)::text from todo.idempotency_keys as k`,
    );
    expect(JSON.stringify(stored)).toContain(body.id);
    expect(JSON.stringify(stored)).not.toContain(secret);
  });

  test('is valid for 90 days by default, and for at most a year', async () => {
    const ada = api.user();
    const { body } = await ada.post(path, { name: 'x', scopes: ['tasks:read'] });
    expect(days(body.created_at, body.expires_at)).toBe(90);
    for (const expires_in_days of [0, 366, 1.5, '30', null]) {
      const { status, body } = await ada.post(path, { name: 'x', scopes: ['tasks:read'], expires_in_days });
      expect([status, body.errors[0].pointer]).toEqual([422, '/expires_in_days']);
    }
    expect((await ada.post(path, { name: 'x', scopes: ['tasks:read'], expires_in_days: 365 })).status).toBe(201);
  });

  test('has at most the scopes of the token that creates it', async () => {
    const ada = api.user();
    const writer = api.user(ada.userId as string, { scope: 'tasks:read tasks:write openid' });
    const refused = await writer.post(path, { name: 'x', scopes: ['tasks:read', 'tasks:purge'] });
    expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="tasks:purge"');
    expect((await writer.post(path, { name: 'x', scopes: ['tasks:write'] })).status).toBe(201);
    const reader = api.user(ada.userId as string, { scope: 'tasks:read' });
    expect((await reader.post(path, { name: 'x', scopes: ['tasks:read'] })).body.code).toBe('insufficient_scope');
    expect((await reader.get(path)).body).toHaveLength(1);
  });

  test('with an Idempotency-Key is created once, and the replay does not show it again', async () => {
    const ada = api.user();
    const fields = { name: 'x', scopes: ['tasks:read'] };
    const key = { 'Idempotency-Key': 'k' };
    const first = await ada.post(path, fields, key);
    const replay = await ada.post(path, fields, key);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect([replay.status, replay.body]).toEqual([201, { ...first.body, token: null }]);
    expect((await ada.get(path)).body).toHaveLength(1);
    expect((await api.anonymous(`Bearer ${first.body.token}`).get(tasks)).status).toBe(200);
    expect((await ada.post(path, { ...fields, name: 'y' }, key)).body.code).toBe('idempotency_key_reused');
  });

  test('is rejected beyond the quota, until a token is deleted', async () => {
    const ada = api.user();
    const create = (key?: string) =>
      ada.post(path, { name: 'x', scopes: ['tasks:read'] }, key ? { 'Idempotency-Key': key } : {});
    const created = await Promise.all(Array.from({ length: maxTokensPerUser + 3 }, () => create()));
    expect(created.filter(({ status }) => status === 201)).toHaveLength(maxTokensPerUser);
    for (const key of [undefined, 'k', 'k']) {
      const { status, body, headers } = await create(key);
      expect([status, body.code, headers.has('retry-after')]).toEqual([429, 'quota_exceeded', false]);
      expect(body.detail).toMatch(/quota of 50 API tokens/);
    }
    const [{ id }] = (await ada.get(path)).body;
    expect((await ada.delete(`${path}/${id}`)).status).toBe(204);
    expect((await create('k')).status).toBe(201);
  });
});

describe('a request with a token', () => {
  test('acts for its user within its scopes, and the history names it', async () => {
    const ada = api.user();
    const { client, id } = await issue(ada, { scopes: ['tasks:read', 'tasks:write'] });
    expect((await client.get('/api/v1/me')).body).toEqual({ id: ada.userId, scopes: ['tasks:read', 'tasks:write'] });
    const { body: task } = await ada.post(tasks, { title: 'x' });
    const patched = await client.patch(`${tasks}/${task.id}`, { title: 'y' });
    expect(patched.body).toMatchObject({ owner_id: ada.userId, title: 'y' });
    const { body: history } = await ada.get(`${tasks}/${task.id}/history`);
    expect(history.map(({ actor }: any) => actor)).toEqual(['Backup script', null]);
    await client.delete(`${tasks}/${task.id}`);
    const purge = await client.delete(`/api/v1/trash/${task.id}`);
    expect([purge.status, purge.body.code]).toEqual([403, 'insufficient_scope']);
    await expect.poll(async () => (await ada.get(path)).body).toMatchObject([{ id, last_used_at: expect.any(String) }]);
  });

  test('may list tokens, and neither creates nor deletes one, not even itself', async () => {
    const ada = api.user();
    const { client, id } = await issue(ada);
    expect((await client.get(path)).body).toMatchObject([{ id }]);
    for (const answer of [
      await client.post(path, { name: 'x', scopes: ['tasks:read'] }),
      await client.post(path, {}),
      await client.delete(`${path}/${id}`),
      await client.delete(`${path}/${unknownId}`),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'api_token_not_allowed']);
    }
    expect((await ada.get(path)).body).toHaveLength(1);
  });

  test('is rejected from the moment on in which the token is deleted', async () => {
    const ada = api.user();
    const { client, id } = await issue(ada);
    expect((await client.get(tasks)).status).toBe(200);
    expect((await ada.delete(`${path}/${id}`)).status).toBe(204);
    const { status, body, headers } = await client.get(tasks);
    expect([status, body.code]).toEqual([401, 'token_invalid']);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    const again = await ada.delete(`${path}/${id}`);
    expect([again.status, again.body.code]).toEqual([404, 'token_not_found']);
  });

  test.skipIf(databaseKind === 'embedded')(
    // Only one server can open an embedded database.
    'is rejected 60 seconds after another server has deleted the token',
    async () => {
      // Before the other server starts, which keeps the clock.
      vi.useFakeTimers({ toFake: ['Date'] });
      onTestFinished(() => void vi.useRealTimers());
      const other = await startApi({ beside: api });
      const ada = api.user();
      const { client, id, token } = await issue(ada);
      const clientOfOther = other.anonymous(`Bearer ${token}`);
      expect((await clientOfOther.get(tasks)).status).toBe(200);
      expect((await ada.delete(`${path}/${id}`)).status).toBe(204);
      expect((await client.get(tasks)).status).toBe(401);
      vi.setSystemTime(Date.now() + 60_000);
      const { status, body } = await clientOfOther.get(tasks);
      expect([status, body.code]).toEqual([401, 'token_invalid']);
    },
  );

  test('is rejected as expired after the end of the token', async () => {
    const ada = api.user();
    const { client, id } = await issue(ada);
    await api.database.query(`update todo.tokens set expires_at = now() where id = $1`, [id]);
    const { status, body, headers } = await client.get(tasks);
    expect([status, body.code]).toEqual([401, 'token_expired']);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test('is authenticated by the Authorization header only', async () => {
    const { token } = await issue(api.user());
    expect((await api.anonymous(`bearer ${token}`).get(tasks)).status).toBe(200);
    for (const authorization of [`Basic ${token}`, `Token ${token}`, token, `Bearer ${token}, Bearer ${token}`]) {
      expect((await api.anonymous(authorization).get(tasks)).status).toBe(401);
    }
    const anonymous = api.anonymous();
    expect((await anonymous.get(`${tasks}?access_token=${token}`)).status).toBe(401);
    expect((await anonymous.get(tasks, { Cookie: `token=${token}` })).status).toBe(401);
    expect((await anonymous.post(tasks, { title: 'x', access_token: token })).status).toBe(401);
  });
});

test('the requests of a token count for its user, with those of the user’s sessions', async () => {
  const limited = await startApi({ environment: { RATE_LIMIT_PER_MINUTE: '4' } });
  const ada = limited.user();
  const { client } = await issue(ada, {}, limited);
  expect((await client.get(tasks)).headers.get('ratelimit')).toMatch(/r=2/);
  expect((await ada.get(tasks)).headers.get('ratelimit')).toMatch(/r=1/);
  expect((await client.get(tasks)).status).toBe(200);
  for (const each of [ada, client]) expect((await each.get(tasks)).body.code).toBe('rate_limited');
});

test('with a shared secret, tokens work beside JWTs', async () => {
  const shared = await startApi({ environment: { AUTH_MODE: 'shared-secret' } });
  const jwt = signWithSecret(testSecret, { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 900 });
  const { client } = await issue(shared.anonymous(`Bearer ${jwt}`), {}, shared);
  expect((await client.post(tasks, { title: 'x' })).body.owner_id).toBe('ada');
});

test('with the embedded issuer, tokens work beside JWTs', async () => {
  const embedded = await startApi({ environment: { AUTH_MODE: 'embedded' } });
  const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const { headers, body } = await embedded.anonymous().post('/api/auth/sign-up/email', person);
  const session = embedded.anonymous(`Bearer ${headers.get('set-auth-token')}`);
  const jwt = (await session.get('/api/auth/token')).body.token;
  const { client, token } = await issue(embedded.anonymous(`Bearer ${jwt}`), {}, embedded);
  expect((await client.post(tasks, { title: 'x' })).body.owner_id).toBe(body.user.id);
  // It is no session: it cannot get JWTs, whose changes would not name it.
  expect((await client.get('/api/auth/token')).status).toBe(401);
  expect(token).toBeTruthy();
});

describe('an event stream', () => {
  test('ends at once when its token is deleted', async () => {
    const ada = api.user();
    const { id, token } = await issue(ada);
    const other = await issue(ada);
    const [stream, otherStream] = [await openStream(api.url, token), await openStream(api.url, other.token)];
    for (const each of [stream, otherStream]) expect((await each.next())?.event).toBe('changes');
    await ada.delete(`${path}/${id}`);
    expect(await stream.rest()).toMatchObject([{ event: 'end', data: { reason: 'token_revoked' } }]);
    await ada.post(tasks, { title: 'x' });
    expect((await otherStream.next())?.event).toBe('changes');
  });
});
