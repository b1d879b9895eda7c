/** The mutation that undoes a change set: all of its changes, or none of them. */
import type { BoundStatement } from '../database/statement.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type HistoryRow, noPlace, type PlannedReversal, reversalsOf, type StateRow } from '../resource/reversal.ts';
import { rejectionProblem } from '../tasks/mutations.ts';
import { placeFieldError } from '../tasks/place-errors.ts';
import { withoutChecksOfParents } from '../tasks/sql/many-changes.ts';
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
  const found = new Map(
    Object.entries(states).flatMap(([resource, all]) => all.map((state) => [`${resource} ${state.id}`, state])),
  );
  // The last changed resource is first in the response.
  const plans = reversalsOf(rows)
    .toReversed()
    .map((reversal): ResourcePlan => {
      const { resource, id } = reversal;
      const plan = undoable[resource]?.plan(reversal, found.get(`${resource} ${id}`));
      return { resource, id, conflict: plan?.conflict ?? null, planned: plan?.planned };
    });
  const hasConflict = plans.some(({ conflict }) => conflict !== null);
  return defineMutation<UndoneRow[], UndoResult[]>({
    changeSet,
    statements: hasConflict ? [] : statementsOf(changeSet.ownerId, plans),
    outcome: undoResults(changeSet.ownerId, plans),
    toResult(undone) {
      if (undone.length === 0) throw new ProblemError('change_set_not_found');
      const conflicts = undone.flatMap(({ conflict }) => conflict ?? []);
      if (conflicts.length > 0) throw undoConflict(conflicts);
      return undone.map(toResult);
    },
    onStopped(error) {
      const [reason, resource, id] = error.reason.split(' ');
      return reason === noPlace ? undoConflict([cannotReturn(`the ${resource} ${id}`)]) : undefined;
    },
    onConstraintViolation(error, quotas) {
      if (placeFieldError(error, {})) return undoConflict([cannotReturn('a task')]);
      return rejectionProblem(error, quotas, {});
    },
  });
}

/** The reversal of a resource. */
interface ResourcePlan {
  readonly resource: string;
  readonly id: string;
  readonly conflict: string | null;
  readonly planned: PlannedReversal | undefined;
}

/** All statements of the undo, in their order. */
function statementsOf(ownerId: string, plans: readonly ResourcePlan[]): BoundStatement[] {
  const kinds = Object.entries(undoable).map(([name, { steps }]) => {
    const planned = plans.flatMap((plan) => (plan.resource === name && plan.planned ? [plan.planned] : []));
    return steps(ownerId, planned);
  });
  return [
    withoutChecksOfParents(),
    ...kinds.flatMap(({ checks }) => checks),
    ...kinds.toReversed().flatMap(({ restored }) => restored),
    ...kinds.flatMap(({ updated }) => updated),
    ...kinds.flatMap(({ deleted }) => deleted),
    ...kinds.flatMap(({ verified }) => verified),
  ];
}

function toResult({ resource, id, exists, text }: UndoneRow): UndoResult {
  return {
    type: resource,
    id,
    status: exists ? 200 : 204,
    ...(text !== null && { [resource]: undoable[resource]?.toResource(rowOfJson(JSON.parse(text))) }),
  };
}

function cannotReturn(named: string): string {
  return `${named} cannot return to its list or its parent`;
}

function undoConflict(conflicts: readonly string[]): ProblemError {
  const errors = conflicts.map((message) => ({ in: 'path', pointer: 'id', message }) as const);
  return new ProblemError('undo_conflict', { detail: `Nothing was undone: ${conflicts[0]}.`, errors });
}
