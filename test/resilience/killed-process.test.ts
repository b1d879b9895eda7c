/** The built server, killed with SIGKILL at random moments: no acknowledged write is lost, and it starts again. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import {
  type BuiltServer,
  command,
  emptyFolder,
  run,
  runCommand,
  serve,
  serveReady,
  untilReady,
} from '../e2e/built-command.ts';
import { withAdmin } from '../support/databases.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { freePort } from '../support/postgres-server.ts';
import { createJournal } from './journal.ts';
import { caller, environment, tokenFor } from './serve.ts';
import { storedTitles } from './stored-titles.ts';

const isLong = process.env.RESILIENCE === 'long';
const tasks = '/api/v1/tasks';

function callerOf(server: Pick<BuiltServer, 'port'>) {
  return caller(`http://127.0.0.1:${server.port}`, tokenFor('ada'));
}

async function kill(server: Pick<BuiltServer, 'process' | 'ended'>): Promise<void> {
  server.process.kill('SIGKILL');
  await server.ended;
}

test(`embedded: killed ${isLong ? 100 : 10} times under writes`, { timeout: isLong ? 900_000 : 180_000 }, async () => {
  const directory = emptyFolder();
  const journal = createJournal(10);
  const ended = new AbortController();
  let server = await serveReady(environment, directory);
  // The clients continue, and send unanswered requests again to the next process.
  const running = journal.run((...request) => callerOf(server)(...request), 5, ended.signal);
  // The test waits for it below, unless something else fails before.
  running.catch(() => {});
  for (let round = 0; round < (isLong ? 100 : 10); round += 1) {
    // Wait for some writes of each process, and then kill it at a random moment.
    const acknowledged = journal.acknowledged.size;
    while (journal.acknowledged.size < acknowledged + 10) await delay(10);
    await delay(Math.random() * 200);
    await kill(server);
    server = await serveReady(environment, directory);
  }
  ended.abort();
  await running;
  await kill(server);
  const titles = await storedTitles(join(directory, '.data', 'postgres'));
  expect(journal.acknowledged.size).toBeGreaterThanOrEqual(100);
  expect(journal.faults(titles)).toEqual([]);
});

test('embedded: killed at random moments of its first start', async () => {
  const directory = emptyFolder();
  for (const ms of [500, 1_000, 1_500, 2_000, 3_000, 4_000]) {
    const server = runCommand(['serve'], { directory, environment: { ...environment, PORT: '0' } });
    await delay(ms);
    await kill(server);
  }
  const server = await serveReady(environment, directory);
  expect((await callerOf(server)('POST', tasks, { title: 'Buy milk' })).status).toBe(201);
});

test('embedded: killed while it migrates', async () => {
  const directory = emptyFolder();
  for (const ms of [0, 20, 40, 80, 120, 200]) {
    const server = await serve(environment, directory);
    await delay(ms);
    await kill(server);
  }
  const server = await serveReady(environment, directory);
  expect((await callerOf(server)('POST', tasks, { title: 'Buy milk' })).status).toBe(201);
});

test('embedded: a second process is rejected while the first is alive, and takes over when it is dead', async () => {
  const directory = emptyFolder();
  const first = await serveReady(environment, directory);
  const second = runCommand(['serve'], { directory, environment: { ...environment, PORT: String(await freePort()) } });
  const { code, stderr } = await second.ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`in use by process ${first.process.pid}`);
  await callerOf(first)('POST', tasks, { title: 'Buy milk' });
  await kill(first);
  expect(readdirSync(join(directory, '.data', 'lock'))).not.toEqual([]);
  const third = await serveReady(environment, directory);
  expect((await callerOf(third)('GET', tasks)).body).toMatchObject([{ title: 'Buy milk' }]);
  third.process.kill('SIGTERM');
  expect((await third.ended).code).toBe(0);
  expect(readdirSync(join(directory, '.data', 'lock'))).toEqual([]);
});

/** Separate namespaces as in a container, except for the network, which the test uses. */
const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canContain = spawnSync(container[0] as string, [...container.slice(1), 'true']).status === 0;

test.skipIf(!canContain)('embedded: one of two containers on one directory serves', async () => {
  const directory = emptyFolder();
  const start = async () => {
    const port = await freePort();
    const words = [...container.slice(1), process.execPath, command, 'serve'];
    const server = run(container[0] as string, words, {
      directory,
      environment: { ...environment, PORT: String(port) },
    });
    return { ...server, port, url: `http://127.0.0.1:${port}` };
  };
  const first = await start();
  await untilReady(first);
  const second = await start();
  expect(await second.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('is in use by process 1 on ') });
  await callerOf(first)('POST', tasks, { title: 'Buy milk' });
  await kill(first);
  const third = await start();
  await untilReady(third);
  expect((await callerOf(third)('GET', tasks)).body).toMatchObject([{ title: 'Buy milk' }]);
});

test('embedded: a server whose directory is replaced stops, and does not change the new contents', async () => {
  const directory = emptyFolder();
  const server = await serveReady(environment, directory);
  await callerOf(server)('POST', tasks, { title: 'Buy milk' });
  rmSync(join(directory, '.data'), { recursive: true });
  const { code, stderr } = await server.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('.data was deleted, moved or replaced while the server had it open');
  expect(readdirSync(directory)).toEqual([]);
});

test('PostgreSQL: killed between commit and answer; the retry with the key leaves one row', async (context) => {
  const postgres = inject('postgresUrl');
  context.skip(postgres === null, inject('postgresMissing'));
  const name = `todo_killed_${process.pid}`;
  await withAdmin(postgres as string, (admin) =>
    admin.query(`create database ${name} template ${inject('postgresTemplate')}`),
  );
  onTestFinished(() =>
    withAdmin(postgres as string, async (admin) => void (await admin.query(`drop database ${name} with (force)`))),
  );
  const proxy = await startFaultyProxy(`${postgres}/${name}`);
  onTestFinished(() => proxy.close());
  const variables = { ...environment, DATABASE_URL: proxy.url };
  const first = await serveReady(variables);
  proxy.cause({ type: 'lose answer', to: 'tasks_insert_recorded', by: 'silence' });
  const headers = { 'Idempotency-Key': randomUUID() };
  const lost = callerOf(first)('POST', tasks, { title: 'Buy milk' }, headers).catch(() => 'cut');
  while (proxy.losses === 0) await delay(5);
  await kill(first);
  expect(await lost).toBe('cut');

  proxy.cause({ type: 'none' });
  const second = await serveReady(variables);
  const again = await callerOf(second)('POST', tasks, { title: 'Buy milk' }, headers);
  expect(again.status).toBe(201);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await callerOf(second)('GET', tasks)).body).toHaveLength(1);
});

test('an older server on a newer schema reports it and exits', async (context) => {
  const postgres = inject('postgresUrl');
  context.skip(postgres === null, inject('postgresMissing'));
  const name = `todo_newer_${process.pid}`;
  await withAdmin(postgres as string, (admin) =>
    admin.query(`create database ${name} template ${inject('postgresTemplate')}`),
  );
  onTestFinished(() =>
    withAdmin(postgres as string, async (admin) => void (await admin.query(`drop database ${name} with (force)`))),
  );
  const client = new pg.Client({ connectionString: `${postgres}/${name}` });
  await client.connect();
  await client.query(
    "insert into todo_admin.migrations select max(number) + 1, '9999_of_tomorrow', 'x' from todo_admin.migrations",
  );
  await client.end();
  const server = runCommand(['serve'], {
    environment: { ...environment, PORT: '0', DATABASE_URL: `${postgres}/${name}` },
  });
  const { code, stderr } = await server.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('newer than this server');
});
