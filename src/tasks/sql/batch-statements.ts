/** The statements of batches beside those of their operations: they check the operations and read their results. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import type { TaskReplace } from '../schemas.ts';
import { tagKey } from '../tag-key.ts';
import { columnsOf, writableColumns } from './columns.ts';
import { type TaskRow, taskColumns } from './row.ts';

/** The version of a task before a batch. */
export interface TaskVersion {
  readonly id: string;
  readonly version: number;
}

const versions: Statement<TaskVersion[]> = {
  name: 'tasks_versions',
  text: 'select id, version from todo.tasks where owner_id = $1 and id = any ($2::uuid[])',
};

/** Stops the batch if the task does not exist, or not in an allowed version. */
const requireTask: Statement = {
  name: 'tasks_require',
  text: `
    select todo.stop_write(case
      when version is null then 'task_not_found'
      when not ${isAllowed('version', '$3')} then 'version_mismatch'
    end)
    from (select (select version from todo.tasks where owner_id = $1 and id = $2)) as task (version)`,
};

const comparedColumns = [
  ...writableColumns.filter((column) => column !== 'position'),
  'recurrence_rule',
  'recurrence_from',
  'recurrence_missed',
];

/** Stops the batch if the id belongs to a deleted task, or to a task that differs from the one to create. */
const requireCreated: Statement = {
  name: 'tasks_require_created',
  text: `
    select todo.stop_write('id_taken')
    where not exists (
      select from todo.tasks as tasks, jsonb_populate_record(null::todo.tasks, $3) as wanted
      where tasks.owner_id = $1 and tasks.id = $2
        and (${comparedColumns.map((column) => `tasks.${column}`).join(', ')})
          is not distinct from (${comparedColumns.map((column) => `wanted.${column}`).join(', ')})
        and tasks.position = coalesce(wanted.position, tasks.position)
        and array(
          select tag.key from todo.task_tags as assigned
          join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
          where assigned.owner_id = $1 and assigned.task_id = $2 order by tag.key
        ) = array(select distinct key collate "C" from unnest($4::text[]) as key order by 1)
    )`,
};

/** A row of the results: the task of an operation after the batch. Its columns are null if the batch has deleted it. */
export type ResultRow = (TaskRow | { readonly version: null }) & {
  /** Whether the batch has created the task. */
  readonly is_new: boolean;
};

/** Stops the batch if the texts of its results exceed the maximum `$4`. */
const results: OutcomeStatement<ResultRow[]> = outcomeStatement('tasks_results', {
  parameters: 4,
  with: [
    `found as (
      select tasks.*, named.id as operation_id, named.place,
             sum(octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0)) over (order by named.place) as bytes
      from unnest($2::uuid[]) with ordinality as named (id, place)
      left join todo.tasks as tasks on tasks.owner_id = $1 and tasks.id = named.id
    )`,
    `checked as materialized (
      select todo.stop_write('results_too_large ' || min(place)) from found where bytes > $4
    )`,
    `made as (
      select id from todo.changes where owner_id = $1 and change_set = $3::uuid and kind = 'Created'
    )`,
  ],
  select: `
    select ${taskColumns}, tasks.operation_id in (select id from made) as is_new
    from found as tasks, checked order by tasks.place`,
});

export function taskVersions(ownerId: string, ids: readonly string[]): BoundStatement<TaskVersion[]> {
  return { statement: versions, values: [ownerId, ids] };
}

/** Precedes an update or a deletion in a batch. */
export function requireTaskIn(ownerId: string, id: string, allowed: AllowedVersions): BoundStatement {
  return { statement: requireTask, values: [ownerId, id, allowed] };
}

/** Follows a creation with an id in a batch. */
export function requireCreatedTask(ownerId: string, id: string, task: TaskReplace): BoundStatement {
  return { statement: requireCreated, values: [ownerId, id, JSON.stringify(columnsOf(task)), task.tags.map(tagKey)] };
}

/**
 * The tasks of a batch, as they are after it: one row per id, in the order of the ids.
 *
 * @param ids in the order of their last operations
 */
export function batchResults(
  ownerId: string,
  ids: readonly string[],
  changeSet: string,
  maxBytes: number,
): BoundOutcomeStatement<ResultRow[]> {
  return { statement: results, values: [ownerId, ids, changeSet, maxBytes] };
}
