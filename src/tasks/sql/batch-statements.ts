/** The statements of batches beside those of their operations: they check the operations. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import type { ResourceVersion } from '../../resource/batch.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import type { TaskReplace } from '../schemas.ts';
import { tagKey } from '../tag-key.ts';
import { columnsOf, writableColumns } from './columns.ts';

const versions: Statement<ResourceVersion[]> = {
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

export function taskVersions(ownerId: string, ids: readonly string[]): BoundStatement<ResourceVersion[]> {
  return { statement: versions, values: [ownerId, ids] };
}

/** Precedes the change of a task in a batch. */
export function requireTaskIn(ownerId: string, id: string, allowed: AllowedVersions): BoundStatement {
  return { statement: requireTask, values: [ownerId, id, allowed] };
}

/** Follows a creation with an id in a batch. */
export function requireCreatedTask(ownerId: string, id: string, task: TaskReplace): BoundStatement {
  return { statement: requireCreated, values: [ownerId, id, JSON.stringify(columnsOf(task)), task.tags.map(tagKey)] };
}
