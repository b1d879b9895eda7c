/** Pages of changes: what a client needs to bring its copy of the user's resources up to date. */
import type { UserDatabase } from '../database/user-database.ts';
import type { Principal } from '../principal.ts';
import { maxPageBytes } from '../resource/page.ts';
import type { VersionedResource } from '../resource/response.ts';
import { type Position, writeCursor } from './cursor.ts';
import { syncedResources } from './resources.ts';
import { type ChangeRow, type Head, insertHead, selectChanges } from './statements.ts';

/** A changed resource in its current state, or its removal. */
export type Change =
  | { readonly type: string; readonly op: 'put'; readonly [resource: string]: string | VersionedResource }
  | { readonly type: string; readonly op: 'remove'; readonly id: string; readonly version: number };

export interface ChangesPage {
  /** Whether the client must discard its copy, because the position cannot be served and this page begins a snapshot. */
  readonly reset: boolean;
  readonly changes: readonly Change[];
  /** The position after this page. */
  readonly cursor: string;
  readonly has_more: boolean;
}

/** The maximum number of changes on a page, and the size in bytes from which a resource is read without its long texts. */
interface PageLimits {
  readonly limit: number;
  readonly maxBytes: number;
}

/** Greater than all numbers of changes. */
const afterAll = Number.MAX_SAFE_INTEGER;

/** The greatest `integer` of PostgreSQL, greater than the size of every resource. */
const anySize = 2 ** 31 - 1;

/**
 * Reads the changes after a position, in the order of their commits.
 *
 * It takes one round trip. A second one follows for a user who has made no change and reads for the first time, for a
 * position that cannot be served, and for a text of several kilobytes on a page that could exceed `maxPageBytes`.
 *
 * @param after null for the first page of a snapshot, which has all resources and no removals
 * @param limit the maximum number of changes; a page of long texts has fewer
 */
export function readChanges(
  database: UserDatabase,
  principal: Principal,
  after: Position | null,
  limit: number,
): Promise<ChangesPage> {
  // If each resource is within its share, the page is within the maximum.
  return readPage(database, principal, after, { limit, maxBytes: Math.floor(maxPageBytes / limit) });
}

async function readPage(
  database: UserDatabase,
  principal: Principal,
  after: Position | null,
  { limit, maxBytes }: PageLimits,
): Promise<ChangesPage> {
  const { userId } = principal;
  const removalsAfter = after ? removalsBefore(after) : afterAll;
  // One row more than the limit shows whether there are more changes.
  const range = { seq: after?.seq ?? 0, removalsAfter, limit: limit + 1, maxBytes };
  const [rows] = await database.run(principal, [selectChanges(userId, range)], 'repeat');
  const [head] = rows;
  if (!head) {
    const [[{ epoch }]] = await database.run(principal, [insertHead(userId)], 'repeat');
    // Position 0 comes before all changes, so changes between the two statements follow it.
    return { reset: after !== null, changes: [], cursor: writeCursor({ epoch, seq: 0 }), has_more: false };
  }
  if (after && !isServed(after, head)) {
    return { ...(await readPage(database, principal, null, { limit, maxBytes })), reset: true };
  }
  const found = rows.filter((row) => row.op !== null).sort((one, other) => one.seq - other.seq);
  const page = found.slice(0, fittingCount(found, limit));
  if (page.some(({ bytes }) => bytes > maxBytes)) {
    return readPage(database, principal, after, { limit: page.length, maxBytes: anySize });
  }
  const hasMore = found.length > page.length;
  const last = hasMore ? page.at(-1) : undefined;
  return {
    reset: false,
    changes: page.map(toChange),
    cursor: writeCursor(positionAfter(last, head, after)),
    has_more: hasMore,
  };
}

/** The number up to which the client needs no removals, or has them. */
function removalsBefore({ seq, snapshotHead = 0 }: Position): number {
  return Math.max(seq, snapshotHead);
}

function isServed(after: Position, { epoch, head, forgotten }: Head): boolean {
  const from = removalsBefore(after);
  return after.epoch === epoch && forgotten <= from && from <= head;
}

/** How many of the rows are on a page of at most `limit` changes and about `maxPageBytes`. The last one may exceed it. */
function fittingCount(rows: readonly ChangeRow[], limit: number): number {
  let count = 0;
  let size = 0;
  for (const { bytes } of rows) {
    if (count === limit || size >= maxPageBytes) break;
    count += 1;
    size += bytes;
  }
  return count;
}

/**
 * @param last the last change of the page; undefined for the last page, which ends at the head: numbers that no resource has
 *   any more are before it
 */
function positionAfter(last: ChangeRow | undefined, { epoch, head }: Head, after: Position | null): Position {
  const seq = last?.seq ?? head;
  const snapshotHead = after ? removalsBefore(after) : head;
  return seq < snapshotHead ? { epoch, seq, snapshotHead } : { epoch, seq };
}

const resourceOf = new Map(syncedResources.map((resource) => [resource.type, resource]));

function toChange(row: ChangeRow): Change {
  const { op, type, id, version } = row;
  const resource = resourceOf.get(type);
  return op === 'put' && resource
    ? { type, op, [type]: resource.toResource(row) }
    : { type, op: 'remove', id, version };
}
