/** The operations of a batch on tasks. */
import { z } from 'zod';
import { defineBatchable, type OperationOf } from '../resource/batch.ts';
import { patchOfReplacement, rejectionProblem } from './mutations.ts';
import { dependsOnSeries, mergedWrite, newSeriesRow, requireBeginning } from './recurrence/merged-write.ts';
import { type SeriesRow, selectSeveralSeries, stopReason } from './recurrence/statements.ts';
import {
  type TaskMove,
  type TaskPatch,
  type TaskReplace,
  task,
  taskCreate,
  taskMove,
  taskPatch,
  taskReplace,
} from './schemas.ts';
import { requireCreatedTask, taskVersions } from './sql/batch-statements.ts';
import { deleteTask } from './sql/delete-statement.ts';
import { insertTask } from './sql/insert-statement.ts';
import { moveTask } from './sql/move-statement.ts';
import { type TaskRow, taskColumns, toTask } from './sql/row.ts';
import { updateTask } from './sql/update-statement.ts';

interface TaskFields {
  readonly create: TaskReplace;
  readonly replace: TaskReplace;
  readonly update: TaskPatch;
  readonly move: TaskMove;
  readonly delete: object;
}

type TaskOperation = OperationOf<TaskFields>;

/** If the recurrence of a task decides what an operation does, the first plan is stopped, and the next one knows the tasks. */
export const taskBatch = defineBatchable<TaskFields>({
  schemas: { create: taskCreate, replace: taskReplace, update: taskPatch, move: taskMove, delete: z.strictObject({}) },
  schema: task,
  planAgain: stopReason,
  readVersions: taskVersions.read,

  plan({ ownerId, operations, timeZone, read }) {
    const recurring = operations.filter((operation) => dependsOnSeries(patchOf(operation))).map(({ id }) => id);
    const rows = recurring.length > 0 ? ((read?.[0] ?? []) as unknown as SeriesRow[]) : [];
    // The known tasks with their recurrences, as they are after the operations so far.
    const states = new Map(rows.map((row) => [row.id, row]));
    return {
      statements: [
        ...(recurring.length > 0 ? [selectSeveralSeries(ownerId, recurring)] : []),
        ...rows.map(({ id, version }) => taskVersions.require(ownerId, id, [version])),
      ],

      statementsOf(operation) {
        const { id, isIdGiven, versions } = operation;
        if (operation.op === 'create') {
          requireBeginning(operation.fields);
          if (read && !states.has(id)) states.set(id, newSeriesRow(id, operation.fields));
          const write = insertTask(ownerId, id, operation.fields, { isIdGiven });
          return isIdGiven ? [write, requireCreatedTask(ownerId, id, operation.fields)] : [write];
        }
        const required = taskVersions.require(ownerId, id, versions);
        if (operation.op === 'move') return [required, moveTask(ownerId, id, operation.fields, versions)];
        if (operation.op === 'delete') {
          states.delete(id);
          return [required, deleteTask(ownerId, id, versions)];
        }
        const patch = patchOf(operation);
        const state = states.get(id);
        if (!state) return [required, updateTask(ownerId, id, patch, versions)];
        const merged = mergedWrite(ownerId, state, patch, timeZone);
        states.set(id, merged.after);
        return [required, ...merged.statements, merged.outcome];
      },
    };
  },

  rejected: (error, quotas, { fields }) => rejectionProblem(error, quotas, fields),

  from: `(
        select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = named.id
      ) as current`,

  textBytes: 'octet_length(current.title) + coalesce(octet_length(current.description), 0)',

  toResource: (columns) => toTask(columns as TaskRow),
});

/** The patch that an operation is; empty unless it replaces or updates a task. */
function patchOf(operation: TaskOperation): TaskPatch {
  if (operation.op === 'replace') return patchOfReplacement(operation.fields);
  return operation.op === 'update' ? operation.fields : {};
}
