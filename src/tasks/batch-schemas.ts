/** Schemas of batches, in requests and in responses. */
import { z } from 'zod';
import { maxVersion } from '../resource/preconditions.ts';
import { resourceId } from '../resource/schemas.ts';
import { task, taskCreate, taskPatch } from './schemas.ts';

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

export type BatchOperation = z.output<typeof operation>;

/** Maximum number of operations in a batch. */
export const maxOperations = 100;

export const batch = z.strictObject({ operations: z.array(operation).min(1).max(maxOperations) }).meta({
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
    status: z.literal([200, 201, 204]).meta({
      id: 'BatchResultStatus',
      type: 'integer',
      description: 'Created (201), changed (200) or deleted (204).',
    }),
    task: task.optional().meta({
      description:
        'The task after the batch; absent if the operation deleted it, or if a later operation of the batch has the same id.',
    }),
  })
  .meta({ id: 'BatchResult', description: 'The result of one operation.' });

export const batchResults = z
  .strictObject({ results: z.array(batchResult) })
  .meta({ id: 'BatchResults', description: 'The result of each operation, in the same order.' });
