/** The command line of the MCP Inspector, installed outside of the repository, lists and calls the tools of the built server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { execute, registryFailure } from '../support/shell.ts';
import { folderFor } from './generators.ts';
import { type Running, startServer } from './server.ts';

/** The package needs Node 22.19 or newer. */
const packages = 'node@24 @modelcontextprotocol/inspector@2.12.0';
const launcher = 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js';

let server: Running;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server?.stop();
});

test.for(['legacy', 'modern'])('the Inspector lists the tools and calls one (%s)', async (era, context) => {
  const folder = folderFor('mcp-inspector');
  await execute(`npm install --no-fund --no-audit ${packages}`, folder).catch((error: Error) => {
    const reason = registryFailure(error);
    context.skip(reason !== undefined, reason);
    throw error;
  });
  const AUTHORIZATION = `Authorization: Bearer ${await newToken()}`;
  const inspect = async (options: string) => {
    const target = `--cli ${server.url}/mcp --protocol-era ${era} --header "$AUTHORIZATION"`;
    const output = await execute(`node_modules/node/bin/node ${launcher} ${target} ${options}`, folder, {
      AUTHORIZATION,
    });
    return JSON.parse(output);
  };
  // It fails if a schema has a fault that some assistants do not accept.
  const { tools } = await inspect('--method tools/list --strict');
  expect(tools.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['find_tasks', 'undo']));
  const called = await inspect('--method tools/call --tool-name find_tasks --tool-arg search=milk');
  expect(called.structuredContent).toMatchObject({ tasks: [] });
});

/** A token of a new user. */
async function newToken(): Promise<string> {
  const signedUp = await fetch(`${server.url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      name: 'Ada',
      email: `${crypto.randomUUID()}@example.com`,
      password: 'correct horse battery',
    }),
  });
  const session = { Authorization: `Bearer ${signedUp.headers.get('set-auth-token')}` };
  const answer = await fetch(`${server.url}/api/auth/token`, { headers: session });
  return ((await answer.json()) as { token: string }).token;
}
