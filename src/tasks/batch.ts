/** Batches: up to 100 operations in order, all or none of them, in one transaction and one round trip. */
import { uuidv7 } from 'uuidv7';
import type { BoundStatement } from '../database/statement.ts';
import type { WriteStoppedError } from '../database/user-database.ts';
import { type FieldError, ProblemError, validationFailed } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { versionMismatch } from '../resource/preconditions.ts';
import type { BoundOutcomeStatement } from '../resource/write-statement.ts';
import type { BatchOperation } from './batch-schemas.ts';
import { rejectionProblem, type TaskResult } from './mutations.ts';
import type { SentPlace } from './place-errors.ts';
import { dependsOnSeries, mergedWrite, newSeriesRow, requireBeginning } from './recurrence/merged-write.ts';
import type { ReadSeries } from './recurrence/series.ts';
import { type SeriesRow, selectSeveralSeries, stopReason } from './recurrence/statements.ts';
import {
  batchResults,
  type ResultRow,
  requireCreatedTask,
  requireTaskIn,
  type TaskVersion,
  taskVersions,
} from './sql/batch-statements.ts';
import { deleteTask } from './sql/delete-statement.ts';
import { insertTask } from './sql/insert-statement.ts';
import { toTask } from './sql/row.ts';
import { updateTask } from './sql/update-statement.ts';

/**
 * Maximum number of search words in a batch. A tag counts as four words, and a repeated change of a task counts three times.
 * The rows of words and tags are most of the cost of a batch. A hundred tasks with 30 words each have 3,000 words.
 */
export const maxBatchIndexCost = 3_000;

/**
 * Maximum size of the titles and descriptions of all results, in bytes. Without it, a small batch of changes to large tasks
 * would have a response many times its own size, which the server also stores.
 */
export const maxResultsBytes = 1024 * 1024;

/** An operation with the id of its task, and its statements. */
interface Step {
  readonly operation: BatchOperation;
  readonly id: string;
  readonly statements: readonly BoundStatement[];
}

/**
 * One mutation of all operations. The result of an operation has the task unless a later operation names the same task.
 * So the results contain each task once, as it is after the batch. If the recurrence of a task decides what an operation
 * does, the first mutation stops, and the next one knows the tasks.
 *
 * @throws ProblemError validation_failed for more than `maxBatchIndexCost`, and for a recurrence that cannot begin
 */
export function batchMutation(
  changeSet: ChangeSet,
  operations: readonly BatchOperation[],
  series: ReadSeries,
): Mutation<TaskResult[]> {
  const { ownerId, id: changeSetId } = changeSet;
  const steps = boundedSteps(ownerId, operations, series);
  const named = operations.flatMap(
    ({ op, ...operation }) => ('id' in operation ? operation.id : operation.task.id) ?? [],
  );
  const recurring = operations.flatMap((each) =>
    each.op === 'update' && dependsOnSeries(each.patch) ? [each.id] : [],
  );
  const first = [
    taskVersions(ownerId, named),
    ...(recurring.length > 0 ? [selectSeveralSeries(ownerId, recurring)] : []),
    ...series.rows.map(({ id, version }) => requireTaskIn(ownerId, id, [version])),
  ];
  const statements = [...first, ...steps.flatMap((step) => step.statements)];
  const firstSteps = new Map(steps.toReversed().map((step) => [step.id, step]));
  const lastSteps = new Map(steps.map((step) => [step.id, step]));
  const finalSteps = steps.filter((step) => lastSteps.get(step.id) === step);
  const ids = finalSteps.map(({ id }) => id);
  return defineMutation<ResultRow[], TaskResult[]>({
    changeSet,
    statements,
    outcome: batchResults(ownerId, ids, changeSetId, maxResultsBytes),
    toResult(rows) {
      // By position, because a replay has generated other ids for the tasks without one.
      const rowOf = new Map(finalSteps.map(({ id }, index) => [id, rows[index] as ResultRow]));
      return steps.map((step) => {
        const row = rowOf.get(step.id) as ResultRow;
        if (step.operation.op === 'delete') return { status: 204 };
        // The first operation on a new task has created it.
        const status = row.is_new && firstSteps.get(step.id) === step ? 201 : 200;
        return lastSteps.get(step.id) === step && row.version !== null ? { status, task: toTask(row) } : { status };
      });
    },
    onStopped(error) {
      if (error.reason === stopReason || error.statement < first.length) {
        series.keep(error.rowsOf<SeriesRow>(1));
        return undefined;
      }
      const [reason, place] = error.reason.split(' ');
      if (reason === 'results_too_large') return resultsTooLarge(steps.indexOf(finalSteps[Number(place) - 1] as Step));
      const index = stepOf(steps, error.statement - first.length);
      const before = error.rowsOf<TaskVersion>(0).find(({ id }) => id === steps[index]?.id);
      return problemOfOperation(stoppedProblem(error, before), index, operations[index]);
    },
    onConstraintViolation(error, quotas) {
      const index = stepOf(steps, error.statement - first.length);
      const problem = rejectionProblem(error, quotas, placeOf(operations[index]));
      return problem && problemOfOperation(problem, index, operations[index]);
    },
  });
}

/**
 * The statements of each operation. It throws at the operation that exceeds `maxBatchIndexCost`, before it computes the
 * words of the operations after it.
 */
function boundedSteps(ownerId: string, operations: readonly BatchOperation[], series: ReadSeries): Step[] {
  const changed = new Set<string>();
  const states = new Map(series.rows.map((row) => [row.id, row]));
  let indexCost = 0;
  return operations.map((operation, index) => {
    const id = (operation.op === 'create' ? operation.task.id : operation.id) ?? uuidv7();
    const statements = atOperation(operation, index, () => stepStatements({ ownerId, operation, id }, states, series));
    // PostgreSQL also reads the rows that the earlier changes of this transaction have deleted.
    indexCost += (changed.has(id) ? 3 : 1) * statements.reduce((sum, { indexCost: cost = 0 }) => sum + cost, 0);
    changed.add(id);
    // The first operation has no limit, because the same request without a batch has none.
    if (index > 0 && indexCost > maxBatchIndexCost) throw tooManyWords(index);
    return { operation, id, statements };
  });
}

type StepStatement = BoundStatement & Pick<BoundOutcomeStatement, 'indexCost'>;

/** @param states the known tasks with their recurrences, as they are before the operation; changed to those after it */
function stepStatements(
  { ownerId, operation, id }: { ownerId: string; operation: BatchOperation; id: string },
  states: Map<string, SeriesRow>,
  series: ReadSeries,
): StepStatement[] {
  if (operation.op === 'create') {
    const { id: given, ...task } = operation.task;
    requireBeginning(task);
    if (series.isRead && !states.has(id)) states.set(id, newSeriesRow(id, task));
    const write = insertTask(ownerId, id, task, { isIdGiven: given !== undefined });
    return given === undefined ? [write] : [write, requireCreatedTask(ownerId, id, task)];
  }
  const versions = operation.if_version === undefined ? null : [operation.if_version];
  const required = requireTaskIn(ownerId, id, versions);
  const state = states.get(id);
  if (operation.op === 'delete') {
    states.delete(id);
    return [required, deleteTask(ownerId, id, versions)];
  }
  if (!state) return [required, updateTask(ownerId, id, operation.patch, versions)];
  const merged = mergedWrite(ownerId, state, operation.patch, series.timeZone);
  states.set(id, merged.after);
  return [required, ...merged.statements, merged.outcome];
}

/** @throws ProblemError with the place of the operation */
function atOperation<Result>(operation: BatchOperation, index: number, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw error instanceof ProblemError ? problemOfOperation(error, index, operation) : error;
  }
}

/**
 * The index of the operation that a statement belongs to.
 *
 * @param statement its index among the statements of all steps
 */
function stepOf(steps: readonly Step[], statement: number): number {
  let end = 0;
  return steps.findIndex(({ statements }) => {
    end += statements.length;
    return statement < end;
  });
}

function tooManyWords(index: number): ProblemError {
  const most = maxBatchIndexCost.toLocaleString('en');
  const message = `the batch has more than ${most} search words and tags up to here; send the rest in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

function resultsTooLarge(index: number): ProblemError {
  const message = `the results up to this operation exceed ${maxResultsBytes / 1024} KiB; send it and those after it in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

/** @param before the version of the task before the batch, which it has again */
function stoppedProblem({ reason }: WriteStoppedError, before: TaskVersion | undefined): ProblemError {
  if (reason === 'version_mismatch' && before) return versionMismatch(before.version);
  return new ProblemError(reason as 'task_not_found' | 'id_taken' | 'version_mismatch');
}

function placeOf(operation: BatchOperation | undefined): SentPlace {
  if (operation?.op === 'create') return operation.task;
  return operation?.op === 'update' ? operation.patch : {};
}

/** The problem of a batch whose operation at `index` has failed. */
function problemOfOperation(problem: ProblemError, index: number, operation: BatchOperation | undefined): ProblemError {
  const pointer = `/operations/${index}`;
  if (problem.code === 'validation_failed' && problem.errors) {
    const part = operation?.op === 'create' ? 'task' : 'patch';
    return validationFailed(
      problem.errors.map((error) => ({ ...error, pointer: `${pointer}/${part}${error.pointer}` })),
    );
  }
  const error: FieldError = { in: 'body', pointer, message: problem.detail };
  return new ProblemError(problem.code, {
    detail: `operations/${index}: ${problem.detail}`,
    errors: [error],
    extensions: problem.extensions,
    cause: problem,
  });
}
