/** The mutations of single tasks. */
import { isDeepStrictEqual } from 'node:util';
import { uuidv7 } from 'uuidv7';
import type { RefusedValueError } from '../database/user-database.ts';
import { ProblemError, validationFailed } from '../problems/problem.ts';
import { type Quotas, quotaProblem } from '../quotas/quotas.ts';
import type { ChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type AllowedVersions, versionMismatch } from '../resource/preconditions.ts';
import type { WriteStatus } from '../resource/response.ts';
import { dueFieldError } from './due/errors.ts';
import { placeFieldError, type SentPlace } from './place-errors.ts';
import { recurrenceFieldError } from './recurrence/errors.ts';
import { dependsOnSeries, mergedWrite, requireBeginning } from './recurrence/merged-write.ts';
import type { ReadSeries } from './recurrence/series.ts';
import { type SeriesRow, selectSeries } from './recurrence/statements.ts';
import type { Task, TaskMove, TaskPatch, TaskReplace } from './schemas.ts';
import { taskVersions } from './sql/batch-statements.ts';
import type { ChangedRows } from './sql/columns.ts';
import { deleteTask } from './sql/delete-statement.ts';
import { insertTask } from './sql/insert-statement.ts';
import { moveTask } from './sql/move-statement.ts';
import { restoreWithSubtasks, type TrashedTask } from './sql/restore-statement.ts';
import { toTask } from './sql/row.ts';
import { updateTask } from './sql/update-statement.ts';
import { tagKey } from './tag-key.ts';

export interface TaskResult {
  readonly status: WriteStatus;
  /** The task after the mutation; absent if the mutation deleted it. */
  readonly task?: Task;
}

/**
 * The result is 200 if a task with this id and these fields exists.
 *
 * @param id chosen by the client; otherwise the task gets a new one
 * @throws ProblemError validation_failed for a recurrence that cannot begin on the due date
 */
export function createTaskMutation(changeSet: ChangeSet, task: TaskReplace, id?: string): Mutation<TaskResult> {
  requireBeginning(task);
  return defineMutation({
    changeSet,
    statements: [],
    outcome: insertTask(changeSet.ownerId, id ?? uuidv7(), task, { isIdGiven: id !== undefined }),
    toResult([row]): TaskResult {
      const stored = row && toTask(row);
      if (stored && row.is_new) return { status: 201, task: stored };
      if (stored && hasFields(stored, task)) return { status: 200, task: stored };
      throw new ProblemError('id_taken');
    },
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, task),
  });
}

/**
 * If the recurrence of the task decides what the patch does, the first mutation stops, and the next one knows the task.
 *
 * @throws ProblemError validation_failed for a recurrence that cannot begin on the due date
 */
export function patchTaskMutation(
  changeSet: ChangeSet,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
  series: ReadSeries,
): Mutation<TaskResult> {
  const { ownerId } = changeSet;
  const row = series.get(id, versions);
  const merged = row && mergedWrite(ownerId, row, patch, series.timeZone);
  return defineMutation({
    changeSet,
    statements: [
      ...(dependsOnSeries(patch) ? [selectSeries(ownerId, id)] : []),
      ...(row ? [taskVersions.require(ownerId, id, [row.version])] : []),
      ...(merged?.statements ?? []),
    ],
    outcome: merged?.outcome ?? updateTask(ownerId, id, patch, versions),
    toResult: changedTask,
    onStopped(error) {
      series.keep(error.rowsOf<SeriesRow>(0));
      return undefined;
    },
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, patch),
  });
}

export function replaceTaskMutation(
  changeSet: ChangeSet,
  id: string,
  task: TaskReplace,
  versions: AllowedVersions,
  series: ReadSeries,
): Mutation<TaskResult> {
  return patchTaskMutation(changeSet, id, patchOfReplacement(task), versions, series);
}

/** A patch of every field. Absent keys of the due date are cleared. */
export function patchOfReplacement(task: TaskReplace): TaskPatch {
  return { ...task, due: task.due && { time: null, time_zone: null, ...task.due } };
}

export function moveTaskMutation(
  changeSet: ChangeSet,
  id: string,
  move: TaskMove,
  versions: AllowedVersions,
): Mutation<TaskResult> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: moveTask(changeSet.ownerId, id, move, versions),
    toResult: changedTask,
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, move),
  });
}

export function deleteTaskMutation(changeSet: ChangeSet, id: string, versions: AllowedVersions): Mutation<TaskResult> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: deleteTask(changeSet.ownerId, id, versions),
    toResult([row]): TaskResult {
      if (!row) throw new ProblemError('task_not_found');
      if (!row.is_allowed) throw versionMismatch(row.version);
      return { status: 204 };
    },
    onConstraintViolation: () => undefined,
  });
}

/**
 * @param trashed the task in the trash and the subtasks that were deleted with it, as they were read; empty if there was none
 * @param levels the number of their levels
 * @param isAllowed whether the version of the task in the trash is allowed
 */
export function restoreTaskMutation(
  changeSet: ChangeSet,
  id: string,
  trashed: readonly TrashedTask[],
  levels: number,
  isAllowed: boolean,
): Mutation<TaskResult> {
  return defineMutation({
    changeSet,
    ...restoreWithSubtasks(changeSet.ownerId, id, trashed, levels, isAllowed),
    toResult(rows) {
      if (rows.length === 0) throw notInTrash();
      return changedTask(rows);
    },
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, {}),
  });
}

/** The problem of an id that is not in the trash, which has tasks and lists. */
export function notInTrash(): ProblemError {
  return new ProblemError('task_not_found', { detail: 'The trash has no task or list with this id.' });
}

/** The result of a write that changes a task, or brings it back. */
export function changedTask([row]: ChangedRows): TaskResult {
  if (!row) throw new ProblemError('task_not_found');
  if (!row.is_allowed) throw versionMismatch(row.version);
  return { status: 200, task: toTask(row) };
}

/**
 * The problem of a value that PostgreSQL rejected: a due date, a list, a parent, a recurrence or a quota.
 *
 * @param sent the fields of the request; empty if it has no body
 */
export function rejectionProblem(error: RefusedValueError, quotas: Quotas, sent: SentPlace): ProblemError | undefined {
  const fieldError = dueFieldError(error) ?? placeFieldError(error, sent) ?? recurrenceFieldError(error);
  return fieldError ? validationFailed([fieldError]) : quotaProblem(error.constraint, quotas);
}

/** Whether a stored task is the one that a request to create it asks for. */
function hasFields(stored: Task, { tags, recurrence, ...fields }: TaskReplace): boolean {
  const keys = (names: readonly string[]) => new Set(names.map(tagKey));
  return (
    Object.entries(fields).every(([name, value]) => isDeepStrictEqual(stored[name as keyof Task], value)) &&
    isDeepStrictEqual(stored.recurrence, recurrence && { ...recurrence, rule: recurrence.rule.text }) &&
    isDeepStrictEqual(keys(stored.tags), keys(tags))
  );
}
