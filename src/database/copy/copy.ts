/** The copy of a whole database to another one, and the proof that both have the same rows. */
import type { Driver, QueryClient } from '../driver.ts';
import { assertSchemaUpToDate, beginMigration, migrate } from '../schema/migrate.ts';
import { DatabaseSetupError } from '../schema/requirements.ts';
import { withRowsOfAllUsers } from '../schema/rows-of-all-users.ts';
import { type Fingerprint, fingerprint, useTextForms } from './fingerprint.ts';
import { readTables, type Table } from './tables.ts';
import { withoutSideEffects } from './without-side-effects.ts';

/** A table and what both databases have computed of it. */
export interface CopiedTable {
  readonly name: string;
  readonly source: Fingerprint;
  readonly target: Fingerprint;
}

/** Rows and bytes of a page. The last row may exceed the size. */
const [maxRows, maxBytes] = [1_000, 4 * 1024 * 1024];

/**
 * Copies all rows in one transaction of the target. Nothing is left there if it fails, except for the tables.
 *
 * @param source nothing else uses it
 * @param onTable called before each table
 * @returns the tables, whose fingerprints are equal
 * @throws DatabaseSetupError if the source has another version of the schema, if the target has rows, or if the fingerprints
 *   differ
 */
export async function copyDatabase(
  source: Driver,
  target: Driver,
  onTable: (name: string) => void = () => {},
): Promise<CopiedTable[]> {
  await requireVersion(source);
  await migrate(target);
  const copied = await source.withMigrationClient((reader) =>
    target.withMigrationClient(async (writer) => {
      await reader.query('begin isolation level repeatable read read only');
      // A failure closes the connection, which rolls back.
      await beginMigration(writer);
      for (const client of [reader, writer]) await useTextForms(client);
      const result = await copyTables(reader, writer, onTable);
      await writer.query('commit');
      await reader.query('commit');
      return result;
    }),
  );
  // Without statistics, PostgreSQL would make bad plans until it analyzes the tables by itself.
  await target.withMigrationClient(async (client) => {
    for (const { name } of copied) await client.query(`analyze ${name}`);
  });
  return copied;
}

async function copyTables(
  reader: QueryClient,
  writer: QueryClient,
  onTable: (name: string) => void,
): Promise<CopiedTable[]> {
  const tables = await readTables(reader);
  requireSameTables(tables, await readTables(writer));
  await writer.query(`lock table ${tables.map(({ name }) => name).join(', ')} in access exclusive mode`);
  const ofUsers = tables.filter(({ isUserData }) => isUserData).map(({ unqualified }) => unqualified);
  return withRowsOfAllUsers(writer, ofUsers, async () => {
    await requireEmpty(writer, tables);
    await withoutSideEffects(writer, tables, async () => {
      for (const table of tables) {
        onTable(table.name);
        await copyRows(reader, writer, table);
      }
    });
    const copied: CopiedTable[] = [];
    for (const table of tables) {
      const [ofSource, ofTarget] = [await fingerprint(reader, table), await fingerprint(writer, table)];
      copied.push({ name: table.name, source: ofSource, target: ofTarget });
    }
    requireEqual(copied);
    return copied;
  });
}

/** Each page is one text of JSON, which Node passes on without parsing it. */
async function copyRows(reader: QueryClient, writer: QueryClient, { name, columns, isSeeded }: Table): Promise<void> {
  const list = columns.join(', ');
  if (isSeeded) await writer.query(`delete from ${name}`);
  let after: string | undefined;
  for (;;) {
    // No other transaction moves the rows meanwhile.
    const { rows } = await reader.query<{ page: string | null; last: string | null }>(
      `select json_agg(content order by place)::text as page, max(place)::text as last
       from (
         select place, content, sum(bytes) over (order by place) - bytes as bytes_before
         from (
           select place, row_to_json(selected) as content, octet_length(row_to_json(selected)::text) as bytes
           from (
             select ctid as place, ${list} from ${name} ${after === undefined ? '' : 'where ctid > $1::tid'}
             order by ctid limit ${maxRows}
           ) as selected
         ) as measured
       ) as sized
       where bytes_before < ${maxBytes}`,
      after === undefined ? [] : [after],
    );
    const { page = null, last = null } = rows[0] ?? {};
    if (page === null || last === null) return;
    await writer.query(
      `insert into ${name} (${list}) select ${list} from json_populate_recordset(null::${name}, $1::json)`,
      [page],
    );
    after = last;
  }
}

async function requireVersion(source: Driver): Promise<void> {
  try {
    await assertSchemaUpToDate(source);
  } catch (error) {
    if (!(error instanceof DatabaseSetupError)) throw error;
    throw new DatabaseSetupError(
      `The source cannot be copied. ${error.message} For that, set DATABASE_URL to the source.`,
      { cause: error },
    );
  }
}

function requireSameTables(source: readonly Table[], target: readonly Table[]): void {
  const [one, other] = [source, target].map((tables) => JSON.stringify(tables));
  if (one === other) return;
  throw new DatabaseSetupError(
    'The databases have different tables, although both have the schema of this version. Use an empty database as the target.',
  );
}

async function requireEmpty(writer: QueryClient, tables: readonly Table[]): Promise<void> {
  for (const { name } of tables.filter(({ isSeeded }) => !isSeeded)) {
    const { rows } = await writer.query<{ found: boolean }>(`select exists (select from ${name}) as found`);
    if (rows[0]?.found) {
      throw new DatabaseSetupError(
        `The target has rows in ${name}. Copy to a database that no server has used, or drop the schemas todo, todo_auth and todo_admin there if their data is of no use.`,
      );
    }
  }
}

function requireEqual(copied: readonly CopiedTable[]): void {
  const different = copied.filter(({ source, target }) => JSON.stringify(source) !== JSON.stringify(target));
  if (different.length === 0) return;
  const lines = different.map(
    ({ name, source, target }) =>
      `  ${name}: ${source.rows} rows with the sums ${source.sums}, and ${target.rows} rows with the sums ${target.sums} in the copy`,
  );
  throw new DatabaseSetupError(`The copy differs, so nothing was stored:\n${lines.join('\n')}`);
}
