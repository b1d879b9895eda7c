/** The SQL of docs/operations.md, for a login without the rights to set up its database. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { testSecret, withAdmin } from '../support/databases.ts';
import { root, runCommand } from './built-command.ts';

const document = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');

test('it is the SQL that the server prints, and it is sufficient', async (context) => {
  const postgres = inject('postgresUrl');
  context.skip(postgres === null, inject('postgresMissing'));
  const login = `todo_powerless_${process.pid}`;
  const url = await databaseOf(login, postgres as string);
  const environment = { DATABASE_URL: url, BETTER_AUTH_SECRET: testSecret };

  const refused = await runCommand(['migrate'], { environment }).ended;
  expect(refused.code).toBe(1);
  const [, block = ''] = /^```sql\n(.*?)^```$/ms.exec(document) ?? [];
  const lines = block.replaceAll('LOGIN', login).replaceAll('DATABASE', login).trim().split('\n');
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(refused.stderr).toContain(line);

  await asSuperuser(postgres as string, lines);
  const { code, stdout } = await runCommand(['migrate'], { environment }).ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Applied /) });
});

/** Runs the lines, except those that create a role that already exists in this cluster. */
async function asSuperuser(server: string, lines: readonly string[]): Promise<void> {
  await withAdmin(server, async (admin) => {
    const { rows } = await admin.query<{ rolname: string }>('select rolname from pg_roles');
    const made = rows.map(({ rolname }) => `create role ${rolname} nologin;`);
    for (const line of lines.filter((candidate) => !made.includes(candidate))) await admin.query(line);
  });
}

/** A database and a login that may only connect to it. */
async function databaseOf(login: string, server: string): Promise<string> {
  await withAdmin(server, async (admin) => {
    await admin.query(`create role ${login} login password 'powerless'`);
    await admin.query(`create database ${login}`);
  });
  onTestFinished(() =>
    withAdmin(server, async (admin) => {
      await admin.query(`drop database ${login} with (force)`);
      await admin.query(`drop role ${login}`);
    }),
  );
  const url = new URL(server);
  url.username = login;
  url.password = 'powerless';
  url.pathname = `/${login}`;
  return url.href;
}
