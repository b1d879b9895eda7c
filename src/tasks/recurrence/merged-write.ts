/** Writes of recurring tasks: a patch is merged with the stored recurrence, and a completion creates the next occurrence. */
import type { BoundStatement } from '../../database/statement.ts';
import { validationFailed } from '../../problems/problem.ts';
import type { BoundOutcomeStatement } from '../../resource/write-statement.ts';
import { dueColumns } from '../due/due.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import type { ChangedRows } from '../sql/columns.ts';
import { updateTask } from '../sql/update-statement.ts';
import { recurrenceColumns } from './columns.ts';
import { dueRequired } from './errors.ts';
import type { Recurrence } from './next-occurrence.ts';
import { evaluationCost, parseRule } from './rule.ts';
import { anchorError, intervalError, recurrenceDefaults } from './schemas.ts';
import { nextDay } from './series.ts';
import { createSuccessor, type SeriesRow } from './statements.ts';

export interface MergedWrite {
  /** The statements before the outcome. */
  readonly statements: readonly (BoundStatement & Pick<BoundOutcomeStatement, 'indexCost'>)[];
  readonly outcome: BoundOutcomeStatement<ChangedRows>;
  /** The task after them. */
  readonly after: SeriesRow;
}

/** Whether the stored recurrence of the task can decide what a patch does. */
export function dependsOnSeries({ status, recurrence }: TaskPatch): boolean {
  return recurrence != null || (status === 'Done' && recurrence !== null);
}

/**
 * The statements of a patch of a task that has been read. Setting a recurrence begins it at the due date. Completing a
 * recurring task creates its next occurrence from the patched task, and ends its recurrence.
 *
 * @param row the task before the patch
 * @param timeZone the time zone of today if the due date has none
 * @throws ProblemError validation_failed for a recurrence that cannot begin on the due date
 */
export function mergedWrite(ownerId: string, row: SeriesRow, patch: TaskPatch, timeZone: string): MergedWrite {
  const { id } = row;
  const recurrence = mergedRecurrence(row, patch);
  const status = patch.status ?? row.status;
  const merged = { ...row, status, ...dueColumns(patch.due) };
  if (recurrence === null || (row.status === 'Done' && status === 'Done')) {
    // The database rejects a patch without a rule, and drops the recurrence of a completed task.
    const outcome = updateTask(ownerId, id, patch, null);
    return { statements: [], outcome, after: { ...merged, ...recurrenceColumns(null) } };
  }
  const { due_date: due } = merged;
  if (!due) throw validationFailed([dueRequired]);
  const isNew = !isSame(row, recurrence);
  if (isNew) requireValid(recurrence, due);
  const anchor = isNew ? due : undefined;
  const set = isNew ? { ...patch, recurrence } : patch;
  const after = { ...merged, ...(isNew && recurrenceColumns(recurrence, due)) };
  if (status !== 'Done') return { statements: [], outcome: updateTask(ownerId, id, set, null, anchor), after };

  const { status: _, ...rest } = set;
  const next = nextDay(after, recurrence, timeZone);
  return {
    statements: [
      ...(Object.keys(rest).length > 0 ? [updateTask(ownerId, id, rest, null, anchor)] : []),
      ...(next === null ? [] : [createSuccessor(ownerId, row, next, evaluationCost(recurrence.rule))]),
    ],
    outcome: updateTask(ownerId, id, { status, recurrence: null }, null),
    after: { ...after, ...recurrenceColumns(null) },
  };
}

/** @throws ProblemError validation_failed for a recurrence of a new task that cannot begin on its due date */
export function requireBeginning({ recurrence, due }: TaskReplace): void {
  if (recurrence && due) requireValid(recurrence, due.date);
}

/** A task that the same write creates. */
export function newSeriesRow(id: string, { status, due, recurrence }: TaskReplace): SeriesRow {
  const columns = recurrenceColumns(recurrence, recurrence && due ? due.date : null);
  return { id, version: 1, status, ...dueColumns(due), ...columns, copy_cost: 0 };
}

/** The recurrence after a patch; null if there is none, or no rule. */
function mergedRecurrence(row: SeriesRow, { recurrence: patch }: TaskPatch): Recurrence | null {
  if (patch === null) return null;
  const rule = patch?.rule ?? (row.recurrence_rule ? parseRule(row.recurrence_rule) : null);
  if (rule === null) return null;
  return {
    rule,
    from: patch?.from ?? row.recurrence_from ?? recurrenceDefaults.from,
    missed: patch?.missed ?? row.recurrence_missed ?? recurrenceDefaults.missed,
  };
}

function isSame(row: SeriesRow, { rule, from, missed }: Recurrence): boolean {
  return row.recurrence_rule === rule.text && row.recurrence_from === from && row.recurrence_missed === missed;
}

function requireValid(recurrence: Recurrence, due: string): void {
  const message = intervalError(recurrence) ?? anchorError(recurrence, due);
  if (message) throw validationFailed([{ in: 'body', pointer: '/recurrence/rule', message }]);
}
