/** The rows of a user in the database. */
import type { Client, TestApi } from '../support/api.ts';

/** All rows of all tables, in a fixed order. */
export async function storedRows({ database }: TestApi, { userId }: Client): Promise<unknown> {
  const tables = await database.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'todo' order by 1`,
  );
  const rows = tables.map(({ name }) =>
    database.query(`select to_jsonb(t)::text as row from todo.${name} as t where owner_id = $1 order by 1`, [userId]),
  );
  return Promise.all(rows);
}
