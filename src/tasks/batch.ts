/** Batches: up to 100 operations in order, all or none, in two round trips. */
import { uuidv7 } from 'uuidv7';
import { type FieldError, ProblemError, validationFailed } from '../problems/problem.ts';
import { composeMutations, defineMutation, type Mutation } from '../resource/mutation.ts';
import type { BatchOperation } from './batch-schemas.ts';
import { createTaskMutation, deleteTaskMutation, patchTaskMutation, type TaskResult } from './mutations.ts';
import { type LockedTask, lockTasks } from './sql/write-statements.ts';

export function batchMutation(ownerId: string, operations: readonly BatchOperation[]): Mutation<TaskResult[]> {
  return composeMutations(
    lockMutation(ownerId, operations.flatMap(idsOf)),
    operations.map((operation) => mutationOf(ownerId, operation)),
    (problem, index, locked) => problemOfOperation(problem, index, operations, locked ?? []),
  );
}

/** The result is the version of each task before the batch. */
function lockMutation(ownerId: string, ids: readonly string[]): Mutation<readonly LockedTask[]> {
  return defineMutation({
    statements: [lockTasks(ownerId, ids)],
    toResult: ([locked]): readonly LockedTask[] => locked,
    onConstraintViolation: () => undefined,
  });
}

function mutationOf(ownerId: string, operation: BatchOperation): Mutation<TaskResult> {
  if (operation.op === 'create') {
    const { id = uuidv7(), ...task } = operation.task;
    return createTaskMutation(ownerId, id, task);
  }
  const versions = operation.if_version === undefined ? null : [operation.if_version];
  return operation.op === 'update'
    ? patchTaskMutation(ownerId, operation.id, operation.patch, versions)
    : deleteTaskMutation(ownerId, operation.id, versions);
}

function idsOf(operation: BatchOperation): string[] {
  const id = operation.op === 'create' ? operation.task.id : operation.id;
  return id === undefined ? [] : [id];
}

/** @param locked the versions to which the tasks return when the batch is rolled back */
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
