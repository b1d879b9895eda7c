/** The tables of a database, from its catalogue. A table that is added later needs no entry here. */
import type { QueryClient } from '../driver.ts';
import { adminSchemaName, authSchemaName, todoSchemaName } from '../schema/roles.ts';

export interface Table {
  /** The name with its schema, quoted for SQL: `todo.tasks`. */
  readonly name: string;
  /** Whether it is in the schema with row-level security. */
  readonly isUserData: boolean;
  /** The name in its schema. */
  readonly unqualified: string;
  /** The columns that are not generated, quoted for SQL. */
  readonly columns: readonly string[];
  /** Whether migrations have stored its rows. */
  readonly isSeeded: boolean;
}

/** A migrated database has the rows of this table. */
const migrations = `${adminSchemaName}.migrations`;

/** Tables with rows in a database without users. A copy replaces these rows. */
const seeded = new Set([`${adminSchemaName}.api_token_key`, `${adminSchemaName}.derived_data`]);

const schemas = [authSchemaName, todoSchemaName, adminSchemaName];

/** All tables of the server with rows to copy: everything except for the record of the migrations. */
export async function readTables(client: QueryClient): Promise<Table[]> {
  const { rows } = await client.query<{ schema: string; table: string; name: string; columns: string[] }>(
    `select namespace.nspname as schema, class.relname as table,
       quote_ident(namespace.nspname) || '.' || quote_ident(class.relname) as name,
       array_agg(quote_ident(attribute.attname)::text order by attribute.attname) as columns
     from pg_class as class
     join pg_namespace as namespace on namespace.oid = class.relnamespace
     join pg_attribute as attribute on attribute.attrelid = class.oid
     where namespace.nspname = any ($1::text[]) and class.relkind in ('r', 'p')
       and attribute.attnum > 0 and not attribute.attisdropped and attribute.attgenerated = ''
     group by namespace.nspname, class.relname
     order by array_position($1::text[], namespace.nspname::text), class.relname`,
    [schemas],
  );
  return rows
    .filter(({ name }) => name !== migrations)
    .map(({ schema, table, name, columns }) => ({
      name,
      isUserData: schema === todoSchemaName,
      unqualified: table,
      columns,
      isSeeded: seeded.has(name),
    }));
}
