/** Databases with unusual settings: the server works correctly, or fails at start with a line that names the fix. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { explainStartupError } from '../../src/cli/startup-errors.ts';
import { requireUsable } from '../../src/database/schema/requirements.ts';
import { runCommand } from '../e2e/built-command.ts';
import { environment, type Served, serve } from '../resilience/serve.ts';
import { databaseKind, withAdmin } from '../support/databases.ts';
import { startPostgres } from '../support/postgres-server.ts';

const skip = databaseKind === 'embedded' || inject('postgresUrl') === null;
const server = inject('postgresUrl') ?? '';
const login = `todo_shape_login_${process.pid}`;
const database = `todo_shape_${process.pid}`;
const url = server.replace('//postgres@', `//${login}@`);

const admin = (...statements: string[]) =>
  withAdmin(server, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

beforeAll(async () => {
  if (!skip) await admin(`create role ${login} login superuser`);
});

afterAll(async () => {
  if (!skip) await admin(`drop role ${login}`);
});

/** An empty database and the statements that configure it. Statements that begin with `in` run in that database. */
async function make(statements: readonly string[], create = `create database ${database}`): Promise<string> {
  await admin(create);
  onTestFinished(() => admin(`drop database ${database} with (force)`, `alter role ${login} reset all`));
  const client = new pg.Client({ connectionString: `${server}/${database}` });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
  return `${url}/${database}`;
}

/**
 * Behaviour that depends on settings: collation, time zones, row-level security, concurrent writes, batches, expiry.
 */
async function expectServed({ call }: Served): Promise<void> {
  const due = { date: '2026-11-01', time: '01:30', time_zone: 'America/New_York' };
  const task = { title: 'Ärger', description: 'C:\\temp "x" \u{1f600}', tags: ['Ünïcode', 'null'], due };
  const created = await call('POST', '/api/v1/tasks', task, { 'Idempotency-Key': 'k' });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ ...task, tags: ['null', 'Ünïcode'], due_at: '2026-11-01T05:30:00.000000Z' });
  const { id, created_at } = created.body;
  expect((await call('POST', '/api/v1/tasks', task, { 'Idempotency-Key': 'k' })).body).toEqual(created.body);
  expect((await call('POST', '/api/v1/tasks', { title: 'Zebra' })).status).toBe(201);
  const writes = await Promise.all(
    [1, 2, 3, 4].map((number) => call('PATCH', `/api/v1/tasks/${id}`, { title: `Ärger ${number}` })),
  );
  expect(writes.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const list = await call('GET', `/api/v1/tasks?sort=title&q=arger&created_from=${created_at}&due=any`);
  expect(list.body).toMatchObject([{ id, version: 5 }]);
  const sorted = await call('GET', '/api/v1/tasks?sort=title');
  expect(sorted.body.map(({ title }: { title: string }) => title[0])).toEqual(['Ä', 'Z']);
  const operations = [
    { op: 'delete', id },
    { op: 'create', task: { title: 'x' } },
  ];
  expect((await call('POST', '/api/v1/tasks/batch', { operations })).status).toBe(200);
  expect((await call('GET', '/readyz')).status).toBe(200);
}

async function refusalOf(address: string): Promise<string> {
  const error = await serve({ DATABASE_URL: address }).then(
    () => expect.fail('it must be refused'),
    (refusal: unknown) => refusal,
  );
  const line = explainStartupError(error);
  expect(line).not.toContain('\n');
  return line;
}

describe.skipIf(skip)('a database', () => {
  test.each([
    ...[
      "datestyle = 'German'",
      "datestyle = 'SQL, DMY'",
      "timezone = 'Asia/Kathmandu'",
      "intervalstyle = 'iso_8601'",
      "bytea_output = 'escape'",
      'extra_float_digits = -15',
      'standard_conforming_strings = off',
      'quote_all_identifiers = on',
      'row_security = off',
      "search_path = 'nowhere'",
      "search_path = 'public, pg_catalog'",
      "default_transaction_isolation = 'serializable'",
      "default_transaction_isolation = 'repeatable read'",
      'default_transaction_deferrable = on',
      "synchronous_commit = 'off'",
      "statement_timeout = '100ms'",
      "lock_timeout = '1ms'",
      "idle_in_transaction_session_timeout = '100ms'",
      "idle_session_timeout = '100ms'",
      "client_encoding = 'LATIN1'",
      "lc_messages = 'C'",
      'array_nulls = off',
      'transform_null_equals = on',
      "xmloption = 'document'",
      "default_text_search_config = 'simple'",
    ].map((setting) => [`with ${setting}`, [`alter role ${login} set ${setting}`]] as const),
    ['without rights on the schema public', ['revoke all on schema public from public', 'drop schema public']] as const,
  ])('%s serves', async (_name, statements) => {
    await expectServed(await serve({ DATABASE_URL: await make(statements) }));
  });

  test.each([
    ["encoding 'LATIN1' locale 'C'", /encoding .* is LATIN1; .* UTF8.*create database .* DATABASE_URL/],
    ["encoding 'SQL_ASCII' locale 'C'", /encoding .* is SQL_ASCII; .* UTF8/],
    ["encoding 'EUC_JP' locale 'C'", /encoding .* is EUC_JP; .* UTF8/],
  ])('with %s is refused', async (options, message) => {
    const address = await make([], `create database ${database} ${options} template template0`);
    expect(await refusalOf(address)).toMatch(message);
  });

  test.each([
    ['a role', `alter role ${login} set default_transaction_read_only = on`],
    ['a database', `alter database ${database} set default_transaction_read_only = on`],
  ])('that %s makes read-only is refused, and serves after the statement that the line names', async (_who, shape) => {
    const address = await make([shape]);
    const line = await refusalOf(address);
    expect(line).toMatch(/read_only/);
    await admin(/Run "([^"]+)"/.exec(line)?.[1] ?? '');
    await expectServed(await serve({ DATABASE_URL: address }));
  });

  test('with foreign keys switched off is rejected', async () => {
    const address = await make([`alter role ${login} set session_replication_role = replica`]);
    expect(await refusalOf(address)).toMatch(/session_replication_role.*alter role/);
  });

  test('without the ICU collation is rejected', async () => {
    const address = await make([
      'set allow_system_table_mods = on',
      "delete from pg_collation where collname = 'und-x-icu'",
    ]);
    expect(await refusalOf(address)).toMatch(/und-x-icu.*ICU/);
  });

  test('without plpgsql is rejected', async () => {
    const address = await make(['drop extension plpgsql']);
    expect(await refusalOf(address)).toMatch(/no language plpgsql\. Run "create extension plpgsql"/);
  });

  test('with an event trigger that forbids new tables is rejected with the trigger’s message', async () => {
    const address = await make([
      `create function forbid() returns event_trigger language plpgsql as $$
       begin raise exception 'no tables here'; end $$`,
      'create event trigger forbid on ddl_command_start execute function forbid()',
    ]);
    expect(await refusalOf(address)).toMatch(/P0001.*no tables here/);
  });

  test('in another encoding ends the command with one line and exit code 1', async () => {
    const address = await make([], `create database ${database} encoding 'LATIN1' locale 'C' template template0`);
    const run = runCommand(['serve'], { environment: { ...environment, PORT: '0', DATABASE_URL: address } });
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^todo-api: The encoding [^\n]+\n$/)]);
  });

  // The server sets both for its own sessions. Behind a pooler it cannot.
  test.each([
    ['transaction_isolation', "default_transaction_isolation = 'serializable'"],
    ['DateStyle', "datestyle = 'German'"],
  ])('behind a pooler is refused for its %s', async (name, setting) => {
    const client = new pg.Client({ connectionString: await make([]) });
    client.on('error', () => {});
    await client.connect();
    await client.query(`set ${setting}`);
    await expect(requireUsable(client, 'DATABASE_URL')).rejects.toThrow(new RegExp(`${name}.*alter role`));
    await client.end();
  });
});

test.skipIf(skip)('a standby is rejected', async () => {
  const own = await startPostgres();
  onTestFinished(() => own.stop());
  const [folder] = await withAdmin(own.url, async (client) => (await client.query('show data_directory')).rows);
  await own.halt('fast');
  writeFileSync(join(folder.data_directory, 'standby.signal'), '');
  await own.start();
  const line = await refusalOf(`${own.url}/postgres`);
  expect(line).toMatch(/standby.*DATABASE_URL.*primary/);
});
