/** Batches: up to 100 operations in order, all or none of them, in one transaction. */
import { uuidv7 } from 'uuidv7';
import { type FieldError, ProblemError, validationFailed } from '../problems/problem.ts';
import { composeMutations, defineMutation, type Mutation } from '../resource/mutation.ts';
import type { BatchOperation } from './batch-schemas.ts';
import {
  changeTaskMutation,
  createTaskMutation,
  deleteTaskMutation,
  patchTaskMutation,
  type TaskResult,
} from './mutations.ts';
import { type LockedTask, lockTasks } from './sql/write-statements.ts';

/**
 * Maximum number of search words in a batch. A tag counts as four words, and a repeated change of a task counts three times.
 * The rows of words and tags are most of the cost of a batch. A hundred tasks with 30 words each have 3,000 words.
 */
export const maxBatchIndexCost = 3_000;

/**
 * Maximum size of all results, in bytes. Without it, a small batch of changes to large tasks would have a response many
 * times its own size, which the server also stores.
 */
export const maxResultsBytes = 1024 * 1024;

/**
 * One mutation of all operations. The result of an operation has the task unless a later operation names the same task.
 * So the results contain each task once, as it is after the batch.
 *
 * @throws ProblemError validation_failed for more than `maxBatchIndexCost`
 */
export function batchMutation(ownerId: string, operations: readonly BatchOperation[]): Mutation<TaskResult[]> {
  return composeMutations(
    lockMutation(ownerId, operations.flatMap(idsOf)),
    boundedMutations(ownerId, operations),
    (problem, index, locked) => problemOfOperation(problem, index, operations, locked ?? []),
  );
}

/**
 * The mutation of each operation. It throws at the operation that exceeds `maxBatchIndexCost`, before it computes the
 * words of the operations after it.
 */
function boundedMutations(ownerId: string, operations: readonly BatchOperation[]): Mutation<TaskResult>[] {
  const lastWithId = new Map(
    operations.flatMap((operation, index) => idsOf(operation).map((id) => [id, index] as const)),
  );
  const changed = new Set<string>();
  let indexCost = 0;
  return operations.map((operation, index) => {
    const [id] = idsOf(operation);
    const mutation = mutationOf(ownerId, operation, id === undefined || lastWithId.get(id) === index);
    // PostgreSQL also reads the rows that the earlier changes of this transaction have deleted.
    const factor = id !== undefined && changed.has(id) ? 3 : 1;
    if (id !== undefined) changed.add(id);
    for (const statement of mutation.statements) indexCost += factor * (statement.indexCost ?? 0);
    // The first operation has no limit, because the same request without a batch has none.
    if (index > 0 && indexCost > maxBatchIndexCost) throw tooManyWords(index);
    return mutation;
  });
}

function tooManyWords(index: number): ProblemError {
  const most = maxBatchIndexCost.toLocaleString('en');
  const message = `the batch has more than ${most} search words and tags up to here; send the rest in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

/** Locks all tasks of the batch. The result is the version of each task before the batch. */
function lockMutation(ownerId: string, ids: readonly string[]): Mutation<readonly LockedTask[]> {
  return defineMutation({
    statements: [lockTasks(ownerId, ids)],
    toResult: ([locked]): readonly LockedTask[] => locked,
    onConstraintViolation: () => undefined,
  });
}

/** @param isFinal whether no later operation names the same task */
function mutationOf(ownerId: string, operation: BatchOperation, isFinal: boolean): Mutation<TaskResult> {
  if (operation.op === 'create') {
    const { id = uuidv7(), ...task } = operation.task;
    const creation = createTaskMutation(ownerId, id, task);
    return isFinal ? creation : withoutTask(creation);
  }
  const versions = operation.if_version === undefined ? null : [operation.if_version];
  if (operation.op === 'delete') return deleteTaskMutation(ownerId, operation.id, versions);
  return isFinal
    ? patchTaskMutation(ownerId, operation.id, operation.patch, versions)
    : changeTaskMutation(ownerId, operation.id, operation.patch, versions);
}

function withoutTask(mutation: Mutation<TaskResult>): Mutation<TaskResult> {
  return { ...mutation, toResult: (rows) => ({ status: mutation.toResult(rows).status }) };
}

/** The problem of a batch whose results exceed `maxResultsBytes` at this operation. */
export function resultsTooLarge(index: number): ProblemError {
  const message = `the results up to this operation exceed ${maxResultsBytes / 1024} KiB; send it and those after it in another batch`;
  return validationFailed([{ in: 'body', pointer: `/operations/${index}`, message }]);
}

function idsOf(operation: BatchOperation): string[] {
  const id = operation.op === 'create' ? operation.task.id : operation.id;
  return id === undefined ? [] : [id];
}

/**
 * The problem of a batch whose operation at `index` has failed.
 *
 * @param locked the versions of the tasks before the batch, which they have again after its rollback
 */
function problemOfOperation(
  problem: ProblemError,
  index: number,
  operations: readonly BatchOperation[],
  locked: readonly LockedTask[],
): ProblemError {
  const operation = operations[index] as BatchOperation;
  const pointer = `/operations/${index}`;
  if (problem.code === 'validation_failed' && problem.errors) {
    const part = operation.op === 'create' ? 'task' : 'patch';
    return validationFailed(
      problem.errors.map((error) => ({ ...error, pointer: `${pointer}/${part}${error.pointer}` })),
    );
  }
  const before = locked.find(({ id }) => idsOf(operation).includes(id));
  const error: FieldError = { in: 'body', pointer, message: problem.detail };
  return new ProblemError(problem.code, {
    detail: `operations/${index}: ${problem.detail}`,
    errors: [error],
    ...(problem.code === 'version_mismatch' && before && { extensions: { current_version: before.version } }),
    cause: problem,
  });
}
