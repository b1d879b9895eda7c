/** The mutation that undoes a change set: all of its changes, or none of them. */
import { ProblemError } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type HistoryRow, reversalsOf, type StateRow } from '../resource/reversal.ts';
import { rejectionProblem } from '../tasks/mutations.ts';
import { undoable } from './resources.ts';
import { type UndoneRow, undoResults } from './statements.ts';

/** A resource after the undo. The property with the name of its type has the resource. */
export interface UndoResult {
  readonly type: string;
  readonly id: string;
  /** 200 if the resource exists, 204 if the undo has deleted it. */
  readonly status: 200 | 204;
  readonly [resource: string]: unknown;
}

/**
 * The outcome contains the conflicts and the results, because a replay renders it after a plan of its own, for which the
 * changes are undone already.
 *
 * @param changeSet the one of the undo
 * @param rows the changes to undo, in their order
 * @param states the changed resources as they are now, by resource
 */
export function undoMutation(
  changeSet: ChangeSet,
  rows: readonly HistoryRow[],
  states: Readonly<Record<string, readonly StateRow[]>>,
): Mutation<UndoResult[]> {
  // The last change is undone first.
  const plans = reversalsOf(rows)
    .toReversed()
    .map((reversal) => {
      const { resource, id } = reversal;
      const state = states[resource]?.find((each) => each.id === id);
      const plan = undoable[resource]?.plan(changeSet.ownerId, reversal, state);
      return { resource, id, conflict: plan?.conflict ?? null, steps: plan?.steps ?? [] };
    });
  const hasConflict = plans.some(({ conflict }) => conflict !== null);
  return defineMutation<UndoneRow[], UndoResult[]>({
    changeSet,
    statements: hasConflict ? [] : plans.flatMap(({ steps }) => steps),
    outcome: undoResults(changeSet.ownerId, plans),
    toResult(undone) {
      if (undone.length === 0) throw new ProblemError('change_set_not_found');
      const conflicts = undone.flatMap(({ conflict }) => conflict ?? []);
      if (conflicts.length > 0) throw undoConflict(conflicts);
      return undone.map(toResult);
    },
    onConstraintViolation: (error, quotas) => rejectionProblem(error, quotas, {}),
  });
}

function toResult({ resource, id, exists, text }: UndoneRow): UndoResult {
  return {
    type: resource,
    id,
    status: exists ? 200 : 204,
    ...(text !== null && { [resource]: undoable[resource]?.toResource(rowOfJson(JSON.parse(text))) }),
  };
}

function undoConflict(conflicts: readonly string[]): ProblemError {
  const errors = conflicts.map((message) => ({ in: 'path', pointer: 'id', message }) as const);
  return new ProblemError('undo_conflict', { detail: `Nothing was undone: ${conflicts[0]}.`, errors });
}
