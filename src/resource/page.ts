/** Pages of a sorted list, which begin after the position of a cursor. */
import { RefusedValueError } from '../database/user-database.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { invalidCursor, readCursor, type SortedList, writeCursor } from './cursor.ts';
import { type Keyset, type KeysetRow, pageOf } from './keyset.ts';
import { linkHeader } from './link-header.ts';

export interface PageRequest {
  /** The path of the list, without the base path. */
  readonly path: string;
  readonly list: SortedList;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/**
 * Responds with one page, and links to the next one.
 *
 * @param read returns the rows after a position, or the first ones, up to a limit
 * @throws ProblemError validation_failed if the cursor does not belong to the list
 */
export async function respondWithPage<Row extends KeysetRow>(
  context: RequestContext,
  { path, list, limit, cursor }: PageRequest,
  read: (after: Keyset | null, limit: number) => Promise<readonly Row[]>,
  toResource: (row: Row) => object,
): Promise<Response> {
  const { userId } = context.get('principal');
  const after = cursor === undefined ? null : readCursor(userId, list, cursor);
  // One row more than the limit shows whether there is a next page.
  const found = await read(after, limit + 1).catch((error: unknown) => {
    // A client can compute the digest of a position whose value is not one of the sort.
    throw error instanceof RefusedValueError && after ? invalidCursor() : error;
  });
  const { rows, next } = pageOf(found, limit);
  const nextCursor = next && writeCursor(userId, list, next);
  return jsonResponse(rows.map(toResource), { Link: linkHeader(context, path, nextCursor) });
}
