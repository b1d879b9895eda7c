/** The mutations of single tasks. */
import { isDeepStrictEqual } from 'node:util';
import type { RefusedValueError } from '../database/user-database.ts';
import { ProblemError, validationFailed } from '../problems/problem.ts';
import { type Quotas, quotaProblem } from '../quotas/quotas.ts';
import { assertLocked } from '../resource/locked-row.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import type { AllowedVersions } from '../resource/preconditions.ts';
import type { WriteStatus } from '../resource/response.ts';
import { dueFieldError } from './due/errors.ts';
import type { Task, TaskPatch, TaskReplace } from './schemas.ts';
import { toTask } from './sql/row.ts';
import { deleteTask, insertTask, lockTask, selectTask, updateTask } from './sql/write-statements.ts';
import { tagKey } from './tag-key.ts';

export interface TaskResult {
  readonly status: WriteStatus;
  /** The task after the mutation; absent if the mutation deleted it, or if its result must not have the task. */
  readonly task?: Task;
}

/** The result is 200 if a task with this id and these fields exists. */
export function createTaskMutation(ownerId: string, id: string, task: TaskReplace): Mutation<TaskResult> {
  return defineMutation({
    statements: [insertTask(ownerId, id, task), selectTask(ownerId, id)],
    toResult([[created], [row]]): TaskResult {
      const stored = row && toTask(row);
      if (stored && created) return { status: 201, task: stored };
      if (stored && hasFields(stored, task)) return { status: 200, task: stored };
      throw new ProblemError('id_taken');
    },
    onConstraintViolation: rejectionProblem,
  });
}

export function patchTaskMutation(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
): Mutation<TaskResult> {
  return defineMutation({
    statements: [lockTask(ownerId, id), updateTask(ownerId, id, patch, versions), selectTask(ownerId, id)],
    toResult([[locked], , [changed]]): TaskResult {
      assertLocked(locked, versions, 'task_not_found');
      if (!changed) throw new ProblemError('task_not_found');
      return { status: 200, task: toTask(changed) };
    },
    onConstraintViolation: rejectionProblem,
  });
}

/** A patch whose result has no task, so that no statement reads it. */
export function changeTaskMutation(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
): Mutation<TaskResult> {
  return defineMutation({
    statements: [lockTask(ownerId, id), updateTask(ownerId, id, patch, versions)],
    toResult([[locked]]): TaskResult {
      assertLocked(locked, versions, 'task_not_found');
      return { status: 200 };
    },
    onConstraintViolation: rejectionProblem,
  });
}

/** A patch of every field. Absent keys of the due date are cleared. */
export function replaceTaskMutation(
  ownerId: string,
  id: string,
  task: TaskReplace,
  versions: AllowedVersions,
): Mutation<TaskResult> {
  const due = task.due && { time: null, time_zone: null, ...task.due };
  return patchTaskMutation(ownerId, id, { ...task, due }, versions);
}

export function deleteTaskMutation(ownerId: string, id: string, versions: AllowedVersions): Mutation<TaskResult> {
  return defineMutation({
    statements: [lockTask(ownerId, id), deleteTask(ownerId, id, versions)],
    toResult([[locked]]): TaskResult {
      assertLocked(locked, versions, 'task_not_found');
      return { status: 204 };
    },
    onConstraintViolation: rejectionProblem,
  });
}

function rejectionProblem(error: RefusedValueError, _index: number, quotas: Quotas): ProblemError | undefined {
  const fieldError = dueFieldError(error);
  return fieldError ? validationFailed([fieldError]) : quotaProblem(error.constraint, quotas);
}

/** Whether a stored task is the one that a request to create it asks for. */
function hasFields(stored: Task, { tags, ...fields }: TaskReplace): boolean {
  const keys = (names: readonly string[]) => new Set(names.map(tagKey));
  return (
    Object.entries(fields).every(([name, value]) => isDeepStrictEqual(stored[name as keyof Task], value)) &&
    isDeepStrictEqual(keys(stored.tags), keys(tags))
  );
}
