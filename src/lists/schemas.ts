/** Schemas of lists, in requests and in responses. */
import { z } from 'zod';
import { trimmedText } from '../http/request/text.ts';
import { placeFields, requireOnePlace } from '../resource/place.ts';
import { position } from '../resource/position.ts';
import {
  clientId,
  computedField,
  importedFields,
  mergePatchDescription,
  resourceId,
  timestamp,
  version,
} from '../resource/schemas.ts';

export const nameLength = 100;

const name = trimmedText(1, nameLength).meta({
  description: 'Name with at least one visible character; leading and trailing white space is removed.',
  example: 'Groceries',
});

const color = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be # and six hexadecimal digits, such as #1e90ff')
  .toLowerCase()
  .nullable()
  .meta({
    description: 'Red, green and blue in hexadecimal digits. Responses have them in lower case.',
    example: '#1e90ff',
  });

const archived = z.boolean().meta({ description: 'Whether clients show the list apart from the others.' });

/** A list in a response. */
export const list = z
  .strictObject({
    id: resourceId,
    name,
    color,
    position,
    archived,
    task_count: z.int().min(0).meta({
      description:
        'The number of its tasks that are not `Done`. It changes neither `version` nor the entity tag, and it is no change for synchronization: a client with a copy of the tasks counts them itself.',
      example: 3,
    }),
    version,
    created_at: timestamp,
    updated_at: timestamp,
  })
  // Not `List`: many languages have a type with this name.
  .meta({ id: 'TaskList', description: 'A list of tasks of the authenticated user.' });

export type List = z.output<typeof list>;

/** Every writable field. Omitted fields take their defaults, but a replaced list keeps its position. */
const writable = {
  name,
  color: color.default(null),
  position: position.optional(),
  archived: archived.default(false),
};

export const listCreate = z.strictObject({ id: clientId, ...writable }).meta({
  id: 'TaskListCreate',
  description: 'A new list. Without a `position`, it is the last one.',
  examples: [{ name: 'Groceries' }, { name: 'Trip to Rome', color: '#1e90ff' }],
});

/** A list of an export. */
export const listImport = z.strictObject({ ...writable, ...importedFields, task_count: computedField });

export const listReplace = z.strictObject(writable).meta({
  id: 'TaskListReplace',
  description:
    'Every writable field of a list. Omitted fields return to their defaults, except for `position`, which stays.',
  examples: [{ name: 'Groceries', archived: true }],
});

export const listPatch = z
  .strictObject({ name, color, position, archived } satisfies Record<keyof typeof writable, z.ZodType>)
  .partial()
  .meta({
    id: 'TaskListPatch',
    description: mergePatchDescription,
    examples: [{ name: 'Food' }, { archived: true }],
  });

export const listMove = z
  .strictObject(placeFields)
  .check(requireOnePlace)
  .meta({
    id: 'TaskListMove',
    description: 'The place of a list: one of the three fields.',
    examples: [{ to: 'start' }, { after: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d' }],
  });

/** What happens to the tasks of a deleted list. */
export const tasksOfDeleted = z.enum(['delete', 'keep']).meta({ id: 'TasksOfDeletedList' });

export type TasksOfDeleted = z.output<typeof tasksOfDeleted>;
export type ListImport = z.output<typeof listImport>;
export type ListReplace = z.output<typeof listReplace>;
export type ListPatch = z.output<typeof listPatch>;
