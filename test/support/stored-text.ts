/** Search for texts in the whole database. */
import type { TestApi } from './api.ts';

/** The tables of all schemas of the server, with the rows that contain one of the texts. The search ignores case. */
export async function tablesWith({ database }: TestApi, texts: readonly string[]): Promise<Record<string, string[]>> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname like 'todo%' order by 1`,
  );
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await database.query<{ text: string }>(
      `select stored::text as text from ${name} as stored
       where exists (select from unnest($1::text[]) as part where strpos(lower(stored::text), lower(part)) > 0)`,
      [texts],
    );
    if (rows.length > 0) found[name] = rows.map(({ text }) => text);
  }
  return found;
}
