/**
 * Bare server on a plain table: `node:http` and `pg` with prepared statements, and nothing that a table of tasks does not
 * need.
 *
 * Usage: PORT=3001 tsx bench/bare/plain-table.ts DATABASE_URL
 */
import pg from 'pg';
import { type BareRequest, serveJson } from './json-server.ts';
import { columns, newestFirst } from './plain-schema.ts';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });

serveJson(async ({ method, owner, id, query, body }) => {
  if (method === 'POST') {
    const { title, description = null } = body as { title: string; description?: string };
    return one({
      name: 'create',
      text: `insert into plain.tasks (owner, title, description) values ($1, $2, $3) returning ${columns}`,
      values: [owner, title, description],
    });
  }
  if (method === 'PATCH') {
    const { status } = body as { status: string };
    return one({
      name: 'patch',
      text: `update plain.tasks set status = $3, version = version + 1, updated_at = now()
        where owner = $1 and id = $2 returning ${columns}`,
      values: [owner, id, status],
    });
  }
  if (id) {
    const text = `select ${columns} from plain.tasks where owner = $1 and id = $2`;
    return one({ name: 'get', text, values: [owner, id] });
  }
  return list(owner, query);
});

async function list(owner: string, { limit = '100', q, status }: BareRequest['query']): Promise<unknown> {
  const { rows } = await pool.query(
    q
      ? statement('search', ' and (title ilike $3 or description ilike $3)', [owner, limit, `%${q}%`])
      : status
        ? statement('list by status', ' and status = $3', [owner, limit, status])
        : statement('list', '', [owner, limit]),
  );
  return rows;
}

function statement(name: string, condition: string, values: unknown[]): pg.QueryConfig {
  const text = `select ${columns} from plain.tasks where owner = $1${condition} ${newestFirst} limit $2`;
  return { name, text, values };
}

async function one(query: pg.QueryConfig): Promise<unknown> {
  const { rows } = await pool.query(query);
  return rows[0];
}
