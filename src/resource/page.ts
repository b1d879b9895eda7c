/** Pages of a sorted list, which begin after the position of a cursor. */
import { RefusedValueError } from '../database/user-database.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { invalidCursor, readCursor, type SortedList, writeCursor } from './cursor.ts';
import type { Keyset, Page } from './keyset.ts';
import { linkHeader } from './link-header.ts';

/** Maximum size in bytes of the texts on a page. The last resource of a page may exceed it. */
export const maxPageBytes = 1024 * 1024;

export interface PageRequest {
  /** The path of the list, without the base path. */
  readonly path: string;
  readonly list: SortedList;
  readonly cursor: string | undefined;
}

/**
 * Responds with one page, and links to the next one.
 *
 * @param read returns the page after a position, or the first one
 * @throws ProblemError validation_failed if the cursor does not belong to the list
 */
export async function respondWithPage<Row>(
  context: RequestContext,
  { path, list, cursor }: PageRequest,
  read: (after: Keyset | null) => Promise<Page<Row>>,
  toResource: (row: Row) => object,
): Promise<Response> {
  const { userId } = context.get('principal');
  const after = cursor === undefined ? null : readCursor(userId, list, cursor);
  const { rows, next } = await read(after).catch((error: unknown) => {
    // A client can compute the digest of a position whose value is not one of the sort.
    throw error instanceof RefusedValueError && after ? invalidCursor() : error;
  });
  const nextCursor = next && writeCursor(userId, list, next);
  return jsonResponse(rows.map(toResource), {
    Link: linkHeader(context, path, nextCursor),
    ...(nextCursor && { 'Next-Cursor': nextCursor }),
  });
}
