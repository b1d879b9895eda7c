/** The statements that restore a task from the trash, alone or with the subtasks that were deleted with it. */
import type { BoundStatement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type ChangedRows, indexCostOf, isTask, resource, writableColumns } from './columns.ts';
import { columnsWith, type TaskRow, taskColumns } from './row.ts';
import { assignedNames, assignedToCreated, indexedCreated, tagsOf } from './tags-and-words.ts';

/** The task in the trash, as an earlier statement has read it. The statement cannot compute the words of its texts. */
export interface TrashedTask {
  /** The number of its deletion. It identifies the content. */
  readonly seq: string;
  readonly content: TaskRow;
}

/** How a task is restored together with others. */
interface RestoreTogether {
  /** The number of levels from the task to its deepest subtask; 1 if it has none. */
  readonly levels: number;
  /** Whether the task is restored only below its parent. */
  readonly needsParent: boolean;
}

const alone: RestoreTogether = { levels: 1, needsParent: false };

const place = ['list_id', 'parent_id', 'position'];
const keptColumns = [
  ...writableColumns.filter((column) => !place.includes(column)),
  ...seriesColumns,
  'series_id',
  'completed_at',
  'created_at',
];
const stored = 'jsonb_populate_record(null::todo.tasks, current.content)';
const inTrash = columnsWith({ tags: "'{}'::text[]", version: 'current.version' });

/**
 * Returns the task after it, or the task in the trash if its version is not allowed. If there is no place below its parent,
 * the task goes to the top level, and if its list exists no more, to the inbox. Among other siblings, it is at the end.
 */
const restore: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_restore', {
  parameters: 10,
  with: [
    `current as materialized (
      select * from todo.deleted
      where owner_id = $1 and resource = '${resource}' and id = $2 and content is not null
        and todo.stop_write(case when seq is distinct from $3::bigint then 'changed_meanwhile' end) is null
    )`,
    `place as (
      select parent.id as parent_id, case when parent.id is null then list.id else parent.list_id end as list_id
      from current cross join ${stored} as stored
      left join todo.tasks as parent
        on parent.owner_id = $1 and parent.id = stored.parent_id and todo.task_level($1, parent.id) + $9::integer <= 5
      left join todo.lists as list on list.owner_id = $1 and list.id = stored.list_id
    )`,
    `removed as (
      delete from todo.deleted as deleted using current, place
      where deleted.owner_id = $1 and deleted.resource = current.resource and deleted.id = current.id
        and ${isAllowed('current.version', '$4')}
        and (place.parent_id is not null or not $10::boolean)
      returning 1
    )`,
    tagsOf('$5', '$6', 'removed'),
    `created as (
      insert into todo.tasks (owner_id, id, version, ${keptColumns.join(', ')}, ${place.join(', ')}, updated_at, tag_names)
      select $1, $2, current.version + 1, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
             place.list_id, place.parent_id,
             case
               when place.parent_id = stored.parent_id
                 or (place.list_id, stored.parent_id) is not distinct from (stored.list_id, null) then stored.position
             end,
             greatest(statement_timestamp(), stored.updated_at), ${assignedNames}
      from removed, current, place, ${stored} as stored
      returning *
    )`,
    assignedToCreated,
    indexedCreated('$7', '$8'),
  ],
  select: `
    select ${taskColumns}, true as is_allowed from created as tasks
    union all
    select ${inTrash}, false from current, ${stored} as tasks
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
  { levels, needsParent }: RestoreTogether = alone,
): BoundOutcomeStatement<ChangedRows> {
  const { title, description, tags } = trashed?.content ?? { title: '', description: null, tags: [] };
  const words = [wordsOf(title), wordsOf(description ?? '')] as const;
  return {
    statement: restore,
    values: [ownerId, id, trashed?.seq ?? null, versions, tags, tags.map(tagKey), ...words, levels, needsParent],
    indexCost: indexCostOf(words, tags),
  };
}

/** Returns the task that was restored, or the task in the trash if its version was not allowed. */
const restored: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_restored', {
  parameters: 2,
  with: [
    `current as (
      select * from todo.deleted where owner_id = $1 and resource = '${resource}' and id = $2 and content is not null
    )`,
  ],
  select: `
    select ${taskColumns}, true as is_allowed from todo.tasks as tasks where ${isTask}
    union all
    select ${inTrash}, false from current, ${stored} as tasks`,
});

/**
 * Restores a task and its subtasks, parents first, or nothing unless the version is allowed. A statement per task, because
 * the words of each are computed here.
 *
 * @param subtasks those that were deleted with the task; a parent precedes its subtasks
 * @param levels the number of levels of the task and its subtasks
 */
export function restoreWithSubtasks(
  ownerId: string,
  task: TrashedTask,
  subtasks: readonly TrashedTask[],
  levels: number,
  versions: AllowedVersions,
): { statements: readonly BoundStatement[]; outcome: BoundOutcomeStatement<ChangedRows> } {
  const { id } = task.content;
  const below = subtasks.map((each) =>
    restoreTask(ownerId, each.content.id, each, null, { levels: 1, needsParent: true }),
  );
  return {
    statements: [restoreTask(ownerId, id, task, versions, { levels, needsParent: false }), ...below],
    outcome: { statement: restored, values: [ownerId, id] },
  };
}
