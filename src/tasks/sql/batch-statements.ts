/** The statements of batches beside those of their operations: they check the operations. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { versionStatements } from '../../resource/versions.ts';
import type { TaskReplace } from '../schemas.ts';
import { tagKey } from '../tag-key.ts';
import { columnsOf, resource, writableColumns } from './columns.ts';

export const taskVersions = versionStatements(resource);

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

/** Follows a creation with an id in a batch. */
export function requireCreatedTask(ownerId: string, id: string, task: TaskReplace): BoundStatement {
  return { statement: requireCreated, values: [ownerId, id, JSON.stringify(columnsOf(task)), task.tags.map(tagKey)] };
}
