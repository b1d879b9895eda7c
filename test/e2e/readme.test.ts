/** The commands of the README and of the pages on API tokens and MCP, unchanged except for address, port and start command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, inject, onTestFinished, test } from 'vitest';
import { testSecret, withAdmin } from '../support/databases.ts';
import { freePort } from '../support/postgres-server.ts';
import { signWithSecret } from '../support/tokens.ts';
import { command, migratedFolder, type Run, root, run, serveReady, until, untilReady } from './built-command.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const apiTokens = readFileSync(join(root, 'docs', 'api-tokens.md'), 'utf8');
const mcp = readFileSync(join(root, 'docs', 'mcp.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('one line installs and starts the server', () => {
  expect(block('sh', 'npm ci')).toBe('npm ci && npm start\n');
  // The tests replace this line.
  expect(scripts.start).toBe('node dist/cli/main.js serve');
  expect(scripts.postprepare).toContain('build-if-needed');
  expect(scripts.prestart).toBe(scripts.postprepare);
});

test('six lines sign up, get a token, and use a list with a task, and others create and use API tokens', async () => {
  const server = await serveReady();
  const lines = block('sh', '/sign-up/email').trim().split('\n');
  expect(lines).toHaveLength(6);
  const separator = '\n-- next --\n';
  const withApiToken = [apiTokens, mcp].flatMap((page) => block('sh', 'API_TOKEN', page).trim().split('\n'));
  const script = [...lines, ...withApiToken, 'printf %s "$API_TOKEN" | sed \'s/.*/"&"/\'']
    .map((line) => line.replaceAll('http://localhost:3000', server.url).replaceAll('curl ', 'curl -sS '))
    .join(`\nprintf '${separator.replaceAll('\n', '\\n')}'\n`);
  const { code, stdout, stderr } = await run('bash', ['-euc', script]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

  const outputs = stdout.split(separator).map((text) => text && JSON.parse(text));
  const [signedUp, token, list, created, listed, completed, apiToken, listedByToken, , tools, assistantToken] = outputs;
  expect(signedUp.user).toMatchObject({ name: 'Ada', email: 'ada@example.com' });
  expect(token).toBe('');
  expect(list).toMatchObject({ name: 'Groceries', task_count: 0 });
  expect(created).toMatchObject({ title: 'Buy milk', list_id: list.id, owner_id: signedUp.user.id });
  expect(listed).toEqual([created]);
  expect(completed).toMatchObject({ id: created.id, status: 'Done', version: 2 });
  expect([apiToken, listedByToken]).toEqual(['', [completed]]);
  expect(tools.result.tools).toContainEqual(expect.objectContaining({ name: 'find_tasks' }));

  // The configuration of an assistant, as it is in both documents.
  const configuration = block('json', 'mcpServers');
  expect(configuration).toBe(block('json', 'mcpServers', mcp));
  const { url, headers } = JSON.parse(configuration.replace('tdo_…', assistantToken)).mcpServers.tasks;
  const client = new Client({ name: 'test', version: '1.0.0' });
  onTestFinished(() => client.close());
  const address = new URL(url.replace('http://localhost:3000', server.url));
  await client.connect(new StreamableHTTPClientTransport(address, { requestInit: { headers } }));
  const found = await client.callTool({ name: 'find_tasks', arguments: { status: ['Done'] } });
  expect(found.structuredContent).toMatchObject({ tasks: [{ id: created.id, title: 'Buy milk' }] });

  const withoutCookies = block('sh', 'set-auth-token').replaceAll('http://localhost:3000', server.url);
  const me = await run('bash', ['-euc', withoutCookies.replaceAll('curl ', 'curl -sS ')]).ended;
  expect({ ...me, stdout: JSON.parse(me.stdout) }).toMatchObject({ code: 0, stdout: { id: signedUp.user.id } });
});

test('with a .env file it runs on a database with the restrictions of Neon', async (context) => {
  const server = inject('postgresUrl');
  context.skip(server === null, inject('postgresMissing'));
  const database = await ownedDatabase(server as string);
  const lines = block('sh', 'neon.tech').replaceAll(/^(DATABASE_\w+)=.*$/gm, `$1=${database}`);
  const port = await freePort();
  const started = await start(lines, port);
  await untilReady(started);
  expect(await (await fetch(`${started.url}/api/auth/jwks`)).json()).toMatchObject({ keys: [{ alg: 'EdDSA' }] });
});

test('it accepts tokens of an application’s Better Auth server', async () => {
  const application = await startApplication(block('js', 'betterAuth'));
  const lines = block('sh', 'BETTER_AUTH_URL=').replaceAll('https://app.example.com', application.url);
  const api = await start(lines, await freePort());
  await untilReady(api);

  const post = { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: application.url } };
  const user = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const signedUp = await fetch(`${application.url}/api/auth/sign-up/email`, { ...post, body: JSON.stringify(user) });
  const { user: ada } = (await signedUp.json()) as { user: { id: string } };
  const cookie = signedUp.headers.getSetCookie().map((line) => line.split(';')[0]);
  const answer = await fetch(`${application.url}/api/auth/token`, { headers: { Cookie: cookie.join('; ') } });
  const { token } = (await answer.json()) as { token: string };
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sub']);

  const me = await fetch(`${api.url}/api/v1/me`, {
    headers: { Authorization: `Bearer ${token}`, Origin: application.url },
  });
  expect(await me.json()).toEqual({ id: ada.id, scopes: null });
  expect(me.headers.get('access-control-allow-origin')).toBe(application.url);
});

test('it accepts tokens signed with a shared secret', async () => {
  const api = await start(block('sh', 'shared-secret'), await freePort(), { SECRET: testSecret });
  await untilReady(api);
  const token = signWithSecret(testSecret, { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60 });
  const me = await fetch(`${api.url}/api/v1/me`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await me.json()).toEqual({ id: 'ada', scopes: null });
});

test('every named command exists', async () => {
  const named = [...readme.matchAll(/`npm run ([\w:]+)`/g)].map(([, name]) => name as string);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
  const { stdout } = await run(process.execPath, [command, '--help']).ended;
  for (const name of ['serve', 'migrate', 'reset-password', 'end-second-factor', 'reset-sync', 'openapi', 'config']) {
    expect(readme).toContain(`\`${name}\``);
    expect(stdout).toContain(`\n  ${name} `);
  }
});

/** The only code block in a language that contains a text. */
function block(language: string, text: string, document = readme): string {
  const blocks = [...document.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, name, code]) => ({ name, code }));
  const found = blocks.filter(({ name, code }) => name === language && code?.includes(text));
  expect(found, `blocks with "${text}"`).toHaveLength(1);
  return found[0]?.code as string;
}

/** Runs lines that end in `npm start`, in a folder with a migrated database. */
async function start(
  lines: string,
  port: number,
  environment: Record<string, string> = {},
): Promise<Run & { url: string }> {
  const script = lines.replace(/npm start$/m, `exec '${process.execPath}' '${command}' serve`);
  expect(script).not.toBe(lines);
  const started = run('bash', ['-euc', script], {
    directory: migratedFolder(),
    environment: { PORT: String(port), ...environment },
  });
  return { ...started, url: `http://localhost:${port}` };
}

/** An application server with the Better Auth configuration of the README, on a database in memory. */
async function startApplication(source: string): Promise<{ url: string }> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const module = (name: string) => JSON.stringify(import.meta.resolve(name));
  const program = `
    import { createServer } from 'node:http';
    import { toNodeHandler } from ${module('better-auth/node')};
    ${source
      .replace('https://app.example.com', url)
      .replaceAll(/from '(better-auth[^']*)'/g, (_, name: string) => `from ${module(name)}`)}
    createServer(toNodeHandler(auth)).listen(${port});`;
  const application = run(process.execPath, ['--input-type=module', '--eval', program], {
    environment: { BETTER_AUTH_SECRET: testSecret },
  });

  await until(async () => (await fetch(`${url}/api/auth/ok`).catch(() => null))?.ok ?? false, application);
  return { url };
}

/** A database whose owner is a login as on Neon: not a superuser, but with BYPASSRLS. */
async function ownedDatabase(server: string): Promise<string> {
  const name = `todo_readme_${process.pid}`;
  await withAdmin(server, async (admin) => {
    await admin.query(`create role ${name} login createrole bypassrls password 'readme'`);
    // Roles belong to the cluster, where another test has already created them. On its own cluster, the login creates them.
    const { rows } = await admin.query(
      "select quote_ident(rolname) as name from pg_roles where rolname like 'todo\\_%' and not rolcanlogin",
    );
    for (const role of rows) await admin.query(`grant ${role.name} to ${name}`);
    await admin.query(`create database ${name} owner ${name}`);
  });
  onTestFinished(() =>
    withAdmin(server, async (admin) => {
      await admin.query(`drop database ${name} with (force)`);
      await admin.query(`drop role ${name}`);
    }),
  );
  const url = new URL(server);
  url.username = name;
  url.password = 'readme';
  url.pathname = `/${name}`;
  return url.href;
}
