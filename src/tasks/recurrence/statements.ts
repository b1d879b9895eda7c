/** The statements of recurring tasks: they read what the next occurrence depends on, and create it. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import type { DueColumns } from '../due/due.ts';
import type { Task } from '../schemas.ts';
import { type SeriesColumns, seriesColumns } from './columns.ts';

/** What the recurrence of a task depends on. */
export interface SeriesRow extends Pick<Task, 'id' | 'version' | 'status'>, DueColumns, SeriesColumns {
  /** The `indexCost` of a copy; null without a recurrence. */
  readonly copy_cost: number | null;
}

const columns = ['id', 'version', 'status', 'due_date', 'due_time', 'due_time_zone', ...seriesColumns];

const select: Statement<SeriesRow[]> = {
  name: 'tasks_series',
  text: `
    select ${columns.join(', ')},
           case when recurrence_rule is not null then 4 * cardinality(tag_names) + (
             select count(*)::integer from todo.task_words as indexed
             where indexed.owner_id = $1 and indexed.task_id = tasks.id
           ) end as copy_cost
    from todo.tasks as tasks where owner_id = $1 and id = any ($2::uuid[])`,
};

export function selectSeries(ownerId: string, ids: readonly string[]): BoundStatement<SeriesRow[]> {
  return { statement: select, values: [ownerId, ids] };
}

/** Stops the write with this reason if only the server can decide how it continues. The trigger `write_task` does the same. */
export const stopReason = 'recurrence';

const stop: Statement = {
  name: 'tasks_stop_for_series',
  text: `
    select todo.stop_write('${stopReason}') from todo.tasks
    where owner_id = $1 and id = $2 and ${isAllowed('version', '$3')}`,
};

/** Stops the write if the task exists in an allowed version. */
export function stopForSeries(ownerId: string, id: string, versions: AllowedVersions): BoundStatement {
  return { statement: stop, values: [ownerId, id, versions] };
}

const copied = ['title', 'description', 'priority', 'list_id', 'position', 'tag_names', 'due_time', 'due_time_zone'];
const copiedSeries = ['recurrence_rule', 'recurrence_from', 'recurrence_missed', 'recurrence_anchor'];

/**
 * Copies a recurring task and its subtasks, all of them open. The subtasks are due as many days later as the task. Earlier
 * occurrences of recurring subtasks are not copied.
 *
 * The ids are derived from the series and the day. If the id of the task is in use, the series comes to the same day again,
 * and the copy gets the id `$4`: after an undo, for example, the id is in the trash. If another task continues the series,
 * nothing is copied.
 */
const insertSuccessor: Statement = {
  name: 'tasks_insert_successor',
  text: `
    with recursive completed as materialized (
      select * from todo.tasks where owner_id = $1 and id = $2 and recurrence_rule is not null
    ), successor as materialized (
      select case
               when exists (select from todo.tasks as task where task.owner_id = $1 and task.id = derived.id) then $4::uuid
               when exists (
                 select from todo.deleted as deleted
                 where deleted.owner_id = $1 and deleted.resource = 'task' and deleted.id = derived.id
               ) then $4::uuid
               else derived.id
             end as id,
             $3::text::date - completed.due_date as days
      from completed, todo.derived_uuid(completed.series_id || ' ' || $3::text) as derived (id)
      where not exists (
        select from todo.tasks as other
        where other.owner_id = $1 and other.series_id = completed.series_id and other.id <> completed.id
          and other.recurrence_rule is not null
      )
    ), copy (source_id, id, parent_id, level) as (
      select completed.id, successor.id, completed.parent_id, 1 from completed, successor
      union all
      select task.id, todo.derived_uuid(copy.id || ' ' || task.id), copy.id, copy.level + 1
      from copy join todo.tasks as task on task.owner_id = $1 and task.parent_id = copy.source_id
      where task.status <> 'Done' or task.series_id is null or task.recurrence_rule is not null
    ), created as (
      insert into todo.tasks (
        owner_id, id, parent_id, ${copied.join(', ')}, due_date, ${copiedSeries.join(', ')}, recurrence_day, series_id
      )
      select $1, copy.id, copy.parent_id, ${copied.map((column) => `task.${column}`).join(', ')}, task.due_date + successor.days,
             ${copiedSeries.map((column) => `task.${column}`).join(', ')},
             case when copy.level = 1 then $3::text::date else task.recurrence_day + successor.days end,
             case when task.recurrence_rule is not null then task.series_id end
      from successor, copy join todo.tasks as task on task.owner_id = $1 and task.id = copy.source_id
      -- The trigger looks for the parent.
      order by copy.level
      returning id
    ), assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id)
      select $1, copy.id, assigned.tag_id
      from created join copy on copy.id = created.id
      join todo.task_tags as assigned on assigned.owner_id = $1 and assigned.task_id = copy.source_id
    )
    insert into todo.task_words (owner_id, task_id, word, in_title)
    select $1, copy.id, indexed.word, indexed.in_title
    from created join copy on copy.id = created.id
    join todo.task_words as indexed on indexed.owner_id = $1 and indexed.task_id = copy.source_id`,
};

/**
 * Creates the next occurrence of a task that is about to be completed.
 *
 * @param day its due day, such as `2026-12-01`
 * @param otherId its id if the derived one is in use
 */
export function createSuccessor(
  ownerId: string,
  { id, copy_cost }: SeriesRow,
  day: string,
  otherId: string,
): BoundStatement & { readonly indexCost: number } {
  return { statement: insertSuccessor, values: [ownerId, id, day, otherId], indexCost: copy_cost ?? 0 };
}
