/** The present position of a user: a page without changes whose cursor has all changes so far. */
import type { AtMostOne, Statement } from '../../database/statement.ts';
import type { UserDatabase } from '../../database/user-database.ts';
import type { Principal } from '../../principal.ts';
import { writeCursor } from '../cursor.ts';
import type { ChangesPage } from '../read-changes.ts';
import { insertHead } from '../statements.ts';

interface HeadRow {
  readonly epoch: string;
  readonly seq: number;
}

const select: Statement<AtMostOne<HeadRow>> = {
  name: 'head_read',
  text: 'select epoch, seq from todo.heads where owner_id = $1',
};

/** It takes one round trip; a second one for a user who has made no change and reads for the first time. */
export async function readPresent(database: UserDatabase, principal: Principal): Promise<ChangesPage> {
  const { userId } = principal;
  const [[head]] = await database.run(principal, [{ statement: select, values: [userId] }] as const, 'repeat');
  if (head) return pageAt(head);
  const [[{ epoch }]] = await database.run(principal, [insertHead(userId)], 'repeat');
  // Position 0 comes before all changes, so changes between the two statements follow it.
  return pageAt({ epoch, seq: 0 });
}

function pageAt(head: HeadRow): ChangesPage {
  return { reset: false, changes: [], cursor: writeCursor(head), has_more: false };
}
