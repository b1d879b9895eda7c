/**
 * What the API is measured against: `node:http` and `pg`, the same statements on the same rows with the owner in the
 * `WHERE`, and nothing else: no tokens, no policies, no validation, no log. Run as a process of its own.
 *
 * Usage: PORT=3001 tsx bench/baseline.ts DATABASE_URL
 */
import { createServer, type IncomingMessage } from 'node:http';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { loadConfig } from '../src/config/load.ts';
import { openDriver } from '../src/database/open-driver.ts';
import { typeParsers } from '../src/database/pg/type-parsers.ts';
import type { BoundStatement } from '../src/database/statement.ts';
import type { ListFilters } from '../src/tasks/list-parameters.ts';
import { listTasks } from '../src/tasks/sql/list-statement.ts';
import { type TaskRow, toTask } from '../src/tasks/sql/row.ts';
import { insertTask, selectTask, updateTask } from '../src/tasks/sql/write-statements.ts';

/** What pg's pool and the server's have in common. */
interface Queries {
  query(config: pg.QueryConfig): Promise<{ rows: object[] }>;
}

const database = process.argv[2] as string;
// A superuser, whom no policy concerns.
const pool: Queries = database.startsWith('pglite:')
  ? await embedded(database)
  : new pg.Pool({ connectionString: database, max: 10, options: '-c timezone=UTC' });

createServer(async (request, response) => {
  try {
    const body = await answer(request);
    const text = JSON.stringify(body);
    response
      .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
      .end(text);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
}).listen(Number(process.env.PORT), '127.0.0.1');

/** By the server's own way to it, there being no other. */
async function embedded(url: string): Promise<Queries> {
  const config = loadConfig({
    DATABASE_URL: url,
    AUTH_MODE: 'jwks',
    AUTH_JWKS_URL: 'http://localhost/',
    AUTH_ISSUER: '*',
    AUTH_AUDIENCE: '*',
  });
  return (await openDriver(config.database)).pool;
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const owner = String(request.headers['x-owner']);
  const id = url.pathname.split('/')[4];
  switch (request.method) {
    case 'POST': {
      const { title, tags } = (await json(request)) as { title: string; tags: string[] };
      const made = uuidv7();
      const task = { title, tags, description: null, status: 'Todo', priority: 'Medium', due: null } as const;
      return one(await run(insertTask(owner, made, { ...task, tags: [...tags] }, { isIdGiven: false })));
    }
    case 'PATCH': {
      const patch = (await json(request)) as object;
      return one(await run(updateTask(owner, id as string, patch, null)));
    }
    default: {
      if (id) return one(await run(selectTask(owner, id)));
      const { limit = '100', q, status } = Object.fromEntries(url.searchParams);
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
  }
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

function one(rows: object[]): unknown {
  return toTask(rows[0] as TaskRow);
}

async function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}
