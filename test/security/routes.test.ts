/** Routes: only the documented ones exist, public ones contain no user data, and no name in a request becomes SQL. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createServices } from '../../src/services.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { createTestDatabase } from '../support/databases.ts';
import { document, documentedOperations } from '../support/document.ts';
import { type Recording, recording } from './recorded-statements.ts';
import { headersOf, type Parts, requestsOf, targetOf } from './requests-from-document.ts';

let api: TestApi;
let user: Client;
const recorded: Recording = new Map();

beforeAll(async () => {
  api = await startApi({ keep: true, asUser: (database) => recording(database, recorded) });
  user = api.user();
  await user.post('/api/v1/tasks', { title: 'Secret title', tags: ['Secret tag'] });
});

afterAll(() => api.stop());

test('the router has the paths of the document, of the MCP server and of the documentation page, and no others', async () => {
  const database = await createTestDatabase();
  const services = await createServices(api.config, { driver: database.driver, log: noLog() });
  const routes = createApp(services).routes.map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'));
  await services.close();
  await database.remove();
  const page = ['/docs/start.js', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css'];
  const mcp = ['/mcp', '/.well-known/oauth-protected-resource/mcp'];
  const middleware = ['*', '/*'];
  const others = new Set(
    routes.filter((path) => ![...Object.keys(document.paths), ...page, ...mcp, ...middleware].includes(path)),
  );
  expect([...others]).toEqual([]);
});

/** A log without output, for a server that is not started. */
function noLog() {
  return Object.assign(Object.create(null), { info() {}, warn() {}, error() {}, debug() {} });
}

const guesses = [
  ...['/.env', '/.git/config', '/.git/HEAD', '/.well-known/security.txt', '/.DS_Store', '/robots.txt', '/favicon.ico'],
  ...['/admin', '/admin/', '/api/admin', '/api/v1/admin', '/debug', '/debug/pprof/', '/metrics', '/status', '/version'],
  ...[
    '/info',
    '/env',
    '/actuator',
    '/actuator/env',
    '/server-status',
    '/trace',
    '/heapdump',
    '/config',
    '/config.json',
  ],
  ...[
    '/package.json',
    '/package-lock.json',
    '/node_modules/pg/package.json',
    '/src/app.ts',
    '/dist/cli/main.js',
    '/index.html',
  ],
  ...['/api/v1/users', '/api/v1/user', '/api/v1/users/1', '/api/v1/accounts', '/api/v1/sessions', '/api/v1/tokens/'],
  ...['/api/v1/all-tasks', '/api/v1/imports', '/api/v1/search', '/api/v1/sql', '/api/v1/idempotency-keys'],
  ...['/api/v1/tags/home/tasks', '/api/v1/me/tasks', '/api/v1/me/', '/api/v1/tasks.json', '/api/v1/tasks%20'],
  ...['/api/v1/tasks/batch/', '/api/v1/tasks//batch', '/api/v1/tasks/%2e%2e/%2e%2e/%2e%2e/etc/passwd%00'],
  ...[
    '/graphql',
    '/graphiql',
    '/rest/v1/tasks',
    '/rpc',
    '/ws',
    '/socket.io/',
    '/swagger.json',
    '/swagger',
    '/api-docs',
  ],
  ...['/openapi.yaml', '/docs/', '/docs/index.html', '/docs/oauth2-redirect.html', '/docs/..%2f..%2fpackage.json'],
  ...['/health/', '/healthz', '/livez/x', '/readyz/verbose', '/problems'],
  ...[
    '/api/auth',
    '/api/auth/',
    '/api/auth/ok',
    '/api/auth/jwks',
    '/api/auth/list-sessions',
    '/api/auth/admin/list-users',
  ],
];

test.each(guesses)('%s is not a path', async (path) => {
  for (const client of [api.anonymous(), user]) {
    const { status, body, text } = await client.get(path);
    expect({ status, code: body?.code }).toEqual({ status: 404, code: 'not_found' });
    expect(text).not.toContain('Secret');
    expect((await client.post(path, {})).status).toBe(404);
  }
});

test('a path with `..` leads only to paths that a client can request directly', async () => {
  for (const path of ['/api/v1/tasks/../me', '/docs/../api/v1/me', '/api/v1/tasks/%2e%2e/me']) {
    expect((await api.anonymous().get(path)).status).toBe(401);
    expect((await user.get(path)).body.id).toBe(user.userId);
  }
});

const open = documentedOperations.filter(({ operation }) => operation.security.length === 0);

test.each(open)('$path has the same response for every client', async ({ path }) => {
  const target = path.replace('{code}', 'not-found');
  const texts = [api.anonymous(), user, api.user(), api.anonymous('Bearer x')].map(async (client) => {
    const { status, text } = await client.get(target);
    return { status, text };
  });
  const [first, ...others] = await Promise.all(texts);
  for (const other of others) expect(other).toEqual(first);
  expect(first?.text).not.toMatch(/Secret (title|tag)/);
});

/** A text that no statement contains. */
const marker = 'zqx';

const injections = [
  `${marker}' or '1'='1`,
  `${marker}'; drop table todo.tasks; --`,
  `${marker}") union select * from todo.tasks --`,
  `${marker}\\'; select pg_sleep(10); --`,
  `created_at ${marker}`,
  `$1 ${marker} $2`,
  `%${marker}%`,
];

describe('names and values in requests', () => {
  const noneInSql = () => {
    for (const { statement } of recorded.values()) {
      expect(statement.text).not.toContain(marker);
      expect(statement.name).toMatch(/^[a-z0-9_ -]+$/);
    }
  };

  test.each(documentedOperations)('are values only in $operation.operationId', async (documented) => {
    const { method, path } = documented;
    const send = (target: string, parts: Parts) =>
      user.request(method, target, {
        headers: headersOf(parts),
        ...('body' in parts && { body: JSON.stringify(parts.body) }),
      });
    const samples = fc.sample(requestsOf(documented, { texts: injections }), { numRuns: 15, seed: 5 });
    for (const parts of samples) await send(targetOf(path, parts), parts);
    const [valid] = samples as [Parts];
    for (const { name, in: place } of documented.operation.parameters) {
      if (place !== 'query') continue;
      for (const injection of injections) {
        const { status } = await send(`${path}?${new URLSearchParams({ [name]: injection })}`, valid);
        expect([200, 422], `${name}=${injection}`).toContain(status);
        expect((await send(`${path}?${new URLSearchParams({ [injection]: 'x' })}`, valid)).status).toBe(422);
      }
    }
    noneInSql();
  });

  test('are rejected as the name of a field', async () => {
    for (const injection of injections) {
      const { status, body } = await user.post('/api/v1/tasks', { title: 'x', [injection]: 'x' });
      const pointer = `/${injection.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      expect({ status, faults: body.errors }).toMatchObject({ status: 422, faults: [{ in: 'body', pointer }] });
    }
    noneInSql();
    expect(recorded.size).toBeGreaterThan(10);
  });
});
