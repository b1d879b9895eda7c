/**
 * Bare server that sends the same statements: `node:http` and `pg`, without tokens, policies, validation, limits or a log.
 *
 * Usage: PORT=3001 tsx bench/bare/same-statements.ts DATABASE_URL
 */
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { openDriver } from '../../src/database/open-driver.ts';
import { typeParsers } from '../../src/database/pg/type-parsers.ts';
import type { BoundStatement } from '../../src/database/statement.ts';
import type { ListFilters } from '../../src/tasks/list-parameters.ts';
import { insertTask } from '../../src/tasks/sql/insert-statement.ts';
import { listTasks } from '../../src/tasks/sql/list-statement.ts';
import { type TaskRow, toTask } from '../../src/tasks/sql/row.ts';
import { selectTask } from '../../src/tasks/sql/select-statement.ts';
import { updateTask } from '../../src/tasks/sql/update-statement.ts';
import { databaseConfigOf } from '../filled-database.ts';
import { type BareRequest, serveJson } from './json-server.ts';

const topLevel = { list_id: null, parent_id: null };

/** What pg's pool and the server's have in common. */
interface Queries {
  query(config: pg.QueryConfig): Promise<{ rows: object[] }>;
}

const database = process.argv[2] as string;
// No policy applies to the login, because it is a superuser. Only the server's own driver opens the embedded database.
const pool: Queries = database.startsWith('pglite:')
  ? (await openDriver(databaseConfigOf(database))).pool
  : new pg.Pool({ connectionString: database, max: 10, options: '-c timezone=UTC' });

serveJson(async ({ method, owner, id = '', query, body }) => {
  if (method === 'POST') {
    const { title, tags = [] } = body as { title: string; tags?: string[] };
    const task = {
      title,
      tags,
      description: null,
      status: 'Todo',
      priority: 'Medium',
      due: null,
      recurrence: null,
    } as const;
    return one(await run(insertTask(owner, uuidv7(), { ...task, ...topLevel }, { isIdGiven: false })));
  }
  if (method === 'PATCH') return one(await run(updateTask(owner, id, body as object, null)));
  if (id) return one(await run(selectTask(owner, id)));
  return list(owner, query);
});

async function list(owner: string, { limit = '100', q, status }: BareRequest['query']): Promise<unknown> {
  const statement = listTasks(
    owner,
    {
      filters: { ...(q && { q }), ...(status && { status: [status] }) } as ListFilters,
      sort: '-created_at',
      after: null,
      skip: 0,
      limit: Number(limit) + 1,
    },
    Date.now(),
  );
  return ((await run(statement)) as TaskRow[]).slice(0, Number(limit)).map(toTask);
}

async function run({ statement, values }: BoundStatement): Promise<object[]> {
  const { rows } = await pool.query({
    name: statement.name,
    text: statement.text,
    values: values as unknown[],
    types: typeParsers,
  });
  return rows;
}

function one([row]: object[]): unknown {
  return row && toTask(row as TaskRow);
}
