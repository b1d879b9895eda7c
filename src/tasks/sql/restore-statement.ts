/** The statements that restore tasks from the trash, with one statement per level of subtasks. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { requireInTrash } from '../../resource/unchanged.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type ChangedRows, isTask, resource, writableColumns } from './columns.ts';
import { countTasksOfLists, manyTasks, reserveForRestored, withoutChecksOfParents } from './many-changes.ts';
import { columnsWith, type TaskRow, taskColumns } from './row.ts';
import { assignmentsOf, makeTags, namesOfKeys, wordsOfMany } from './tags-and-words.ts';

/** A task in the trash, as an earlier statement has read it. The statements cannot compute the words of its texts. */
export interface TrashedTask {
  /** The number of its deletion. It identifies the content. */
  readonly seq: string;
  readonly content: TaskRow;
}

const place = ['list_id', 'parent_id', 'position'];
const keptColumns = [
  ...writableColumns.filter((column) => !place.includes(column)),
  ...seriesColumns,
  'series_id',
  'completed_at',
  'created_at',
];

/**
 * Restores tasks in their order. If there is no place below its parent, a task goes to the top level, and if its list exists
 * no more, to the inbox. Among other siblings, it is at the end. With the limits, PostgreSQL looks each row up. It
 * would join the tables row by row if it estimates a few rows.
 */
const restore: Statement = {
  name: 'tasks_restore',
  text: `
    with placed as materialized (
      select given.*, trashed.version, trashed.content, parent.id as parent_id,
             case when parent.id is null then list.id else parent.list_id end as list_id
      from rows from (
        json_to_recordset($2::json) as (id uuid, keys text[], title_words text[], description_words text[])
      ) with ordinality as given (id, keys, title_words, description_words, number)
      cross join lateral (
        select deleted.version, deleted.content, (deleted.content ->> 'parent_id')::uuid as parent_id
        from todo.deleted as deleted
        where deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = given.id limit 1
      ) as trashed
      left join lateral (
        select tasks.id, tasks.list_id from todo.tasks as tasks
        where tasks.owner_id = $1 and tasks.id = trashed.parent_id and todo.task_level($1, tasks.id) + $3::integer <= 5 limit 1
      ) as parent on true
      left join lateral (
        select lists.id from todo.lists as lists
        where lists.owner_id = $1 and lists.id = (trashed.content ->> 'list_id')::uuid limit 1
      ) as list on true
    ), removed as (
      delete from todo.deleted as deleted
      where deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = any ($4::uuid[])
    ), created as (
      insert into todo.tasks (owner_id, id, version, ${keptColumns.join(', ')}, ${place.join(', ')}, updated_at, tag_names)
      select $1, placed.id, placed.version + 1, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
             placed.list_id, placed.parent_id,
             case
               when placed.parent_id = stored.parent_id
                 or (placed.list_id, stored.parent_id) is not distinct from (stored.list_id, null) then stored.position
             end,
             greatest(statement_timestamp(), stored.updated_at), ${namesOfKeys('placed.keys')}
      from placed, jsonb_populate_record(null::todo.tasks, placed.content) as stored
      order by placed.number
    ), assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) ${assignmentsOf('placed')}
    )
    insert into todo.task_words (owner_id, task_id, word, in_title)
    select $1, words.id, words.word, words.in_title from (${wordsOfMany('placed')}) as words`,
};

/**
 * Restores tasks that are in the trash, with or without their parents. It stops with `changed_meanwhile` if a task in the
 * trash is not the one that was read. The number of the statements depends on the levels, and not on the tasks.
 *
 * @param levels the number of levels of the tasks that must have room below the parent of the first level
 */
export function restoreTasks(ownerId: string, tasks: readonly TrashedTask[], levels = 1): BoundStatement[] {
  const required = requireInTrash(
    ownerId,
    resource,
    tasks.map(({ seq, content }) => ({ seq, id: content.id })),
  );
  const made = makeTags(
    ownerId,
    tasks.flatMap(({ content }) => content.tags),
  );
  const restored = byLevel(tasks).map((level, index) => ({
    statement: restore,
    values: [
      ownerId,
      JSON.stringify(level.map(givenOf)),
      index === 0 ? levels : 1,
      level.map(({ content }) => content.id),
    ],
  }));
  return [...required, ...(restored.length > 0 ? [withoutChecksOfParents()] : []), ...made, ...restored];
}

function givenOf({ content: { id, title, description, tags } }: TrashedTask): object {
  return {
    id,
    keys: tags.map(tagKey),
    title_words: wordsOf(title),
    description_words: wordsOf(description ?? ''),
  };
}

/** The tasks without their parents first, and then the subtasks of each level. A statement does not see the rows that it inserts. */
function byLevel(tasks: readonly TrashedTask[]): TrashedTask[][] {
  const byId = new Map(tasks.map((task) => [task.content.id, task]));
  const levels = new Map<TrashedTask, number>();
  const levelOf = (task: TrashedTask): number => {
    const known = levels.get(task);
    if (known !== undefined) return known;
    // In a cycle, which contents of different times can have, the parent counts as missing.
    levels.set(task, -1);
    const parent = byId.get(task.content.parent_id ?? '');
    const level = parent ? levelOf(parent) + 1 : 0;
    levels.set(task, level);
    return level;
  };
  const grouped: TrashedTask[][] = [];
  for (const task of tasks) {
    const level = levelOf(task);
    grouped[level] ??= [];
    grouped[level].push(task);
  }
  return grouped;
}

const stored = 'jsonb_populate_record(null::todo.tasks, current.content)';
const inTrash = columnsWith({ tags: "'{}'::text[]", version: 'current.version' });

/**
 * Returns the task that was restored, or the task in the trash if its version was not allowed. It stops with
 * `changed_meanwhile` if the task in the trash is not the one that was read.
 */
const restored: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_restored', {
  parameters: 4,
  with: [
    `current as materialized (
      select * from todo.deleted
      where owner_id = $1 and resource = '${resource}' and id = $2 and content is not null
        and todo.stop_write(case when seq is distinct from $3::bigint then 'changed_meanwhile' end) is null
    )`,
  ],
  select: `
    select ${taskColumns}, true as is_allowed from todo.tasks as tasks where ${isTask} and $4::boolean
    union all
    select ${inTrash}, false from current, ${stored} as tasks`,
});

/**
 * Restores a task with its subtasks, or nothing if its version is not allowed.
 *
 * @param trashed the task and the subtasks that were deleted with it; empty if the trash had no task with this id
 * @param levels the number of levels of the task and its subtasks
 */
export function restoreWithSubtasks(
  ownerId: string,
  id: string,
  trashed: readonly TrashedTask[],
  levels: number,
  isAllowed: boolean,
): { statements: readonly BoundStatement[]; outcome: BoundOutcomeStatement<ChangedRows> } {
  const isRestored = isAllowed && trashed.length > 0;
  const areMany = trashed.length >= manyTasks;
  const statements = [
    ...(areMany ? [reserveForRestored(ownerId, trashed.length)] : []),
    ...restoreTasks(ownerId, trashed, levels),
    ...(areMany ? [countTasksOfLists(ownerId)] : []),
  ];
  return {
    statements: isRestored ? statements : [],
    outcome: { statement: restored, values: [ownerId, id, trashed[0]?.seq ?? null, isRestored] },
  };
}
