/** Inserts without side effects: no trigger changes the rows, and no foreign key depends on their order. */
import type { QueryClient } from '../driver.ts';
import type { Table } from './tables.ts';

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/**
 * Runs work without the triggers and the foreign keys of the tables, in the current transaction. Afterwards PostgreSQL checks
 * the foreign keys of all rows. The owner of the tables may do this: it needs no superuser.
 */
export async function withoutSideEffects<Result>(
  client: QueryClient,
  tables: readonly Table[],
  work: () => Promise<Result>,
): Promise<Result> {
  const names = tables.map(({ name }) => name);
  const keys = await foreignKeys(client, names);
  for (const { table, name } of keys) await client.query(`alter table ${table} drop constraint ${name}`);
  for (const name of names) await client.query(`alter table ${name} disable trigger user`);
  const result = await work();
  for (const name of names) await client.query(`alter table ${name} enable trigger user`);
  for (const { table, name, definition } of keys) {
    await client.query(`alter table ${table} add constraint ${name} ${definition}`);
  }
  return result;
}

async function foreignKeys(client: QueryClient, tables: readonly string[]): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
     from pg_constraint where contype = 'f' and conrelid = any ($1::regclass[]) order by 1, 2`,
    [tables],
  );
  return rows;
}
