/** Pages of changes: what a client needs to bring its copy of the user's resources up to date. */
import type { UserDatabase } from '../database/user-database.ts';
import type { Principal } from '../principal.ts';
import type { VersionedResource } from '../resource/response.ts';
import { type Position, writeCursor } from './cursor.ts';
import { syncedResources } from './resources.ts';
import { type ChangeRow, contentOf, type Head, insertHead, type PageRows, selectChanges } from './statements.ts';

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

/**
 * Reads the changes after a position, in the order of their commits.
 *
 * It takes one round trip; a second one for a user who has made no change and reads for the first time.
 *
 * @param after null for the first page of a snapshot, which has all resources and no removals
 * @param limit the maximum number of changes; a page of long texts has fewer
 */
export async function readChanges(
  database: UserDatabase,
  principal: Principal,
  after: Position | null,
  limit: number,
): Promise<ChangesPage> {
  const [rows] = await database.run(principal, [selectChanges(principal.userId, after, limit)], 'repeat');
  const [head] = rows;
  if (head) return render(head, rows.filter(isChange), after);
  const [[{ epoch }]] = await database.run(principal, [insertHead(principal.userId)], 'repeat');
  // Position 0 comes before all changes, so changes between the two statements follow it.
  return { reset: after !== null, changes: [], cursor: writeCursor({ epoch, seq: 0 }), has_more: false };
}

function isChange(row: PageRows[number]): row is Head & ChangeRow {
  return row.seq !== null;
}

function render(head: Head, changes: readonly ChangeRow[], after: Position | null): ChangesPage {
  return {
    reset: after !== null && !head.is_served,
    changes: changes.map(toChange),
    cursor: writeCursor(positionAfter(head, changes.at(-1))),
    has_more: head.has_more,
  };
}

/** Of the last page, the head: numbers that no resource has any more are before it. */
function positionAfter({ epoch, head, removals_after, has_more }: Head, last: ChangeRow | undefined): Position {
  const seq = has_more && last ? last.seq : head;
  return seq < removals_after ? { epoch, seq, snapshotHead: removals_after } : { epoch, seq };
}

const resourceOf = new Map(syncedResources.map((resource) => [resource.type, resource]));

function toChange(row: ChangeRow): Change {
  const { type, id, version, is_live } = row;
  const resource = resourceOf.get(type);
  if (!is_live || !resource) return { type, op: 'remove', id, version };
  return { type, op: 'put', [type]: resource.toResource(contentOf(row, resource)) };
}
