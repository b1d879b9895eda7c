/** Keyset pagination: pages that begin after a position in a sorted list. */

/** The position of a resource in a sorted list: its sort values, as text, and its id. */
export type Keyset = readonly [...sortValues: string[], id: string];

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The position of the last row; undefined if there is no next page. */
  readonly next: Keyset | undefined;
}

/**
 * @param rows one row more than `limit` if there is a next page
 * @param sortValues the sort values of a row, as text
 */
export function pageOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  limit: number,
  sortValues: (row: Row) => readonly string[],
): Page<Row> {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { rows: page, next: last && [...sortValues(last), last.id] };
}
