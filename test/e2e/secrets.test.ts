/** Secrets and files of the built server: private files, a damaged secret, disabled checks, and passwords in its output. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testSecret } from '../support/databases.ts';
import { freePort } from '../support/postgres-server.ts';
import { command, emptyFolder, run, runCommand, serve, until, untilReady } from './built-command.ts';

const anyIssuer = { AUTH_MODE: 'jwks', AUTH_JWKS_URL: 'http://127.0.0.1:9/keys' };

function accessibleIn(directory: string): string[] {
  return ['.', ...(readdirSync(directory, { recursive: true }) as string[])].filter(
    (name) => lstatSync(join(directory, name)).mode & 0o077,
  );
}

test.skipIf(process.platform === 'win32')(
  'other users can access no file while the server runs and after it, in a directory that existed before',
  async () => {
    const directory = emptyFolder();
    const data = join(directory, '.data');
    mkdirSync(data, { mode: 0o755 });
    const port = await freePort();
    const script = `umask 0; exec "${process.execPath}" "${command}" serve`;
    const server = {
      ...run('sh', ['-c', script], { directory, environment: { PORT: String(port) } }),
      url: `http://localhost:${port}`,
    };
    await until(async () => (await fetch(`${server.url}/livez`).catch(() => null))?.status === 200, server);
    await untilReady(server);
    const body = JSON.stringify({ name: 'Ada', email: 'ada@example.com', password: 'a pebble under the old bridge' });
    const headers = { 'Content-Type': 'application/json', Origin: server.url };
    expect((await fetch(`${server.url}/api/auth/sign-up/email`, { method: 'POST', headers, body })).status).toBe(200);
    expect(readdirSync(data).sort()).toEqual(['lock', 'postgres', 'secret']);
    expect(accessibleIn(data)).toEqual([]);
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
    expect(accessibleIn(data)).toEqual([]);
  },
);

test('a secret file that a crash has emptied or shortened stops the start with the fix', async () => {
  const directory = emptyFolder();
  const file = join(directory, '.data', 'secret');
  mkdirSync(join(directory, '.data'));
  writeFileSync(file, 'u5Vq2Zr8KxN0tWb7JmC4yHs9LdPg3EaF');
  for (const length of [31, 0]) {
    truncateSync(file, length);
    const { code, stderr } = await runCommand(['serve'], { directory, environment: { PORT: '0' } }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^todo-api: The secret of the embedded issuer cannot be used: .*\n$/);
    expect(readFileSync(file, 'utf8')).toHaveLength(length);
  }
});

test('disabled checks of tokens are logged at start', async () => {
  const server = await serve({ ...anyIssuer, DATABASE_URL: 'pglite:memory', AUTH_ISSUER: '*', AUTH_AUDIENCE: '*' });
  await untilReady(server);
  const warnings = server.log().filter(({ level }) => level === 40 || level === 'warn');
  expect(warnings.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^AUTH_ISSUER is \*/),
    expect.stringMatching(/^AUTH_AUDIENCE is \*/),
  ]);
});

describe('a password is in no output', () => {
  test.each([
    'hunter2/hunter2',
    'hunter2%40hunter2',
    'hunter2 hunter2',
    'hunter2#hunter2',
    "hunter2'hunter2",
    'hunter2?hunter2',
  ])('%s', async (password) => {
    const port = await freePort();
    const url = `postgres://user:${password}@127.0.0.1:${port}/todo?sslpassword=${password}`;
    const environment = { DATABASE_URL: url, AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret, PORT: '0' };
    const { stdout, stderr } = await runCommand(['config'], { environment }).ended;
    expect(stdout + stderr).not.toBe('');
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('of a command that cannot connect', async () => {
    const port = await freePort();
    const url = `postgres://user:hunter2 hunter2@127.0.0.1:${port}/todo?sslpassword=hunter2 hunter2`;
    const environment = { DATABASE_URL: url, AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret, PORT: '0' };
    const migrated = await runCommand(['migrate'], { environment }).ended;
    expect(migrated.stderr).toContain('cannot be reached');
    expect(migrated.stdout + migrated.stderr).not.toContain('hunter2');
    const server = runCommand(['serve'], { environment });
    await until(() => /the database cannot be reached/.test(server.output()), server);
    expect(server.output()).not.toContain('hunter2');
  });
});
