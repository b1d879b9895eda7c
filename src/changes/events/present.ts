/** The present position of a user: a page without changes whose cursor has all changes so far. */
import type { UserDatabase } from '../../database/user-database.ts';
import type { Principal } from '../../principal.ts';
import { writeCursor } from '../cursor.ts';
import type { ChangesPage } from '../read-changes.ts';
import { type HeadRow, insertHead, selectHead } from '../statements.ts';

/** It takes one round trip; a second one for a user who has made no change and reads for the first time. */
export async function readPresent(database: UserDatabase, principal: Principal): Promise<ChangesPage> {
  const { userId } = principal;
  const [[head]] = await database.run(principal, [selectHead(userId)] as const, 'repeat');
  if (head) return pageAt(head);
  const [[{ epoch }]] = await database.run(principal, [insertHead(userId)], 'repeat');
  // Position 0 comes before all changes, so changes between the two statements follow it.
  return pageAt({ epoch, seq: 0 });
}

function pageAt(head: HeadRow): ChangesPage {
  return { reset: false, changes: [], cursor: writeCursor(head), has_more: false };
}
