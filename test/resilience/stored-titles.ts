/** The titles of the tasks in a database directory, which no server has open. */
import { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';

/** Reads the titles after a check of the indexes. */
export async function storedTitles(dataDir: string): Promise<string[]> {
  const pglite = await PGlite.create({ dataDir, extensions: { amcheck } });
  const { rows } = await pglite.query<{ title: string }>('select title from todo.tasks');
  await pglite.exec(`
    create extension amcheck;
    select bt_index_check(indexrelid::regclass, true)
    from pg_index join pg_class on pg_class.oid = indrelid join pg_am on pg_am.oid =
      (select relam from pg_class as index where index.oid = indexrelid)
    where amname = 'btree' and relnamespace = 'todo'::regnamespace`);
  await pglite.close();
  return rows.map(({ title }) => title);
}
