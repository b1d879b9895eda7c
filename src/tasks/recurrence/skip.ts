/** The mutation that skips an occurrence of a recurring task. */
import { type ProblemError, validationFailed } from '../../problems/problem.ts';
import type { ChangeSet } from '../../resource/change.ts';
import { defineMutation, type Mutation } from '../../resource/mutation.ts';
import type { AllowedVersions } from '../../resource/preconditions.ts';
import { changedTask, rejectionProblem, type TaskResult } from '../mutations.ts';
import { taskVersions } from '../sql/batch-statements.ts';
import { updateColumns } from '../sql/update-statement.ts';
import { dayAfterSkipped, type ReadSeries, storedRecurrence } from './series.ts';
import { type SeriesRow, selectSeries, stopForSeries } from './statements.ts';

/**
 * Moves a task to its next occurrence. The first mutation reads the task and stops; the next one knows the task.
 *
 * @throws ProblemError validation_failed if the task does not recur, or if its series ends
 */
export function skipTaskMutation(
  changeSet: ChangeSet,
  id: string,
  versions: AllowedVersions,
  series: ReadSeries,
): Mutation<TaskResult> {
  const { ownerId } = changeSet;
  const row = series.get(id, versions);
  const next = row && requireNextDay(row, series.timeZone);
  return defineMutation({
    changeSet,
    statements: [
      selectSeries(ownerId, id),
      row ? taskVersions.require(ownerId, id, [row.version]) : stopForSeries(ownerId, id, versions),
    ],
    outcome: updateColumns(ownerId, id, next ? { due_date: next, recurrence_day: next } : {}, versions),
    toResult: changedTask,
    onStopped(error) {
      series.keep(error.rowsOf<SeriesRow>(0));
      return undefined;
    },
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, {}),
  });
}

function requireNextDay(row: SeriesRow, timeZone: string): string {
  const recurrence = storedRecurrence(row);
  if (!recurrence) throw notSkippable('must be the id of a task with a recurrence');
  const next = dayAfterSkipped(row, recurrence, timeZone);
  if (next === null)
    throw notSkippable('must be the id of a task with another occurrence; complete this last one instead');
  return next;
}

function notSkippable(message: string): ProblemError {
  return validationFailed([{ in: 'path', pointer: 'id', message }]);
}
