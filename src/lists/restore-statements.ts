/** The statements that restore a list from the trash. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { type ListRow, listColumns } from './row.ts';
import { resource } from './statements.ts';

const keptColumns = ['name', 'color', 'position', 'archived', 'created_at'];
const inTrash = `deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = $2 and deleted.content is not null`;

const restore: Statement = {
  name: 'lists_restore',
  text: `
    with current as materialized (
      select deleted.* from todo.deleted as deleted
      where ${inTrash} and todo.stop_write(case when deleted.seq <> $3::bigint then 'changed_meanwhile' end) is null
    ), removed as (
      delete from todo.deleted as deleted using current
      where deleted.owner_id = $1 and deleted.resource = current.resource and deleted.id = current.id
      returning 1
    )
    insert into todo.lists (owner_id, id, version, ${keptColumns.join(', ')}, task_count, updated_at)
    select $1, $2, current.version + 1, ${keptColumns.map((column) => `stored.${column}`).join(', ')}, $4::integer,
           greatest(statement_timestamp(), stored.updated_at)
    from removed, current, jsonb_populate_record(null::todo.lists, current.content) as stored`,
};

/** The list after its restoration, or in the trash if its version is not allowed. The row names its resource. */
export type RestoredRows = [ListRow & { readonly resource: typeof resource; readonly is_allowed: boolean }];

const restored: OutcomeStatement<RestoredRows> = outcomeStatement('lists_restored', {
  parameters: 3,
  with: [
    `trashed as (
      select stored.*, deleted.version as deletion
      from todo.deleted as deleted, jsonb_populate_record(null::todo.lists, deleted.content) as stored
      where ${inTrash}
    )`,
  ],
  select: `
    select '${resource}' as resource, ${listColumns}, true as is_allowed from todo.lists as lists
    where lists.owner_id = $1 and lists.id = $2
    union all
    select '${resource}', ${listColumns.replace('lists.version', 'lists.deletion')}, ${isAllowed('lists.deletion', '$3')}
    from trashed as lists`,
});

/**
 * Restores a list without its tasks. It stops with `changed_meanwhile` if the list in the trash is not the one that was read.
 *
 * @param seq the number of its deletion, which identifies the content
 * @param openTasks the number of its open tasks, if they follow it with reserved numbers, because they are not counted then
 */
export function restoreList(ownerId: string, id: string, seq: string, openTasks = 0): BoundStatement {
  return { statement: restore, values: [ownerId, id, seq, openTasks] };
}

export function restoredList(
  ownerId: string,
  id: string,
  versions: AllowedVersions,
): BoundOutcomeStatement<RestoredRows> {
  return { statement: restored, values: [ownerId, id, versions] };
}
