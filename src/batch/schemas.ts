/** Schemas of batches of all kinds of resources, in requests and in responses. */
import { z } from 'zod';
import { maxOperations } from '../resource/batch.ts';
import { maxVersion } from '../resource/preconditions.ts';
import { enumConstants, resourceId } from '../resource/schemas.ts';
import { batchable } from './resources.ts';

const types = Object.keys(batchable);
const resources = Object.entries(batchable);

const type = z.enum(types).meta({
  id: 'BatchResourceType',
  'x-enum-varnames': enumConstants('BATCH', types),
  description: 'The type of a resource, which is also the name of its property.',
});

const target = {
  id: resourceId,
  if_version: z.int().min(1).max(maxVersion).optional().meta({
    description: 'The operation runs only if the resource has this version.',
    example: 3,
  }),
};

/** An operation with properties that belong to its type. */
type Checked = z.core.ParsePayload<{ readonly type?: string } & Readonly<Record<string, unknown>>>;

/** Requires the property with the name of the type, and no other type's. */
function requireFieldsOfType({ value, issues }: Checked): void {
  for (const name of types) {
    if (name !== value.type) rejectOther(name, { value, issues });
    else if (value[name] === undefined) {
      issues.push({ code: 'custom', path: [name], message: 'is required', input: value });
    }
  }
}

function rejectOther(name: string, { value, issues }: Pick<Checked, 'value' | 'issues'>): void {
  if (value[name] === undefined) return;
  issues.push({ code: 'custom', path: [name], message: `must be absent for the type ${value.type}`, input: value });
}

/** The component of an operation. */
const nameOf = (op: string) => `${op.charAt(0).toUpperCase()}${op.slice(1)}ResourceOperation`;

/** An operation whose fields are the property with the name of the type. */
function operationWithFields<Op extends 'create' | 'replace' | 'update' | 'move'>(op: Op, description: string) {
  const fields = resources.map(([name, { schemas }]) => [
    name,
    schemas[op].optional().meta({ description: `The body, if \`type\` is \`${name}\`.` }),
  ]);
  return z
    .strictObject({ type, op: z.literal(op), ...(op !== 'create' && target), ...Object.fromEntries(fields) })
    .check(requireFieldsOfType)
    .meta({ id: nameOf(op), description });
}

const fieldsOfDeletions = resources.flatMap(([name, { schemas }]) =>
  Object.entries(schemas.delete.shape).map(([field, schema]) => ({ name, field, schema })),
);

const deletion = z
  .strictObject({
    type,
    op: z.literal('delete'),
    ...target,
    ...Object.fromEntries(fieldsOfDeletions.map(({ field, schema }) => [field, schema])),
  })
  .check((checked: Checked) => {
    for (const { name, field } of fieldsOfDeletions) if (name !== checked.value.type) rejectOther(field, checked);
  })
  .meta({ id: nameOf('delete'), description: 'Moves a resource to the trash.' });

const operation = z
  .discriminatedUnion('op', [
    operationWithFields('create', 'Creates a resource. The body may have an `id`, which later operations can name.'),
    operationWithFields('replace', 'Replaces a resource, as PUT does.'),
    operationWithFields('update', 'Changes a resource, as PATCH does.'),
    operationWithFields('move', 'Moves a resource to a place among its siblings.'),
    deletion,
  ])
  .meta({
    id: 'ResourceOperation',
    description:
      'One operation of a batch. The property with the name of its type is the body of the request that does the same to one resource.',
    discriminator: {
      propertyName: 'op',
      mapping: Object.fromEntries(
        ['create', 'replace', 'update', 'move', 'delete'].map((op) => [op, `#/components/schemas/${nameOf(op)}`]),
      ),
    },
  });

export const batchRequest = z.strictObject({ operations: z.array(operation).min(1).max(maxOperations) }).meta({
  id: 'ResourceBatch',
  description: 'Operations that run in this order, all or none of them.',
  examples: [
    {
      operations: [
        { type: 'list', op: 'create', list: { id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e', name: 'Groceries' } },
        {
          type: 'task',
          op: 'create',
          task: { title: 'Buy milk', list_id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e' },
        },
        {
          type: 'task',
          op: 'move',
          id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d',
          task: { list_id: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4e', to: 'start' },
        },
      ],
    },
  ],
});

export const resultStatus = z.literal([200, 201, 204]).meta({
  id: 'BatchResultStatus',
  type: 'integer',
  description: 'Created (201), changed (200) or deleted (204).',
});

const absence = 'Absent if the batch has deleted it, or if a later operation names it.';

const result = z
  .strictObject({
    type,
    status: resultStatus,
    ...Object.fromEntries(
      resources.map(([name, { schema }]) => [
        name,
        schema.optional().meta({ description: `The ${name} after the batch, if \`type\` is \`${name}\`. ${absence}` }),
      ]),
    ),
  })
  .meta({ id: 'ResourceBatchResult', description: 'The result of one operation.' });

export const batchResponse = z
  .strictObject({ results: z.array(result) })
  .meta({ id: 'ResourceBatchResults', description: 'The result of each operation, in the same order.' });
