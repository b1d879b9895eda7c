/** Pages of rows in the order of their change numbers, newest first, bounded by their number and by the size of their text. */
import type { BoundStatement, Parameter, Statement } from '../database/statement.ts';
import { type Keyset, type Page, pageOf } from './keyset.ts';
import { maxPageBytes } from './page.ts';

/** A row of the page: `fits` is false for the row after the last one. */
export interface NewestFirstRow {
  readonly id: string;
  readonly seq: number | string;
  readonly fits: boolean;
}

/** The position before all numbers. */
const newest = '9223372036854775807';

/**
 * The statement of a page. Its parameters are `$1` the owner, `$2` the number to begin after, `$3` the limit, and those of
 * `where`. It returns one row more than the page has, which shows that there is a next page.
 *
 * @param parts.columns SQL of the columns `id` and `seq`, of `text`, whose size counts, and of others
 * @param parts.where the conditions, including the one on the owner
 */
export function newestFirst<Row extends NewestFirstRow>(
  name: string,
  parts: { columns: string; from: string; where: string },
): Statement<Row[]> {
  const sizeUpTo = (preceding: number) => `
        coalesce(sum(octet_length(text)) over (order by seq desc rows between unbounded preceding and ${preceding} preceding), 0)`;
  return {
    name,
    text: `
    select sized.*, size_before < ${maxPageBytes} as fits
    from (
      select page.*, ${sizeUpTo(1)} as size_before, ${sizeUpTo(2)} as size_before_previous
      from (
        select ${parts.columns}
        from ${parts.from}
        where ${parts.where} and seq < $2::bigint
        order by seq desc
        limit $3
      ) as page
    ) as sized
    where size_before_previous < ${maxPageBytes}
    order by seq desc`,
  };
}

/** @param after the page begins after this position; null for the first page */
export function newestFirstPage<Row extends NewestFirstRow>(
  statement: Statement<Row[]>,
  ownerId: string,
  page: { after: Keyset | null; limit: number },
  ...values: Parameter[]
): BoundStatement<Row[]> {
  return { statement, values: [ownerId, page.after?.[0] ?? newest, page.limit + 1, ...values] };
}

export function pageOfNewest<Row extends NewestFirstRow>(rows: readonly Row[], limit: number): Page<Row> {
  const fitting = rows.findIndex(({ fits }) => !fits);
  return pageOf(rows, fitting < 0 ? limit : Math.min(fitting, limit), ({ seq }) => [String(seq)]);
}
