/** The statement that restores a task from the trash. */
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { columnsWith, type TaskRow, taskColumns } from './row.ts';
import { assignedNames, assignedToCreated, indexedCreated, tagsOf } from './tags-and-words.ts';
import { type ChangedRows, indexCostOf, resource, writableColumns } from './write-statements.ts';

/** The task in the trash, as an earlier statement has read it. The statement cannot compute the words of its texts. */
export interface TrashedTask {
  /** The number of its deletion. It identifies the content. */
  readonly seq: string;
  readonly content: TaskRow;
}

const keptColumns = [...writableColumns, ...seriesColumns, 'series_id', 'completed_at', 'created_at'];
const stored = 'jsonb_populate_record(null::todo.tasks, current.content)';

/** Returns the task after it, or the task in the trash if its version is not allowed. */
const restore: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_restore', {
  parameters: 8,
  with: [
    `current as materialized (
      select * from todo.deleted
      where owner_id = $1 and resource = '${resource}' and id = $2 and content is not null
        and todo.stop_write(case when seq is distinct from $3::bigint then 'changed_meanwhile' end) is null
    )`,
    `removed as (
      delete from todo.deleted as deleted using current
      where deleted.owner_id = $1 and deleted.resource = current.resource and deleted.id = current.id
        and ${isAllowed('current.version', '$4')}
      returning 1
    )`,
    tagsOf('$5', '$6', 'removed'),
    `created as (
      insert into todo.tasks (owner_id, id, version, ${keptColumns.join(', ')}, updated_at, tag_names)
      select $1, $2, current.version + 1, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
             greatest(statement_timestamp(), stored.updated_at), ${assignedNames}
      from removed, current, ${stored} as stored
      returning *
    )`,
    assignedToCreated,
    indexedCreated('$7', '$8'),
  ],
  select: `
    select ${taskColumns}, true as is_allowed from created as tasks
    union all
    select ${columnsWith({ tags: "'{}'::text[]", version: 'current.version' })}, false from current, ${stored} as tasks
    where not exists (select from created)`,
});

/**
 * Restores nothing unless the version is allowed. It stops with `changed_meanwhile` if the task in the trash is not the one
 * that was read.
 *
 * @param trashed undefined if the trash had no task with this id
 */
export function restoreTask(
  ownerId: string,
  id: string,
  trashed: TrashedTask | undefined,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  const { title, description, tags } = trashed?.content ?? { title: '', description: null, tags: [] };
  const words = [wordsOf(title), wordsOf(description ?? '')] as const;
  return {
    statement: restore,
    values: [ownerId, id, trashed?.seq ?? null, versions, tags, tags.map(tagKey), ...words],
    indexCost: indexCostOf(words, tags),
  };
}
