/** Every statement of the API without its condition on the owner: the policies alone isolate the users. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryClient } from '../../src/database/driver.ts';
import type { BoundStatement, Parameter } from '../../src/database/statement.ts';
import { type Client, startApi, type TestApi } from '../support/api.ts';
import { createEach } from '../support/resources.ts';
import { type Recording, recording, sendEverything, sendFailingUndo, word } from './recorded-statements.ts';

let api: TestApi;
let owner: Client;
let ownersRows: string;
let digests: string | undefined;
const recorded: Recording = new Map();

beforeAll(async () => {
  api = await startApi({ keep: true, asUser: (database) => recording(database, recorded) });
  owner = api.user('the-owner-of-secrets');
  const forgetDeleted = () => api.database.query('delete from todo.deleted where owner_id = $1', [owner.userId]);
  await sendEverything(owner, forgetDeleted);
  await restoreDeletedTokens();
  // An undo changes what its statements have found. So those of another one are sent, which changes nothing.
  for (const name of recorded.keys())
    if (/^(tasks_(?!rest).*_(many|versions|places|updated|deleted)|trash_require)/.test(name)) recorded.delete(name);
  await sendFailingUndo(owner);
  await api.database.query('update todo.lists set task_count = 99 where owner_id = $1', [owner.userId]);
  ownersRows = await rowsOf(api.database.driver.pool, owner.userId);
}, 120_000);

afterAll(() => api.stop());

/** Stores the deleted tokens again, so that the statements that delete them find a row. Requests cannot restore them. */
async function restoreDeletedTokens(): Promise<void> {
  for (const name of ['tokens_delete', 'tokens_delete_recorded']) {
    await api.database.query(
      `insert into todo.tokens (owner_id, id, name, scopes, hash, expires_at)
       values ($1, $2, $3, '{tasks:read}', '\\x00', now() + interval '1 day')`,
      [owner.userId, recorded.get(name)?.values[1], word],
    );
  }
}

/** The digests of all rows of a user by table, as the login sees them: the rows themselves are too many to read each time. */
async function rowsOf(client: QueryClient, userId: string | null): Promise<string> {
  digests ??= (await tables(client))
    .map(
      (table) =>
        `select '${table}' as name, md5(string_agg(t::text, '' order by t::text)) from todo.${table} as t where owner_id = $1`,
    )
    .join(' union all ');
  return JSON.stringify((await client.query(digests, [userId])).rows);
}

async function tables(client: QueryClient): Promise<string[]> {
  const { rows } = await client.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = 'todo' order by 1`,
  );
  return rows.map(({ tablename }) => tablename);
}

/** The name of a list statement without its sort and filters. */
const baseOf = (name: string) => name.split(' ')[0] as string;

const ownerCondition = /\b(?:\w+\.)?owner_id = (?:\$1\b|(?:\w+\.)?owner_id\b)/g;

/** The statement without a condition on the owner. The compared value is still a parameter. */
function withoutOwner(text: string): string {
  return text.replaceAll(ownerCondition, (found) => (found.endsWith('$1') ? '$1::text is not null' : 'true'));
}

/** Locks read no table. */
const looksIntoTables = (text: string) => /\btodo\.(?!stop_write\()\w/.test(text);

/** A statement that only inserts rows with the user's own id, and reads no table, needs no condition: the policy compares the id. */
const isPlainInsert = (text: string) =>
  /^\s*(?:with \w+ as \(\s*)?insert into todo\.\w+(?: as \w+)? \(owner_id, /.test(text) &&
  !/\b(?:from|join|using|update)\s+todo\./.test(text);

const inTables = () => [...recorded.values()].filter(({ statement }) => looksIntoTables(statement.text));

/** Rows without the parts that differ between equal statements of two users. */
function masked(rows: string, userId: string): string {
  return rows
    .replaceAll(userId, '(user)')
    .replaceAll(/"epoch":"[^"]+"/g, '"epoch":"(random)"')
    .replaceAll(/(series_id\\?":\\?")[0-9a-f-]{36}/g, '$1(random)')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)/g, '(time)');
}

/** Runs and commits a statement as the user. Returns its rows, or the code of its error. */
async function asUser(userId: string, text: string, values: readonly Parameter[]): Promise<string> {
  const statements: BoundStatement[] = [{ statement: { name: '', text }, values }];
  const done = api.database.driver.batch({ role: 'user', userId }, statements);
  return done.then(
    ([rows]) => JSON.stringify(rows),
    (error: { code: string }) => error.code,
  );
}

/** Runs a statement as the login, which bypasses the policies, and rolls it back. Returns its rows, and the owner's rows after it. */
async function asLogin(userId: string, text: string, values: readonly Parameter[]) {
  const client = await api.database.driver.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select set_config('app.user_id', $1, true)`, [userId]);
    const { rows } = await client.query(text, values as unknown[]);
    return { rows: JSON.stringify(rows), owners: await rowsOf(client, owner.userId) };
  } catch (error) {
    return { rows: String((error as { code?: string }).code), owners: ownersRows };
  } finally {
    await client.query('rollback');
    client.release();
  }
}

/** The name of a statement in the source: a property, or the first argument of a function. */
const statementName = /(?:\bname: |outcomeStatement(?:<.*>)?\(\s*|\binsert\()'([a-z_]+)'/g;

test('every statement of the source was sent', () => {
  const words = new Set([...recorded.keys()].flatMap((name) => name.split(' ')));
  const source = join(import.meta.dirname, '..', '..', 'src');
  // The names in the folder of the MCP server are those of tools. It must not import the database (`scripts/layers.ts`).
  const folders = readdirSync(source).filter(
    (folder) => folder !== 'mcp' && existsSync(join(source, folder, 'routes.ts')),
  );
  expect(folders).toContain('tasks');
  const files = [...folders, 'idempotency', 'resource']
    .flatMap((folder) =>
      readdirSync(join(source, folder), { recursive: true }).map((file) => join(folder, String(file))),
    )
    // An upgrade runs the statements of derived data as the login, before any request is served. Tables have no statements.
    .filter((file) => file.endsWith('.ts') && !/derived-data\.ts$|table\.ts$/.test(file));
  const names = files.flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(statementName)].map(([, name]) => name as string),
  );
  expect(names.length).toBeGreaterThan(10);
  // Other roles run them for all users, or background jobs as a user. `retention.test.ts` and `row-security.test.ts` test them.
  expect(names.filter((name) => !words.has(name)).sort()).toEqual([
    'heads_watch',
    'history_remove_expired',
    'idempotency_sweep',
    'retention_set_days',
    'tokens_remove_expired',
    'trash_find_owners',
    'trash_forget_tombstones',
  ]);
});

test('every statement on users’ rows has a condition on the owner, which this test can remove', () => {
  expect(inTables().length).toBeGreaterThan(40);
  for (const { statement } of inTables()) {
    const stripped = withoutOwner(statement.text);
    if (!isPlainInsert(statement.text))
      expect(stripped, `no owner to take out of ${statement.name}`).not.toBe(statement.text);
    expect(stripped, statement.name).not.toMatch(/owner_id\s*(?:=|<|>|!|\bin\b|\bis\b|\blike\b)/i);
  }
});

test('without it another user reads, changes and deletes nothing; without the policies as well, rows are exposed', async () => {
  const telling = new Set<string>();
  let strangers = 0;
  for (const { statement, values } of inTables()) {
    const text = withoutOwner(statement.text);
    strangers += 1;
    const stranger = `stranger-${strangers}`;
    // First as if the handler had confused the users, then as if only the condition were missing.
    for (const first of [owner.userId as string, stranger]) {
      // A statement that inserts returns what the stranger has sent.
      const own = JSON.parse(JSON.stringify(values).replaceAll(new RegExp(word, 'gi'), 'Own'));
      const sent: readonly Parameter[] = /\binsert into todo\./.test(text) ? own : values;
      const mixed = [first, ...sent.slice(1)];
      const unguarded = await asLogin(stranger, text, mixed);
      const seen = await asUser(stranger, text, mixed);
      if (unguarded.rows !== seen || unguarded.owners !== ownersRows) telling.add(baseOf(statement.name));
      expect(seen, statement.name).toMatch(/^(\[.*\]|42501|TD001)$/);
      expect(seen, statement.name).not.toContain(owner.userId);
      expect(seen, statement.name).not.toContain(word);
      expect(await rowsOf(api.database.driver.pool, owner.userId), statement.name).toBe(ownersRows);
      if (first === owner.userId) continue;
      // The same result as that of the unchanged statement for a user without rows.
      const another = `${stranger}-anew`;
      const usual = await asUser(another, statement.text, [another, ...sent.slice(1)]);
      expect(masked(seen, stranger), statement.name).toBe(masked(usual, another));
    }
  }
  const all = new Set(inTables().map(({ statement }) => baseOf(statement.name)));
  // The first one reads the numbers that its transaction has reserved. The second one returns nothing about tasks in valid places.
  // The last one erases nothing while there are tasks.
  const silent = ['tasks_release_numbers', 'tasks_require_parents', 'erase_lists'];
  expect([...telling, ...silent].sort()).toEqual([...all].sort());
}, 120_000);

describe('a row of a user', () => {
  test('cannot be created for another user or given to one, in any table', async () => {
    const eve = api.user('eve');
    await eve.post('/api/v1/tasks', { title: 'x', description: 'x', tags: ['x'] }, { 'Idempotency-Key': 'x' });
    await createEach(eve, crypto.randomUUID(), 'x');
    await eve.post('/api/v1/tokens', { name: 'x', scopes: ['tasks:read'] });
    const { body: deleted } = await eve.post('/api/v1/tasks', { title: 'x' });
    await eve.delete(`/api/v1/tasks/${deleted.id}`);
    const { pool } = api.database.driver;
    for (const table of await tables(pool)) {
      const { rows } = await pool.query<{ name: string }>(
        `select quote_ident(column_name) as name from information_schema.columns
         where table_schema = 'todo' and table_name = $1 and is_generated = 'NEVER'`,
        [table],
      );
      const names = rows.map(({ name }) => name);
      const given = names.map((name) => (name === 'owner_id' ? `'bob'` : name)).join(', ');
      expect(await asUser('eve', `select count(*) > 0 as has from todo.${table}`, []), table).toBe('[{"has":true}]');
      const insert = `insert into todo.${table} (${names.join(', ')}) select ${given} from todo.${table} limit 1`;
      expect(await asUser('eve', insert, []), table).toBe('42501');
      expect(await asUser('eve', `update todo.${table} set owner_id = 'bob'`, []), table).toBe('42501');
      expect(await asUser('', `select * from todo.${table}`, []), table).toBe('[]');
    }
    expect(await rowsOf(pool, 'bob')).toBe(await rowsOf(pool, 'a user without rows'));
  });
});
