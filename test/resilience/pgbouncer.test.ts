/** PgBouncer in transaction mode, as Debian packages it: many clients on few connections, with no mixed-up state. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { root, run } from '../e2e/built-command.ts';
import { freePort, startPostgres } from '../support/postgres-server.ts';
import { createJournal } from './journal.ts';
import { caller, isAtRest, serve, tokenFor } from './serve.ts';

const tasks = '/api/v1/tasks';
const isLong = process.env.RESILIENCE === 'long';

/** The minor version of PgBouncer 1, or null if it is not installed. */
const version = installedVersion();

function installedVersion(): number | null {
  try {
    const [, minor] = /PgBouncer 1\.(\d+)/.exec(execFileSync('pgbouncer', ['--version'], { encoding: 'utf8' })) ?? [];
    return Number(minor);
  } catch {
    return null;
  }
}

/** Since this minor version, it tracks the prepared statements of each connection. */
const keepsPrepared = version !== null && version >= 21;

beforeEach((context) => context.skip(version === null, 'pgbouncer is not installed'));

/** Starts PgBouncer in front of a server, with this number of connections per database. */
async function startPgBouncer(databasePort: number, connections: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'todo-api-pgbouncer-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const users = join(folder, 'users.txt');
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    settings,
    `[databases]
* = host=127.0.0.1 port=${databasePort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 1000
${keepsPrepared ? 'max_prepared_statements = 200' : ''}
`,
  );
  // PgBouncer does not run as root.
  const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const bouncer = spawn('pgbouncer', ['-q', settings], { stdio: 'ignore', ...unprivileged });
  onTestFinished(() => void bouncer.kill('SIGKILL'));
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return `postgres://postgres@127.0.0.1:${port}`;
    await delay(50);
  }
  throw new Error('PgBouncer did not start');
}

test.for(['false', 'true'])(
  'with DATABASE_PREPARE=%s everything is done once, and as the right user',
  async (prepare, context) => {
    context.skip(prepare === 'true' && !keepsPrepared, `this PgBouncer is 1.${version}, older than 1.21`);
    const postgres = await startPostgres();
    onTestFinished(() => postgres.stop());
    const bouncer = await startPgBouncer(postgres.port, 2);
    const { url, services, call } = await serve({
      DATABASE_URL: `${bouncer}/postgres`,
      DATABASE_DIRECT_URL: `${postgres.url}/postgres`,
      DATABASE_PREPARE: prepare,
    });
    // Several users at once on the same two connections.
    const users = ['ada', 'bob', 'cyd', 'dan'].map((user) => ({
      call: caller(url, tokenFor(user)),
      journal: createJournal(),
    }));
    const ended = new AbortController();
    const running = users.map((user) => user.journal.run(user.call, 5, ended.signal));
    await delay(3_000);
    ended.abort();
    await Promise.all(running);
    for (const user of users) {
      const titles: string[] = [];
      for (let next = `${tasks}?limit=100`; next; ) {
        const { status, headers, body } = await user.call('GET', next);
        expect(status).toBe(200);
        titles.push(...body.map(({ title }: { title: string }) => title));
        next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? '';
      }
      expect([...user.journal.outcomes.keys()].sort()).toEqual(['200', '201']);
      expect(user.journal.faults(titles)).toEqual([]);
    }
    const operations = Array.from({ length: 100 }, (_, index) => ({ op: 'create', task: { title: `Task ${index}` } }));
    expect((await call('POST', `${tasks}/batch`, { operations }, { 'Idempotency-Key': 'batch' })).status).toBe(200);
    expect(isAtRest(services)).toBe(true);
    // Other clients get the same sessions, without settings of this server.
    const other = new pg.Client({ connectionString: `${bouncer}/postgres` });
    await other.connect();
    onTestFinished(() => other.end());
    for (let count = 0; count < 10; count += 1) {
      const { rows } = await other.query(`select current_setting('statement_timeout') as timeout, current_user as role,
        current_setting('app.user_id', true) as "user"`);
      expect(rows).toEqual([{ timeout: '0', role: 'postgres', user: '' }]);
    }
  },
);

test('each transaction of the embedded issuer uses one connection', async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const bouncer = await startPgBouncer(postgres.port, 2);
  const { url, services } = await serve({
    AUTH_MODE: 'embedded',
    DATABASE_URL: `${bouncer}/postgres`,
    DATABASE_DIRECT_URL: `${postgres.url}/postgres`,
    DATABASE_PREPARE: 'false',
  });
  const [password, newPassword] = ['correct horse battery', 'another horse, another battery'];
  const statuses = await Promise.all(
    Array.from({ length: 10 }, async (_, count) => {
      const person = { name: 'Ada', email: `ada${count}@example.com`, password };
      const signedUp = await caller(url, '')('POST', '/api/auth/sign-up/email', person);
      const call = caller(url, signedUp.headers.get('set-auth-token') ?? '');
      const changed = await call('POST', '/api/auth/change-password', { currentPassword: password, newPassword });
      const again = caller(url, changed.headers.get('set-auth-token') ?? '');
      const ended = await again('POST', '/api/auth/revoke-other-sessions');
      const token = await again('GET', '/api/auth/token');
      return [signedUp, changed, ended, token].map(({ status }) => status);
    }),
  );
  expect(statuses).toEqual(Array(10).fill([200, 200, 200, 200]));
  expect(isAtRest(services)).toBe(true);
  const direct = new pg.Client({ connectionString: `${postgres.url}/postgres` });
  await direct.connect();
  onTestFinished(() => direct.end());
  const { rows } = await direct.query(`select (select count(*)::int from todo_auth.session) as sessions,
    (select count(*)::int from pg_stat_activity where state like 'idle in transaction%') as open`);
  expect(rows).toEqual([{ sessions: 10, open: 0 }]);
});

test.runIf(isLong)('the API, database and security suites pass behind it', { timeout: 1_200_000 }, async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const suites = run(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'postgres', '--maxWorkers', '2'],
    {
      directory: root,
      environment: {
        TEST_DATABASE_URL: `${postgres.url}/postgres`,
        TEST_POOLER_URL: await startPgBouncer(postgres.port, 5),
        TEST_POOLER_PREPARES: String(keepsPrepared),
      },
    },
  );
  const { code, stdout, stderr } = await suites.ended;
  expect(
    code,
    `${stdout}${stderr}`
      .split('\n')
      .filter((line) => /×|FAIL|Error/.test(line))
      .join('\n'),
  ).toBe(0);
});
