/** The command line: output, errors and exit codes. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { testSecret, withAdmin } from '../support/databases.ts';
import { freePort } from '../support/postgres-server.ts';
import {
  command,
  emptyFolder,
  migratedFolder,
  root,
  run,
  runCommand,
  serve,
  serveReady,
  until,
} from './built-command.ts';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** Configuration for tests that need no users. */
const noIssuer = { AUTH_MODE: 'shared-secret', BETTER_AUTH_SECRET: testSecret };

describe('output', () => {
  test.each([[['--help']], [['-h']], [['serve', '--help']]])('%j: the commands', async (words) => {
    const { stdout, ...ended } = await runCommand(words).ended;
    expect(ended).toEqual({ code: 0, signal: null, stderr: '' });
    const own = ['serve', 'migrate', 'reset-password', 'end-second-factor', 'reset-sync', 'import', 'copy', 'openapi'];
    for (const name of [...own, 'config']) expect(stdout).toContain(`\n  ${name} `);
  });

  test.each([['--version'], ['-v']])('%s: the version', async (word) => {
    expect(await runCommand([word]).ended).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('openapi: the document, independent of the configuration', async () => {
    const { code, stdout, stderr } = await runCommand(['openapi'], { environment: { PORT: 'none' } }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ openapi: '3.1.0', info: { version } });
  });

  test('openapi: no error if the reader of the output ends first', async () => {
    const { process: child, ended } = runCommand(['openapi']);
    child.stdout?.destroy();
    expect(await ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('config: the resolved configuration with masked secrets', async () => {
    const { code, stdout, stderr } = await runCommand(['config'], {
      environment: {
        DATABASE_URL: 'postgres://ada:open-sesame@127.0.0.1:5432/todo',
        DATABASE_DIRECT_URL: 'postgres://127.0.0.1/todo?user=ada&password=open-sesame',
        BETTER_AUTH_SECRET: testSecret,
      },
    }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('PORT=3000  # default\n');
    expect(stdout).toContain('DATABASE_URL=postgres://********@127.0.0.1:5432/todo  # environment\n');
    expect(stdout).toContain('BETTER_AUTH_SECRET=********  # environment\n');
    expect(stdout).not.toContain('open-sesame');
    expect(stdout).not.toContain(testSecret);
  });

  test('config: the variables of a .env file, which the environment overrides', async () => {
    const directory = emptyFolder();
    writeFileSync(join(directory, '.env'), 'PORT=4001\nHOST=0.0.0.0\n');
    const { stdout } = await runCommand(['config'], { directory, environment: { HOST: '127.0.0.2' } }).ended;
    expect(stdout).toContain('PORT=4001  # .env\n');
    expect(stdout).toContain('HOST=127.0.0.2  # environment\n');
  });

  test('config: a .env file of Windows PowerShell, and a warning about a name in it', async () => {
    const directory = emptyFolder();
    writeFileSync(join(directory, '.env'), '\ufeffPORT=4001\r\nDATABSE_URL=pglite:./mine\r\n', 'utf16le');
    const { code, stdout, stderr } = await runCommand(['config'], { directory }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('PORT=4001  # .env\n');
    expect(stderr).toBe(
      'todo-api: warning: .env: DATABSE_URL is not a variable of this server; did you mean DATABASE_URL?\n',
    );
  });

  test('reset-sync: the number of users whose cursors are reset', async () => {
    const reset = await runCommand(['reset-sync'], { directory: migratedFolder() }).ended;
    expect(reset).toEqual({ code: 0, signal: null, stdout: 'The cursors of 0 users are reset.\n', stderr: '' });
  });

  test('migrate: the applied migrations, and none the second time', async () => {
    const directory = emptyFolder();
    const first = await runCommand(['migrate'], { directory }).ended;
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied 0000_\w+.*\.\n$/), stderr: '' });
    const second = await runCommand(['migrate'], { directory }).ended;
    expect(second).toMatchObject({ code: 0, stdout: 'The schema is up to date.\n', stderr: '' });
  });
});

describe('serve', () => {
  test('is the default command, and logs JSON lines on a pipe', async () => {
    const port = await freePort();
    const server = runCommand([], { directory: migratedFolder(), environment: { PORT: String(port) } });
    await until(() => server.log().some(({ msg }) => msg === 'ready'), server);
    server.process.kill('SIGTERM');
    const { code, stdout, stderr } = await server.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(['listening', 'ready', 'stopping', 'stopped']);
    expect(lines[0]).toMatchObject({ address: '127.0.0.1', port });
  });

  test('prints a banner with URLs and first commands on a terminal', async (context) => {
    const hasScript = (await run('sh', ['-c', 'script --version']).ended).stdout.includes('util-linux');
    context.skip(!hasScript, 'util-linux script(1), which creates a terminal, is not installed');
    const port = await freePort();
    const line = `exec '${process.execPath}' '${command}'`;
    const terminal = run('script', ['-qefc', line, '/dev/null'], {
      directory: migratedFolder(),
      environment: { PORT: String(port), TERM: 'xterm' },
      input: true,
    });
    const url = `http://localhost:${port}`;
    await until(() => terminal.output().includes(`${url}/api/auth/token`), terminal);
    const text = terminal.output();
    for (const place of [`API     ${url}/api/v1/tasks`, `Docs    ${url}/docs`, 'Data    ./.data'])
      expect(text).toContain(place);
    expect(text).not.toContain('{"level"');

    const typed = text
      .slice(text.indexOf('Get a first token:'))
      .replaceAll('\r', '')
      .split('\n\n')[0]
      ?.split('\n')
      .slice(1);
    const { stdout } = await run('bash', ['-euc', (typed ?? []).join('\n')]).ended;
    expect(stdout).toMatch(/"token":"[\w-]+\.[\w-]+\.[\w-]+"\}$/);

    // Ctrl-C.
    terminal.process.stdin?.write('\u0003');
    expect((await terminal.ended).code).toBe(0);
  });

  test('keeps its data and its secret after a kill', async () => {
    const directory = emptyFolder();
    const first = await serveReady({}, directory);
    const keys = await (await fetch(`${first.url}/api/auth/jwks`)).text();
    first.process.kill('SIGKILL');
    await first.ended;
    const second = await serveReady({}, directory);
    expect(await (await fetch(`${second.url}/api/auth/jwks`)).text()).toBe(keys);
  });

  test('waits for a database that is not available yet', async () => {
    const server = await serve({ ...noIssuer, DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/todo` });
    await until(() => server.log().some(({ msg }) => String(msg).includes('cannot be reached')), server);
    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get('retry-after')).toBe('1');
    server.process.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('errors, in one line with the fix', () => {
  test('an unknown command', async () => {
    for (const words of [['sever'], ['serve', 'now']]) {
      const { code, stdout, stderr } = await runCommand(words).ended;
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(new RegExp(`^todo-api: unknown command "${words.join(' ')}"\n\nUsage: `));
    }
  });

  test('an unknown option', async () => {
    await expectStartupError(
      ['serve', '--port', '1'],
      {},
      /^todo-api: unknown option '--port'. "todo-api --help" lists/i,
      2,
    );
  });

  test('an invalid configuration: all errors together, and no value quoted', async () => {
    const environment = {
      PORT: '99999',
      DATABASE_URL: 'mysql://x:hunter2@y/z',
      AUTH_MODE: 'none',
      BETTER_AUTH_SECRET: 'hunter2',
    };
    for (const words of [['serve'], ['migrate'], ['config']]) {
      const { code, stderr } = await runCommand(words, { environment }).ended;
      expect(code).toBe(1);
      const [first, ...lines] = stderr.trimEnd().split('\n');
      expect(first).toBe('todo-api: the configuration cannot be used:');
      expect(lines.map((line) => /^ {2}(\w+): /.exec(line)?.[1])).toEqual(Object.keys(environment));
      expect(stderr).not.toContain('hunter2');
    }
  });

  test('an invalid .env file, before anything is created', async () => {
    const directory = emptyFolder();
    writeFileSync(join(directory, '.env'), 'set DATABASE_URL=pglite:./mine\n');
    for (const name of ['serve', 'migrate', 'config']) {
      expect(await runCommand([name], { directory }).ended).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^todo-api: the configuration cannot be used:\n {2}\.env, line 1: write NAME=value.*\n$/,
        ),
      });
    }
    expect(readdirSync(directory)).toEqual(['.env']);
  });

  test('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    await expectStartupError(
      ['serve'],
      { ...noIssuer, PORT: String(port) },
      new RegExp(`port ${port} on 127.0.0.1 is in use\\. .*set PORT`),
      1,
      migratedFolder(),
    );
  });

  test.each([
    ['no.such.host.invalid', /HOST/],
    ['192.0.2.1', /this machine has no address 192.0.2.1. Set HOST/],
  ])('HOST=%s, which this machine does not have', async (HOST, message) => {
    await expectStartupError(['serve'], { ...noIssuer, PORT: '0', HOST }, message, 1, migratedFolder());
  });

  test('a data directory in use by another process', async () => {
    const directory = migratedFolder();
    const first = await serveReady({}, directory);
    for (const words of [['serve'], ['migrate']]) {
      const { code, stderr } = await runCommand(words, { directory, environment: { PORT: '0' } }).ended;
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^todo-api: The data directory .* is in use by process ${first.process.pid} on \\S+\\. .*\n$`),
      );
    }
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
  });

  test('a data directory that is a file or has other content', async () => {
    const directory = emptyFolder();
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'full', 'postgres'), { recursive: true });
    writeFileSync(join(directory, 'full', 'postgres', 'PG_VERSION'), '9.6\n');
    for (const name of ['file', 'file/below', 'full']) {
      await expectStartupError(['migrate'], { DATABASE_URL: `pglite:${name}` }, /DATABASE_URL/, 1, directory);
    }
  });

  test('an old schema with MIGRATE_ON_START=false', async () => {
    await expectStartupError(
      ['serve'],
      { PORT: '0', DATABASE_URL: 'pglite:memory', MIGRATE_ON_START: 'false', ...noIssuer },
      /older than this server. Run `todo-api migrate`/,
    );
  });

  test('a login or a database that PostgreSQL does not know', async (context) => {
    const server = inject('postgresUrl');
    context.skip(server === null, inject('postgresMissing'));
    const login = `todo_refused_${process.pid}`;
    await withAdmin(server as string, (admin) => admin.query(`create role ${login} nologin password 'wrong'`));
    onTestFinished(() => withAdmin(server as string, async (admin) => void (await admin.query(`drop role ${login}`))));
    const withLogin = new URL(`${server}/postgres`);
    withLogin.username = login;
    withLogin.password = 'wrong';
    const cases = [
      [withLogin.href, /the database rejected the login .*DATABASE_URL/],
      [`${server}/todo_missing`, /database "todo_missing" does not exist\. Create the database/],
    ] as const;
    for (const [DATABASE_URL, message] of cases) {
      for (const name of ['serve', 'migrate'])
        await expectStartupError([name], { ...noIssuer, DATABASE_URL, PORT: '0' }, message);
    }
  });

  test('a wrong password', async () => {
    const port = await refusingServer('28P01', 'password authentication failed for user "ada"');
    const environment = { ...noIssuer, PORT: '0', DATABASE_URL: `postgres://ada:open-sesame@127.0.0.1:${port}/todo` };
    const { stderr } = await expectStartupError(
      ['serve'],
      environment,
      /password authentication failed.*Check user and password in DATABASE_URL/,
    );
    expect(stderr).not.toContain('open-sesame');
  });

  test('migrate: a database that is not available', async () => {
    const environment = { ...noIssuer, DATABASE_URL: `postgres://127.0.0.1:${await freePort()}/todo` };
    await expectStartupError(
      ['migrate'],
      environment,
      /the database cannot be reached \(connect ECONNREFUSED.*Check DATABASE_URL/,
    );
  });
});

async function expectStartupError(
  words: string[],
  environment: Record<string, string>,
  message: RegExp,
  exitCode = 1,
  directory = emptyFolder(),
) {
  const ended = await runCommand(words, { directory, environment }).ended;
  expect(ended.stderr).toMatch(message);
  expect(ended.stderr).toMatch(/^todo-api: .*\n$/);
  expect(ended.code).toBe(exitCode);
  return ended;
}

/** A minimal PostgreSQL server that rejects every login. */
async function refusingServer(code: string, message: string): Promise<number> {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeUInt32BE(fields.length + 4, 1);
  const server = createServer((socket) =>
    socket.on('error', () => {}).once('data', () => socket.end(Buffer.concat([head, fields]))),
  );
  onTestFinished(() => void server.close());
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
}
