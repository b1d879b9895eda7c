/** Batches: up to 100 changes in order, all or nothing, in two round trips. */
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import type { Row } from '../database/statement.ts';
import type { Write } from '../idempotency/idempotent-write.ts';
import { type FieldError, ProblemError, validationFailed } from '../problems/problem.ts';
import { dueFieldError } from './due/errors.ts';
import { changeTask, createTask, deleteTaskMutation, type TaskMutation } from './mutations.ts';
import { task, taskCreate, taskId, taskPatch } from './schemas.ts';
import { lockTasks, type VersionRow } from './sql/write-statements.ts';

const version = z.int().min(1).max(2_147_483_647).optional().meta({
  description: 'The operation is done only while the task has this version.',
  example: 3,
});

const createOperation = z.strictObject({ op: z.literal('create'), task: taskCreate }).meta({ id: 'CreateOperation' });

const updateOperation = z
  .strictObject({ op: z.literal('update'), id: taskId, if_version: version, patch: taskPatch })
  .meta({ id: 'UpdateOperation' });

const deleteOperation = z
  .strictObject({ op: z.literal('delete'), id: taskId, if_version: version })
  .meta({ id: 'DeleteOperation' });

const operation = z.discriminatedUnion('op', [createOperation, updateOperation, deleteOperation]).meta({
  id: 'BatchOperation',
  description: 'One change of a batch.',
  discriminator: {
    propertyName: 'op',
    mapping: {
      create: '#/components/schemas/CreateOperation',
      update: '#/components/schemas/UpdateOperation',
      delete: '#/components/schemas/DeleteOperation',
    },
  },
});

export type BatchOperation = z.output<typeof operation>;

export const batch = z.strictObject({ operations: z.array(operation).min(1).max(100) }).meta({
  id: 'Batch',
  description: 'Changes that are all done, in this order, or not at all.',
  examples: [
    {
      operations: [
        { op: 'create', task: { title: 'Buy milk' } },
        { op: 'update', id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d', if_version: 3, patch: { status: 'Done' } },
      ],
    },
  ],
});

const batchResult = z
  .strictObject({
    status: z.literal([200, 201, 204]).meta({
      id: 'BatchResultStatus',
      type: 'integer',
      description: 'Created (201), changed (200) or deleted (204).',
    }),
    task: task.optional().meta({ description: 'The task after the operation; absent if the operation deleted it.' }),
  })
  .meta({ id: 'BatchResult', description: 'The outcome of one operation.' });

export const batchResults = z
  .strictObject({ results: z.array(batchResult) })
  .meta({ id: 'BatchResults', description: 'The outcome of each operation, in their order.' });

export function batchMutation(ownerId: string, operations: readonly BatchOperation[]): Write {
  const lock = lockTasks(ownerId, operations.flatMap(idOf));
  const writes = operations.map((each) => mutationOf(ownerId, each));
  return {
    statements: [lock, ...writes.flatMap(({ statements }) => statements)],
    isPartial: true,
    toResponse([locked = [], ...rows]) {
      let start = 0;
      const before = locked as unknown as VersionRow[];
      const results = writes.map(({ statements, toResult: result }, index) => {
        const own: Row[][] = rows.slice(start, start + statements.length);
        start += statements.length;
        try {
          return result(own);
        } catch (error) {
          throw error instanceof ProblemError ? atOperation(error, index, operations, before) : error;
        }
      });
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ results }) };
    },
    onConstraintViolation(error, statement) {
      let end = 1;
      const index = writes.findIndex(({ statements }) => {
        end += statements.length;
        return statement < end;
      });
      const fault = dueFieldError(error);
      const part = operations[index]?.op === 'create' ? 'task' : 'patch';
      return fault && validationFailed([{ ...fault, pointer: `/operations/${index}/${part}${fault.pointer}` }]);
    },
  };
}

function mutationOf(ownerId: string, each: BatchOperation): TaskMutation {
  switch (each.op) {
    case 'create': {
      const { id = uuidv7(), ...fields } = each.task;
      return createTask(ownerId, id, fields);
    }
    case 'update':
      return changeTask(ownerId, each.id, each.patch, each.if_version === undefined ? null : [each.if_version]);
    case 'delete':
      return deleteTaskMutation(ownerId, each.id, each.if_version === undefined ? null : [each.if_version]);
  }
}

function idOf(each: BatchOperation): string[] {
  const id = each.op === 'create' ? each.task.id : each.id;
  return id === undefined ? [] : [id];
}

/** @param before the versions to which the tasks return when the batch is rolled back */
function atOperation(
  problem: ProblemError,
  index: number,
  operations: readonly BatchOperation[],
  before: readonly VersionRow[],
): ProblemError {
  const failed = operations[index];
  const kept = failed && before.find(({ id }) => idOf(failed).includes(id));
  const fault: FieldError = { in: 'body', pointer: `/operations/${index}`, message: problem.detail };
  return new ProblemError(problem.code, {
    detail: `operations/${index}: ${problem.detail}`,
    errors: [fault],
    ...(problem.code === 'version_mismatch' && kept && { extensions: { current_version: kept.version } }),
    cause: problem,
  });
}
