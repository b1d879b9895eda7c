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
    with removed as (
      delete from todo.deleted as deleted where ${inTrash} and deleted.seq = $3::bigint returning version, content
    ), created as (
      insert into todo.lists (owner_id, id, version, ${keptColumns.join(', ')}, updated_at)
      select $1, $2, removed.version + 1, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
             greatest(statement_timestamp(), stored.updated_at)
      from removed, jsonb_populate_record(null::todo.lists, removed.content) as stored
      returning id
    )
    select todo.stop_write('changed_meanwhile') where not exists (select from created)`,
};

const count: Statement = {
  name: 'lists_count_tasks',
  text: `
    update todo.lists as lists set task_count = (
      select count(*) from todo.tasks as tasks
      where tasks.owner_id = $1 and tasks.list_key = $2 and tasks.status <> 'Done'
    )
    where lists.owner_id = $1 and lists.id = $2`,
};

const reserve: Statement = { name: 'lists_reserve_numbers', text: 'select todo.reserve_numbers($1, $2::integer, $2)' };

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
 * Restores a list without its tasks. It stops with `changed_meanwhile` if the list is not in the trash any more.
 *
 * @param seq the number of its deletion, which identifies the content
 */
export function restoreList(ownerId: string, id: string, seq: string): BoundStatement {
  return { statement: restore, values: [ownerId, id, seq] };
}

/** Restored tasks of a list follow it, with these numbers. `countTasks` must follow them. */
export function reserveNumbers(ownerId: string, tasks: number): BoundStatement {
  return { statement: reserve, values: [ownerId, tasks] };
}

/** Counts the open tasks of a list again. */
export function countTasks(ownerId: string, id: string): BoundStatement {
  return { statement: count, values: [ownerId, id] };
}

export function restoredList(
  ownerId: string,
  id: string,
  versions: AllowedVersions,
): BoundOutcomeStatement<RestoredRows> {
  return { statement: restored, values: [ownerId, id, versions] };
}
