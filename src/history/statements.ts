/** The statement of the history. It knows no resource. */
import type { BoundStatement } from '../database/statement.ts';
import type { changeKinds } from '../resource/change.ts';
import type { Keyset } from '../resource/keyset.ts';
import { type NewestFirstRow, newestFirst, newestFirstPage } from '../resource/newest-first.ts';

/** A change of a resource. */
export interface ChangeRow extends NewestFirstRow {
  readonly kind: (typeof changeKinds)[number];
  readonly version: number;
  readonly at: string;
  readonly actor: string | null;
  readonly change_set: string;
  /** The changed columns, as JSON: `{"status": ["Todo", "Done"]}`; null except for updates. */
  readonly text: string | null;
}

const page = newestFirst<ChangeRow>('history_list', {
  columns: 'id, seq, kind, version, at, actor, change_set, fields::text as text',
  from: 'todo.changes',
  where: 'owner_id = $1 and resource = $4 and id = $5',
});

/** The changes of one resource. */
export function listChanges(
  ownerId: string,
  resource: string,
  id: string,
  { after, limit }: { after: Keyset | null; limit: number },
): BoundStatement<ChangeRow[]> {
  return newestFirstPage(page, ownerId, { after, limit }, resource, id);
}
