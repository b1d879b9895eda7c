/** The mutation that undoes a change set: all of its changes, or none of them. */
import type { BoundStatement } from '../database/statement.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type HistoryRow, type ReversalSteps, reversalsOf, type StateRow } from '../resource/reversal.ts';
import { rejectionProblem } from '../tasks/mutations.ts';
import { placeFieldError } from '../tasks/place-errors.ts';
import { undoable } from './resources.ts';
import { beginUndo, type UndoneRow, undoResults } from './statements.ts';

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
    .map((reversal): ResourcePlan => {
      const { resource, id } = reversal;
      const state = states[resource]?.find((each) => each.id === id);
      const plan = undoable[resource]?.plan(changeSet.ownerId, reversal, state);
      return { resource, id, conflict: plan?.conflict ?? null, steps: plan?.steps ?? {} };
    });
  const hasConflict = plans.some(({ conflict }) => conflict !== null);
  const steps = hasConflict ? [] : stepsOf(changeSet.ownerId, plans);
  return defineMutation<UndoneRow[], UndoResult[]>({
    changeSet,
    statements: steps.map(({ statement }) => statement),
    outcome: undoResults(changeSet.ownerId, plans),
    toResult(undone) {
      if (undone.length === 0) throw new ProblemError('change_set_not_found');
      const conflicts = undone.flatMap(({ conflict }) => conflict ?? []);
      if (conflicts.length > 0) throw undoConflict(conflicts);
      return undone.map(toResult);
    },
    onConstraintViolation(error, quotas) {
      const { resource, id } = steps[error.statement]?.plan ?? {};
      const named = id === undefined ? 'a task' : `the ${resource} ${id}`;
      if (placeFieldError(error, {})) return undoConflict([`${named} cannot return to its list or its parent`]);
      return rejectionProblem(error, quotas, {});
    },
  });
}

/** The reversal of a resource. */
interface ResourcePlan {
  readonly resource: string;
  readonly id: string;
  readonly conflict: string | null;
  readonly steps: ReversalSteps;
}

/** A statement of the undo, and the plan that it belongs to. */
interface Step {
  readonly statement: BoundStatement;
  readonly plan?: ResourcePlan;
}

/** All statements of the undo, in their order. */
function stepsOf(ownerId: string, plans: readonly ResourcePlan[]): Step[] {
  const part = (name: Exclude<keyof ReversalSteps, 'restoredAfter'>, ordered = plans): Step[] =>
    ordered.flatMap((plan) => (plan.steps[name] ?? []).map((statement) => ({ statement, plan })));
  const names = Object.keys(undoable);
  const byResource = (order: readonly string[]) =>
    order.flatMap((name) => plans.filter(({ resource }) => resource === name));
  const verified = Object.entries(undoable).flatMap(([name, { verify }]): Step[] => {
    const ids = plans.filter(({ resource }) => resource === name).map(({ id }) => id);
    return verify && ids.length > 0 ? [{ statement: verify(ownerId, ids) }] : [];
  });
  return [
    { statement: beginUndo() },
    ...part('checks'),
    ...part('restored', inOrderOfRestoration(byResource(names.toReversed()))),
    ...part('updated'),
    ...part('deleted', byResource(names)),
    ...verified,
  ];
}

/** The plans in their order, but each after the one that it names in `restoredAfter`. */
function inOrderOfRestoration(plans: readonly ResourcePlan[]): ResourcePlan[] {
  // A resource of another kind can have the same id.
  const nameOf = (resource: string, id: string | null = null) => `${resource} ${id}`;
  const byName = new Map(plans.map((plan) => [nameOf(plan.resource, plan.id), plan]));
  const ordered: ResourcePlan[] = [];
  const visited = new Set<ResourcePlan>();
  const visit = (plan: ResourcePlan) => {
    if (visited.has(plan)) return;
    visited.add(plan);
    const earlier = byName.get(nameOf(plan.resource, plan.steps.restoredAfter));
    if (earlier) visit(earlier);
    ordered.push(plan);
  };
  for (const plan of plans) visit(plan);
  return ordered;
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
