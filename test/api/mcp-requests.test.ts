/** Requests to the MCP server: scopes, tokens, audiences, origins, and the messages that it rejects. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createConfiguredVerifiers } from '../../src/auth/create-verifier.ts';
import { loadConfig } from '../../src/config/load.ts';
import { protectedResourceMetadata } from '../../src/mcp/protected-resource.ts';
import { taskBodyLimit } from '../../src/tasks/schemas.ts';
import { connectAgent } from '../support/agent.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { testSecret } from '../support/databases.ts';
import { agentOf, callOf, forMcp, listTools, readTools, sendMessage, writeTools } from '../support/mcp.ts';
import { signWithSecret } from '../support/tokens.ts';

let api: TestApi;
/** Round trips of the users' statements so far. */
let roundTrips = 0;

beforeAll(async () => {
  api = await startApi({
    keep: true,
    environment: { CORS_ORIGINS: 'https://app.example.com', RATE_LIMIT_PER_MINUTE: '1000' },
    asUser: (database) => ({
      ...database,
      run(...args) {
        roundTrips += 1;
        return database.run(...args);
      },
    }),
  });
});

afterAll(() => api.stop());

describe('scopes', () => {
  test('a read-only token sees only the tools that read, and a call of another one names the scope', async () => {
    const ada = api.user();
    const scope = { scope: 'tasks:read openid' };
    const agent = await agentOf(api, ada, scope);
    expect([...(await agent.tools()).keys()]).toEqual(readTools);
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
    for (const [name, args] of [
      ['find_tasks', {}],
      ['task_history', { id: task.id }],
      ['find_trash', {}],
    ] as const) {
      expect((await agent.call(name, args)).next_step).not.toMatch(/undo|changes tasks/);
    }
    const token = api.token(ada.userId as string, { ...forMcp(api), ...scope });
    for (const name of writeTools) {
      const { status, headers, body } = await sendMessage(api, callOf(name, { tasks: [{ title: 'x' }] }), { token });
      expect([status, body.code]).toEqual([403, 'insufficient_scope']);
      const metadata = `${api.config.server.publicUrl}/.well-known/oauth-protected-resource/mcp`;
      expect(headers.get('www-authenticate')).toBe(
        `Bearer error="insufficient_scope", scope="tasks:write", resource_metadata="${metadata}"`,
      );
    }
    expect((await ada.get('/api/v1/tasks')).body).toMatchObject([{ id: task.id }]);
  });

  test('a write-only token writes and reads nothing', async () => {
    const ada = api.user();
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'Secret', description: 'Secret' });
    const agent = await agentOf(api, ada, { scope: 'tasks:write' });
    expect([...(await agent.tools()).keys()]).toEqual(writeTools);
    for (const [name, args] of [
      ['add_tasks', { tasks: [{ title: 'x' }] }],
      ['update_tasks', { changes: [{ id: task.id }] }],
      ['complete_tasks', { ids: [task.id] }],
    ] as const) {
      const result = await agent.call(name, args);
      expect(Object.keys(result)).toEqual(['change_set', 'next_step']);
    }
    const token = api.token(ada.userId as string, { ...forMcp(api), scope: 'tasks:write' });
    for (const name of readTools) expect((await sendMessage(api, callOf(name), { token })).status).toBe(403);
  });

  test('no tool needs tasks:purge, and no scopes at all mean no tools', async () => {
    const ada = api.user();
    const agent = await agentOf(api, ada, { scope: 'tasks:read tasks:write' });
    expect((await agent.tools()).size).toBe(readTools.length + writeTools.length);
    expect((await (await agentOf(api, ada, { scope: 'openid tasks:purge' })).tools()).size).toBe(0);
  });
});

describe('tokens', () => {
  const metadata = () => `resource_metadata="${api.config.server.publicUrl}/.well-known/oauth-protected-resource/mcp"`;
  const scope = 'scope="tasks:read tasks:write"';

  test('without a valid token, the response is 401 and names the metadata, and no statement is sent', async () => {
    const before = roundTrips;
    const missing = await sendMessage(api, listTools);
    expect([missing.status, missing.body.code]).toEqual([401, 'token_missing']);
    expect(missing.headers.get('www-authenticate')).toBe(`Bearer ${metadata()}, ${scope}`);
    const expired = api.token('ada', { ...forMcp(api), exp: 1_700_000_000 });
    for (const [token, code] of [
      ['x', 'token_invalid'],
      ['tdo_x', 'token_invalid'],
      [expired, 'token_expired'],
    ] as const) {
      const { status, headers, body } = await sendMessage(api, callOf('find_tasks'), { token });
      expect([status, body.code]).toEqual([401, code]);
      expect(headers.get('www-authenticate')).toBe(`Bearer error="invalid_token", ${metadata()}, ${scope}`);
    }
    expect(roundTrips).toBe(before);
  });

  test('a token of the API is refused here, and one of the MCP server is refused there', async () => {
    const [ofApi, ofMcp] = [api.token('ada'), api.token('ada', forMcp(api))];
    const ofBoth = api.token('ada', { aud: ['todo', api.config.server.mcpUrl] });
    const statuses = async (token: string) => [
      (await sendMessage(api, listTools, { token })).status,
      (await api.anonymous(`Bearer ${token}`).get('/api/v1/tasks')).status,
    ];
    expect(await statuses(ofApi)).toEqual([401, 200]);
    expect(await statuses(ofMcp)).toEqual([200, 401]);
    expect(await statuses(ofBoth)).toEqual([200, 200]);
    expect(await statuses(api.token('ada', { aud: `${api.config.server.mcpUrl}/` }))).toEqual([401, 401]);
  });

  test('an API token works until it is deleted, and the history names it', async () => {
    const ada = api.user();
    const fields = { name: 'Assistant', scopes: ['tasks:read', 'tasks:write'] };
    const { body: issued } = await ada.post('/api/v1/tokens', fields);
    const agent = await connectAgent(api.url, issued.token);
    const { tasks } = await agent.call('add_tasks', { tasks: [{ title: 'x' }] });
    const { changes } = await agent.call('task_history', { id: tasks[0].id });
    expect(changes).toMatchObject([{ kind: 'Created', actor: 'Assistant' }]);
    await ada.delete(`/api/v1/tokens/${issued.id}`);
    expect((await sendMessage(api, listTools, { token: issued.token })).body.code).toBe('token_invalid');
  });

  test('with a shared secret, the tokens of the API are accepted unless an audience is configured', async () => {
    const claims = { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 900, aud: 'todo' };
    const shared = await startApi({ environment: { AUTH_MODE: 'shared-secret' } });
    const agent = await connectAgent(shared.url, signWithSecret(testSecret, claims));
    await agent.call('add_tasks', { tasks: [{ title: 'x' }] });
    const metadataOfServer = await shared.anonymous().get('/.well-known/oauth-protected-resource/mcp');
    expect(metadataOfServer.body).not.toHaveProperty('authorization_servers');
    const withAudience = { AUTH_MODE: 'shared-secret', AUTH_AUDIENCE: 'todo', BETTER_AUTH_SECRET: testSecret };
    const verifiers = createConfiguredVerifiers(loadConfig(withAudience), null, vi.fn(), vi.fn());
    const withName = loadConfig({ ...withAudience, AUTH_ISSUER: 'an issuer without a URL' });
    expect(protectedResourceMetadata(withName)).not.toHaveProperty('authorization_servers');
    const token = signWithSecret(testSecret, claims);
    await expect(verifiers.api.verify(token)).resolves.toMatchObject({ userId: 'ada' });
    await expect(verifiers.mcp.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  test('with the embedded issuer, its tokens are accepted', async () => {
    const embedded = await startApi({ environment: { AUTH_MODE: 'embedded' } });
    const person = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
    const { headers } = await embedded.anonymous().post('/api/auth/sign-up/email', person);
    const session = embedded.anonymous(`Bearer ${headers.get('set-auth-token')}`);
    const { token } = (await session.get('/api/auth/token')).body;
    const agent = await connectAgent(embedded.url, token);
    expect(await agent.call('find_tasks')).toMatchObject({ tasks: [] });
    await expect(connectAgent(embedded.url, headers.get('set-auth-token') as string)).rejects.toThrow();
  });
});

test('the metadata names the resource, the issuer and the scopes (RFC 9728)', async () => {
  const response = await fetch(`${api.url}/.well-known/oauth-protected-resource/mcp`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await response.json()).toEqual({
    resource: api.config.server.mcpUrl,
    authorization_servers: ['https://issuer.test'],
    scopes_supported: ['tasks:read', 'tasks:write'],
    bearer_methods_supported: ['header'],
    resource_name: 'Tasks',
  });
});

test('pages of other origins are rejected, and those of the server and of CORS_ORIGINS are not', async () => {
  const token = api.token('ada', forMcp(api));
  for (const Origin of ['https://evil.example', 'null', `http://127.0.0.1:${api.config.server.port}`]) {
    const { status, body } = await sendMessage(api, listTools, { token, headers: { Origin } });
    expect([status, body.code]).toEqual([403, 'origin_not_allowed']);
  }
  for (const Origin of ['https://app.example.com', api.config.server.publicUrl]) {
    expect((await sendMessage(api, listTools, { token, headers: { Origin } })).status).toBe(200);
  }
  const preflight = await fetch(`${api.url}/mcp`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' },
  });
  const allowed = preflight.headers.get('access-control-allow-headers')?.toLowerCase().split(',');
  expect(allowed).toEqual(expect.arrayContaining(['mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name']));
});

describe('a request', () => {
  let token: string;

  beforeAll(() => {
    token = api.token('ada', forMcp(api));
  });

  test('has a JSON response, without a session', async () => {
    const initialize = {
      ...{ jsonrpc: '2.0', id: 'first', method: 'initialize' },
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    };
    const { status, headers, body } = await sendMessage(api, initialize, { token });
    expect([status, headers.get('content-type'), headers.get('mcp-session-id')]).toEqual([
      200,
      'application/json',
      null,
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ id: 'first', result: { protocolVersion: '2025-06-18', capabilities: { tools: {} } } });
    const unknown = { ...initialize, params: { ...initialize.params, protocolVersion: '1999-01-01' } };
    expect((await sendMessage(api, unknown, { token })).body.result.protocolVersion).toBe('2025-11-25');
    const notification = { jsonrpc: '2.0', method: 'notifications/initialized' };
    expect((await sendMessage(api, notification, { token })).status).toBe(202);
  });

  test.each(['GET', 'DELETE', 'PUT'])('with the method %s is 405', async (method) => {
    const response = await fetch(`${api.url}/mcp`, { method, headers: { Authorization: `Bearer ${token}` } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each(['*/*', 'application/json', 'text/html'])('that accepts %s is answered with JSON', async (accepted) => {
    const { status, body } = await sendMessage(api, listTools, { token, headers: { Accept: accepted } });
    expect([status, body.result.tools.length]).toEqual([200, 11]);
  });

  test('that is no single message in JSON is rejected', async () => {
    const rejected: [unknown, object, number][] = [
      ['{', {}, 400],
      ['', {}, 400],
      ['{"jsonrpc":"2.0","jsonrpc":"2.0"}', {}, 400],
      [[listTools, listTools], {}, 400],
      [[], {}, 400],
      [{ id: 1 }, {}, 400],
      ['null', {}, 400],
      [listTools, { 'Content-Type': 'text/plain' }, 415],
      [listTools, { 'Mcp-Protocol-Version': '1999-01-01' }, 400],
      [listTools, { 'Mcp-Protocol-Version': '2026-07-28' }, 400],
      [callOf('add_tasks', { tasks: [{ title: 'x'.repeat(taskBodyLimit) }] }), {}, 413],
    ];
    for (const [message, headers, expected] of rejected) {
      const { status } = await sendMessage(api, message, { token, headers });
      expect([message, headers, status]).toEqual([message, headers, expected]);
    }
    expect((await fetch(`${api.url}/mcp?token=x`, { method: 'POST' })).status).toBe(401);
  });

  test('for an unknown method or tool has an error of JSON-RPC', async () => {
    const method = await sendMessage(api, { ...listTools, method: 'resources/list' }, { token });
    expect(method.body.error.code).toBe(-32601);
    const tool = await sendMessage(api, callOf('purge_tasks'), { token });
    expect([tool.status, tool.body.error.code]).toEqual([200, -32602]);
    for (const name of ['__proto__', 'constructor', '']) {
      expect((await sendMessage(api, callOf(name), { token })).body.error.code).toBe(-32602);
    }
  });

  test('with a random message causes no failure of the server', async () => {
    const method = fc.constantFrom('tools/call', 'tools/list', 'initialize', 'ping', 'subscriptions/listen', 'x');
    const call = fc.tuple(fc.constantFrom(...readTools, ...writeTools), fc.dictionary(fc.string(), fc.jsonValue()));
    const messages = fc.oneof(
      fc.jsonValue(),
      fc.record({ jsonrpc: fc.constant('2.0'), id: fc.integer(), method, params: fc.jsonValue() }),
      call.map(([name, args]) => callOf(name, args)),
      fc.jsonValue().map((change_set) => callOf('undo', { change_set })),
      fc.jsonValue().map((tasks) => callOf('add_tasks', { tasks: [tasks] })),
      fc.string({ unit: 'binary' }).map((search) => callOf('find_tasks', { search })),
    );
    await fc.assert(
      fc.asyncProperty(messages, async (message) => {
        const { status, body } = await sendMessage(api, message, { token });
        expect(status).toBeLessThan(500);
        expect(JSON.stringify(body)).not.toContain('internal_error');
      }),
      { numRuns: 200, seed: 7 },
    );
  });

  test('counts once towards the rate limit, and a call sends its statements in one round trip', async () => {
    const ada = api.user();
    const ofAda = api.token(ada.userId as string, forMcp(api));
    const { body: task } = await ada.post('/api/v1/tasks', { title: 'x' });
    const { body: list } = await ada.post('/api/v1/lists', { name: 'x' });
    const calls: [string, object, number][] = [
      ['find_tasks', {}, 1],
      ['get_task', { id: task.id }, 1],
      ['find_lists', {}, 1],
      ['add_tasks', { tasks: [{ title: 'y' }, { title: 'z' }] }, 1],
      ['update_tasks', { changes: [{ id: task.id, title: 'y', tags: ['a'] }] }, 1],
      ['complete_tasks', { ids: [task.id] }, 1],
      ['save_list', { name: 'y' }, 1],
      ['save_list', { id: list.id, name: 'y' }, 1],
      ['task_history', { id: task.id }, 1],
      ['trash_tasks', { ids: [task.id] }, 1],
      ['find_trash', {}, 1],
    ];
    const remaining = (headers: Headers) => Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
    let left = remaining((await sendMessage(api, listTools, { token: ofAda })).headers);
    for (const [name, args, expected] of calls) {
      const before = roundTrips;
      const { headers, body } = await sendMessage(api, callOf(name, args), { token: ofAda });
      expect([name, body.result?.isError, roundTrips - before]).toEqual([name, undefined, expected]);
      expect(left - remaining(headers), name).toBe(1);
      left = remaining(headers);
    }
    const { headers } = await ada.delete(`/api/v1/lists/${list.id}`);
    const before = roundTrips;
    await sendMessage(api, callOf('undo', { change_set: headers.get('change-set') }), { token: ofAda });
    // An undo reads what it reverses.
    expect(roundTrips - before).toBe(2);
  });

  test('with an Idempotency-Key is applied once', async () => {
    const ada = api.user();
    const ofAda = api.token(ada.userId as string, forMcp(api));
    const add = (title: string) =>
      sendMessage(api, callOf('add_tasks', { tasks: [{ title }] }), {
        token: ofAda,
        headers: { 'Idempotency-Key': 'once' },
      });
    const [first, second] = [await add('x'), await add('x')];
    expect(second.body).toEqual(first.body);
    expect((await ada.get('/api/v1/tasks')).body).toHaveLength(1);
    expect((await add('y')).body.result).toMatchObject({ isError: true });
  });
});
