/**
 * Check of the package from a user's view: it packs the package, installs it in an empty folder, starts, uses, stops and
 * restarts it. It installs the client package and compiles an application with it. Then it installs from git, without
 * development dependencies, and on a read-only file system.
 */
import { deepStrictEqual, match, rejects, strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientSteps } from './check-client.ts';
import { installationSteps } from './check-installation.ts';
import {
  killServer,
  type RunningProcess,
  runProcess,
  serverOutput,
  startServer,
  stopServer,
  url,
} from './checked-server.ts';
import { npmCommand } from './npm-command.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'todo-api-package-'));

let server: RunningProcess;
let token: string | undefined;
let task: unknown;

const steps: Readonly<Record<string, () => unknown>> = {
  'packs only the necessary files': () => {
    execFileSync(...npmCommand('pack', '--silent', '--pack-destination', folder), { cwd: root });
    const files = execFileSync('tar', ['-tzf', tarball()], { encoding: 'utf8' }).trim().split('\n');
    const strays = files.filter(
      (file) =>
        !/^package\/(bin\/todo-api\.js|dist\/.+|migrations\/\d+_\w+\.sql|package\.json|README\.md|LICENSE)$/.test(file),
    );
    deepStrictEqual(strays, []);
  },

  'installs without a warning': async () => {
    const { code, output } = await runProcess(...npmCommand('install', '--no-audit', tarball()), { cwd: folder });
    strictEqual(code, 0, output);
    // Warnings about npm's configuration on this machine do not concern the package.
    const warnings = output.match(/^npm warn (?!Unknown (user|env|builtin) config).*/gm);
    deepStrictEqual(warnings, null);
  },

  'prints its version': () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    strictEqual(
      execFileSync('npx', ['--no', '--', 'todo-api', '--version'], { cwd: folder, encoding: 'utf8' }),
      `${version}\n`,
    );
  },

  'starts with npx, and is ready': () => startServer('npx', ['--no', '--', 'todo-api'], { cwd: folder }),

  'signs up a user and issues a token': async () => {
    const user = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
    const signedUp = await send('POST', '/api/auth/sign-up/email', { body: user });
    strictEqual(signedUp.status, 200);
    const cookie = signedUp.headers.getSetCookie().map((line) => line.replace(/;.*/, ''));
    const issued = await send('GET', '/api/auth/token', { headers: { Cookie: cookie.join('; ') } });
    token = issued.body.token as string;
    match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  },

  'creates, lists and completes a task': async () => {
    const created = await send('POST', '/api/v1/tasks', { body: { title: 'Buy milk' } });
    strictEqual(created.status, 201);
    deepStrictEqual((await send('GET', '/api/v1/tasks')).body, [created.body]);
    const done = await send('PATCH', `/api/v1/tasks/${created.body.id}`, { body: { status: 'Done' } });
    strictEqual(done.body.status, 'Done');
    task = done.body;
  },

  'deletes a task': async () => {
    const { body } = await send('POST', '/api/v1/tasks', { body: { title: 'Not this one' } });
    strictEqual((await send('DELETE', `/api/v1/tasks/${body.id}`)).status, 204);
    strictEqual((await send('GET', `/api/v1/tasks/${body.id}`)).status, 404);
  },

  'serves its documentation': async () => {
    match((await send('GET', '/docs')).text, /swagger-ui-bundle\.js/);
    match((await send('GET', '/docs/swagger-ui-bundle.js')).text, /SwaggerUIBundle/);
    match((await send('GET', '/openapi.json')).body.openapi, /^3\.1\./);
  },

  'stops on Ctrl-C': async () => {
    // A terminal sends the signal to npx and to the server. npx alone would not forward it.
    await stopServer('SIGINT');
    await rejects(fetch(url));
  },

  'still has the data after a restart': async () => {
    server = await startServer(join('node_modules', '.bin', 'todo-api'), ['serve'], { cwd: folder });
    deepStrictEqual((await send('GET', '/api/v1/tasks')).body, [task]);
  },

  'stops on SIGTERM with exit code 0': async () => {
    server.process.kill('SIGTERM');
    const [code, signal] = await server.ended;
    strictEqual(code ?? signal, 0);
  },

  ...clientSteps(folder),
  ...installationSteps(folder),
};

let passed = 0;
let failed = 0;
try {
  for (const [name, step] of Object.entries(steps)) {
    await step();
    console.log(`ok      ${name}`);
    passed += 1;
  }
} catch (error) {
  console.error(
    `FAILED  ${Object.keys(steps)[passed]}\n${error instanceof Error ? error.stack : error}\n${serverOutput()}`,
  );
  // The remaining steps depend on this one.
  failed = 1;
  process.exitCode = 1;
} finally {
  killServer();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`package: ${passed} passed, ${failed} failed`);

function tarball(): string {
  const [name = ''] = readdirSync(folder).filter((entry) => entry.endsWith('.tgz'));
  return join(folder, name);
}

interface RequestParts {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(method: string, path: string, { body, headers = {} }: RequestParts = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
}
