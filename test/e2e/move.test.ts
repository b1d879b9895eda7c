/** The commands that move data: `copy` to PostgreSQL, and `import` of an export. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { testSecret } from '../support/databases.ts';
import { type BuiltServer, emptyFolder, migratedFolder, runCommand, serveReady } from './built-command.ts';
import { ownDatabase } from './own-database.ts';

interface Account {
  readonly id: string;
  readonly session: string;
}

/** Signs a new person up. */
async function signUp({ url }: BuiltServer, name: string): Promise<Account> {
  const person = { name, email: `${name}@example.com`, password: 'a pebble under the old bridge' };
  const response = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: url },
    body: JSON.stringify(person),
  });
  const { user } = (await response.json()) as { user: { id: string } };
  return { id: user.id, session: response.headers.get('set-auth-token') as string };
}

/** A function that sends requests with a new token of the session. */
async function clientOf({ url }: BuiltServer, { session }: Account) {
  const answer = await fetch(`${url}/api/auth/token`, { headers: { Authorization: `Bearer ${session}` } });
  const { token } = (await answer.json()) as { token: string };
  return async (path: string, body?: object): Promise<any> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.ok, text).toBe(true);
    return response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : text;
  };
}

/** The lines of an export without the times that an import sets. */
const keptOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"type":"task"'))
    .map((line) => ({ ...JSON.parse(line).task, owner_id: '', updated_at: '' }));

async function stop(server: BuiltServer): Promise<void> {
  server.process.kill('SIGTERM');
  expect((await server.ended).code).toBe(0);
}

test('a user continues on PostgreSQL with the session, the API token and the cursor, and the data is imported again', async (context) => {
  context.skip(inject('postgresUrl') === null, inject('postgresMissing'));
  const directory = migratedFolder();
  const first = await serveReady({}, directory);
  const ada = await signUp(first, 'ada');
  const before = await clientOf(first, ada);
  const parent = await before('/tasks', { title: 'Größe 📏', tags: ['x'] });
  await before('/tasks', { title: 'Below', parent_id: parent.id });
  const { token } = await before('/tokens', { name: 'Backup', scopes: ['tasks:read'] });
  const { cursor } = await before('/changes');
  const exported: string = await before('/export');

  const { url } = await ownDatabase({ isEmpty: true });
  const copy = (environment: Record<string, string> = {}) =>
    runCommand(['copy', '.data'], { directory, environment: { DATABASE_URL: url, ...environment } }).ended;
  expect(await copy()).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^todo-api: The data directory .* is in use by process \d+/),
  });
  await stop(first);
  const file = join('.data', 'secret');
  const secret = readFileSync(join(directory, file), 'utf8');
  const other = { BETTER_AUTH_SECRET: testSecret };
  expect(await copy(other)).toMatchObject({ code: 1, stderr: expect.stringContaining(`the secret in ${file}`) });

  const copied = await copy();
  expect(copied, copied.stderr).toMatchObject({ code: 0 });
  expect(copied.stdout).toMatch(/^todo\.tasks +2 {2}-?\d+ -?\d+$/m);
  expect(copied.stdout).toContain('Both databases have the same rows.');
  expect(copied.stdout).toContain(`Set BETTER_AUTH_SECRET to the content of the file ${file}`);
  expect(copied.stdout + copied.stderr).not.toContain(secret);
  expect(await copy()).toMatchObject({ code: 1, stderr: expect.stringMatching(/^todo-api: The target has rows in /) });

  const environment = { DATABASE_URL: url, BETTER_AUTH_SECRET: secret };
  const second = await serveReady(environment, directory);
  const after = await clientOf(second, ada);
  expect(await after(`/changes?since=${encodeURIComponent(cursor)}`)).toMatchObject({ reset: false, changes: [] });
  const asProgram = await fetch(`${second.url}/api/v1/tasks`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await asProgram.json()).toHaveLength(2);
  const withoutTimes = (text: string) =>
    text.replace(/"exported_at":"[^"]+"/, '').replaceAll(/"last_used_at":[^}]+/g, '');
  expect(withoutTimes(await after('/export'))).toBe(withoutTimes(exported));

  const bob = await signUp(second, 'bob');
  writeFileSync(join(directory, 'export.ndjson'), exported);
  const importing = (...words: string[]) => runCommand(['import', ...words], { directory, environment });
  expect(await importing('export.ndjson').ended).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Created 0, unchanged 2, skipped 0, ignored \d+\.\n$/),
  });
  const lines = exported.split('\n');
  writeFileSync(join(directory, 'cut.ndjson'), lines.slice(0, -2).join('\n'));
  expect(await importing('cut.ndjson', '--user', bob.id).ended).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ends at line \d+ without a line of the type end/),
  });
  const piped = runCommand(['import', '-', '--user', bob.id], { directory, environment, input: true });
  piped.process.stdin?.end(exported);
  expect(await piped.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Created 0, unchanged 2/) });
  const ofBob = await clientOf(second, bob);
  expect(keptOf(await ofBob('/export'))).toEqual(keptOf(exported));
  expect((await ofBob(`/tasks/${parent.id}/history`))[0].actor).toBe('todo-api import');

  const failures: [words: string[], text: string, message: RegExp][] = [
    [[], '{"type":"task","task":{"id":"1"}}\n', /the first line is not that of an export/],
    [['--user', ''], exported, /the id of the user must have 1 to 255 characters/],
    [['--user', 'unknown'], exported, /no user with the id "unknown"/],
    [
      ['--user', bob.id],
      `${lines[0]}\n\n{"type":"task","task":{}}\n`,
      /^todo-api: line 3: task\/title is required\nline 3: task\/id is required\n/,
    ],
    [['--user', bob.id], '\n', /the file has no lines/],
    [['--user', bob.id, '--deleted', 'all'], exported, /--deleted must be keep or restore/],
  ];
  for (const [words, text, message] of failures) {
    writeFileSync(join(directory, 'wrong.ndjson'), text);
    const { code, stderr } = await importing('wrong.ndjson', ...words).ended;
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  }
  await stop(second);
});

test('a wrong use of the commands', async () => {
  const cases: [words: string[], message: RegExp, code: number][] = [
    [['copy', 'none'], /There is no embedded database in none/, 1],
    [['copy'], /Usage: todo-api copy DATA_DIRECTORY/, 2],
    [['copy', 'x', '--user', 'y'], /"copy" has no option --user/, 2],
    [['import', 'none.ndjson'], /the file cannot be read: .*none\.ndjson/, 1],
  ];
  for (const [words, message, code] of cases) {
    const ended = await runCommand(words, { directory: emptyFolder() }).ended;
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  }
  const directory = migratedFolder();
  const { code, stderr } = await runCommand(['copy', '.data'], { directory }).ended;
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/DATABASE_URL is not the address of a PostgreSQL/),
  });
});
