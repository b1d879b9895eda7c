/** The statements of recurring tasks: they read what the next occurrence depends on, and create it. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import type { DueColumns } from '../due/due.ts';
import type { Task } from '../schemas.ts';
import { type SeriesColumns, seriesColumns } from './columns.ts';

/** What the recurrence of a task depends on. */
export interface SeriesRow extends Pick<Task, 'id' | 'version' | 'status'>, DueColumns, SeriesColumns {
  /** The `indexCost` of a copy, if the task is one of a batch. */
  readonly copy_cost: number;
}

const columns = ['id', 'version', 'status', 'due_date', 'due_time', 'due_time_zone', ...seriesColumns];

const select: Statement<SeriesRow[]> = {
  name: 'tasks_series',
  text: `select ${columns.join(', ')}, 0 as copy_cost from todo.tasks where owner_id = $1 and id = $2`,
};

const selectSeveral: Statement<SeriesRow[]> = {
  name: 'tasks_series_several',
  text: `
    select ${columns.join(', ')},
           case when recurrence_rule is null then 0 else 4 * cardinality(tag_names) + (
             select count(*)::integer from todo.task_words as indexed
             where indexed.owner_id = $1 and indexed.task_id = tasks.id
           ) end as copy_cost
    from todo.tasks as tasks where owner_id = $1 and id = any ($2::uuid[])`,
};

export function selectSeries(ownerId: string, id: string): BoundStatement<SeriesRow[]> {
  return { statement: select, values: [ownerId, id] };
}

/** The tasks of a batch, with the costs of their copies. */
export function selectSeveralSeries(ownerId: string, ids: readonly string[]): BoundStatement<SeriesRow[]> {
  return { statement: selectSeveral, values: [ownerId, ids] };
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

/** Ids for one day of a series. The next one is for a series that comes to the same day again. */
const maxIdsOfDay = 100;

/**
 * Copies a recurring task and its subtasks, all of them open. The subtasks are due as many days later as the task. Earlier
 * occurrences of recurring subtasks are not copied.
 *
 * The ids are derived from the series and the day. If the first id of a day belongs to a deleted or completed task, or to
 * the task itself, the copy gets the next one: after an undo, for example, the first one is in the trash. If the id belongs
 * to a task that continues the series, nothing is copied.
 */
const insertSuccessor: Statement = {
  name: 'tasks_insert_successor',
  text: `
    with recursive completed as materialized (
      select * from todo.tasks where owner_id = $1 and id = $2 and recurrence_rule is not null
    ), candidate as materialized (
      select derived.id, task.id is not null as is_taken, $3::text::date - completed.due_date as days
      from completed
      cross join generate_series(1, ${maxIdsOfDay}) as place
      cross join todo.derived_uuid(
        completed.series_id || ' ' || $3::text || case when place > 1 then ' ' || place else '' end
      ) as derived (id)
      left join todo.tasks as task on task.owner_id = $1 and task.id = derived.id
      where case
          when task.id is not null then task.recurrence_rule is not null and task.id <> completed.id
          else not exists (
            select from todo.deleted as deleted
            where deleted.owner_id = $1 and deleted.resource = 'task' and deleted.id = derived.id
          )
        end
      order by place limit 1
    ), successor as materialized (
      select id, days from candidate where not is_taken
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
 * @param evaluationCost the cost of the day, relative to the row of a search word
 */
export function createSuccessor(
  ownerId: string,
  { id, copy_cost }: SeriesRow,
  day: string,
  evaluationCost: number,
): BoundStatement & { readonly indexCost: number } {
  return { statement: insertSuccessor, values: [ownerId, id, day], indexCost: copy_cost + evaluationCost };
}
