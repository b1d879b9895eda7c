/** Schemas of batches of tasks, in requests and in responses. */
import { z } from 'zod';
import { maxOperations } from '../resource/batch.ts';
import { maxVersion } from '../resource/preconditions.ts';
import { resourceId } from '../resource/schemas.ts';
import { task, taskCreate, taskPatch } from '../tasks/schemas.ts';
import { resultStatus } from './schemas.ts';

const version = z.int().min(1).max(maxVersion).optional().meta({
  description: 'The operation runs only if the task has this version.',
  example: 3,
});

const createOperation = z.strictObject({ op: z.literal('create'), task: taskCreate }).meta({ id: 'CreateOperation' });

const updateOperation = z
  .strictObject({ op: z.literal('update'), id: resourceId, if_version: version, patch: taskPatch })
  .meta({ id: 'UpdateOperation' });

const deleteOperation = z
  .strictObject({ op: z.literal('delete'), id: resourceId, if_version: version })
  .meta({ id: 'DeleteOperation' });

const operation = z.discriminatedUnion('op', [createOperation, updateOperation, deleteOperation]).meta({
  id: 'BatchOperation',
  description: 'One operation of a batch.',
  discriminator: {
    propertyName: 'op',
    mapping: {
      create: '#/components/schemas/CreateOperation',
      update: '#/components/schemas/UpdateOperation',
      delete: '#/components/schemas/DeleteOperation',
    },
  },
});

export type TaskBatchOperation = z.output<typeof operation>;

export const taskBatchRequest = z.strictObject({ operations: z.array(operation).min(1).max(maxOperations) }).meta({
  id: 'Batch',
  description: 'Operations that run in this order, all or none of them.',
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
    status: resultStatus,
    task: task.optional().meta({
      description:
        'The task after the batch; absent if the operation deleted it, or if a later operation of the batch has the same id.',
    }),
  })
  .meta({ id: 'BatchResult', description: 'The result of one operation.' });

export const taskBatchResponse = z
  .strictObject({ results: z.array(batchResult) })
  .meta({ id: 'BatchResults', description: 'The result of each operation, in the same order.' });
