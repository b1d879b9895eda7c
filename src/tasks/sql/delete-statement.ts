/** The statements that delete tasks with their subtasks. The trigger `delete_task` records each deletion, and fills the trash. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { type Allowed, isTask } from './columns.ts';

/** The rows of a deletion: the version before it; none if there was no task. */
export type DeletedRows = [] | [{ readonly version: number } & Allowed];

const remove: OutcomeStatement<DeletedRows> = outcomeStatement('tasks_delete', {
  parameters: 3,
  with: [
    `removed as (
      delete from todo.tasks as tasks where ${isTask} and ${isAllowed('tasks.version', '$3')} returning version
    )`,
  ],
  select: `
    select version, true as is_allowed from removed
    union all
    select tasks.version, false from todo.tasks as tasks where ${isTask} and not exists (select from removed)`,
});

/** Deletes nothing unless the version is allowed. */
export function deleteTask(ownerId: string, id: string, versions: AllowedVersions): BoundOutcomeStatement<DeletedRows> {
  return { statement: remove, values: [ownerId, id, versions] };
}

const removeMany: Statement = {
  name: 'tasks_delete_many',
  text: 'delete from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = any ($2::uuid[])',
};

export function deleteTasks(ownerId: string, ids: readonly string[]): BoundStatement {
  return { statement: removeMany, values: [ownerId, ids] };
}
