/** Pages of an export: statements that read a table in the order of a key, bounded by the number and the size of the rows. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { maxPageBytes } from '../../resource/page.ts';

/** Maximum number of rows of a page. */
const maxRows = 200;

/** What a section reads. All of it is SQL, on rows of the user `$1`. */
export interface PageSource {
  /** The name of the statements. */
  readonly name: string;
  readonly columns: string;
  readonly from: string;
  /** The conditions, including the one on the owner. */
  readonly where: string;
  /** The columns of the key, with their types. They are among the columns of the page, too. */
  readonly key: readonly (readonly [column: string, type: string])[];
  /** The table or alias that has the columns of the key. */
  readonly table: string;
  /** The number of bytes of the long texts of a row. */
  readonly bytes: string;
}

/** What every row of a page has. */
interface PageRow {
  /** Its key, as text. */
  readonly row_key: readonly string[];
  /** Whether the rows after the page may have more. */
  readonly is_cut: boolean;
}

type ReadPage<Row extends object> = (statement: BoundStatement<Row[]>) => Promise<Row[]>;

/** The pages of a source, without empty ones. Each one has its own snapshot of the database. */
export async function* exportPages<Row extends object>(
  source: PageSource,
  ownerId: string,
  read: ReadPage<Row & PageRow>,
): AsyncGenerator<Row[], void, void> {
  const first = pageStatement<Row>(source, false);
  const next = pageStatement<Row>(source, true);
  let after: readonly string[] | undefined;
  for (;;) {
    const rows = await read({ statement: after ? next : first, values: [ownerId, ...(after ?? [])] });
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last?.is_cut) return;
    after = last.row_key;
  }
}

/** The last row of a page may exceed the size. */
function pageStatement<Row extends object>(
  { name, columns, from, where, key, table, bytes }: PageSource,
  isNext: boolean,
): Statement<(Row & PageRow)[]> {
  const columnsOfKey = key.map(([column]) => `${table}.${column}`).join(', ');
  const parameters = key.map(([, type], index) => `$${index + 2}::${type}`).join(', ');
  const order = key.map(([column]) => column).join(', ');
  return {
    name: isNext ? `${name} after` : name,
    text: `
    select sized.*, array[${key.map(([column]) => `${column}::text`).join(', ')}] as row_key,
      found = ${maxRows} or bytes_so_far >= ${maxPageBytes} as is_cut
    from (
      select page.*, count(*) over () as found, sum(bytes) over (order by ${order}) as bytes_so_far
      from (
        select ${columns}, ${bytes} as bytes
        from ${from}
        where ${where}${isNext ? ` and (${columnsOfKey}) > (${parameters})` : ''}
        order by ${columnsOfKey}
        limit ${maxRows}
      ) as page
    ) as sized
    where bytes_so_far - bytes < ${maxPageBytes}
    order by ${order}`,
  };
}
