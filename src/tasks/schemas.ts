/** Tasks as clients send and receive them (the contract's section 4). */
import { z } from 'zod';
import { text, trimmedText } from '../http/request/text.ts';
import { due, dueInput, duePatch } from './due/due.ts';
import { priorities, statuses } from './table.ts';

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const taskId = z
  .string()
  .refine((value) => canonicalUuid.test(value), 'must be a UUID in lower case with hyphens')
  .meta({ format: 'uuid', example: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d' });

const titleLength = 255;
const descriptionLength = 10_000;
const tagLength = 50;
const mostTags = 20;

const title = trimmedText(1, titleLength).meta({
  description: 'What is to be done, trimmed; it has a visible character.',
  example: 'Buy milk',
});

const description = text(descriptionLength)
  .nullable()
  .meta({ description: 'More about it.', example: 'The one in the blue carton' });

export const status = z.enum(statuses).meta({ id: 'Status', description: 'How far a task is.' });

export const priority = z.enum(priorities).meta({ id: 'Priority', description: 'How much a task matters.' });

export const tagName = trimmedText(1, tagLength).meta({ example: 'home' });

const tags = z
  .array(tagName)
  .max(mostTags)
  .meta({
    description:
      'Tags, each trimmed and with a visible character; those that differ only in case, normalization, kind of space or invisible characters are the same. A tag keeps the spelling that was sent first, as long as a task has it.',
    example: ['home', 'shopping'],
  });

const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-20T09:30:00.000000Z' });

/** A task as it is stored and sent. */
export const task = z
  .strictObject({
    id: taskId,
    owner_id: z.string().meta({ description: 'The `sub` of its owner’s tokens.', example: 'r4Tk2bQvXcYw7Zn1' }),
    title,
    description,
    status,
    priority,
    tags: tags.meta({ description: 'Tags, sorted as titles are.', example: ['home', 'shopping'] }),
    due: due.nullable(),
    due_at: timestamp.nullable().meta({ description: 'The instant of a `due` with a time zone.' }),
    completed_at: timestamp.nullable().meta({ description: 'When it became `Done`; null while it is not.' }),
    version: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .meta({ description: '1 at creation, one more with every change.', example: 1 }),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Task', description: 'A task of the authenticated user.' });

export type Task = z.output<typeof task>;

/** Every writable field; omitted fields take their defaults. */
const writable = {
  title,
  description: description.default(null),
  status: status.default('Todo'),
  priority: priority.default('Medium'),
  tags: tags.default([]),
  due: dueInput.nullable().default(null),
};

export const taskCreate = z
  .strictObject({
    id: taskId.optional().meta({ description: 'Your own id for it, so that creating it can be repeated safely.' }),
    ...writable,
  })
  .meta({
    id: 'TaskCreate',
    description: 'A new task.',
    examples: [
      { title: 'Buy milk', tags: ['shopping'] },
      { title: 'File taxes', priority: 'High', due: { date: '2026-12-01', time: '17:00', time_zone: 'Europe/Rome' } },
    ],
  });

export const taskReplace = z.strictObject(writable).meta({
  id: 'TaskReplace',
  description: 'Every writable field of a task; omitted fields return to their defaults.',
  examples: [{ title: 'Buy oat milk', status: 'InProgress', priority: 'Low', description: null }],
});

export const taskPatch = z
  .strictObject({ title, description, status, priority, tags, due: duePatch.nullable() })
  .partial()
  .meta({
    id: 'TaskPatch',
    description:
      'A JSON Merge Patch (RFC 7396): absent fields stay as they are, and null clears a nullable field. A client that omits null fields cannot clear one; use PUT, which resets omitted fields.',
    examples: [{ status: 'Done' }, { due: { time: null } }],
  });

/** Two escaped surrogates: `\ud83d\ude00`. */
const escapedCharacterBytes = 12;

/** Names of fields, white space, and the fields of a few characters. */
const otherFieldsBytes = 4 * 1024;

const largestTaskBytes =
  escapedCharacterBytes * (titleLength + descriptionLength + mostTags * tagLength) + otherFieldsBytes;

/**
 * The largest body of a write of tasks, in bytes: the largest valid task from a client that escapes all but ASCII, as
 * Python's `json.dumps` does, rounded up to 16 KiB. A batch has the same limit, because its operations share the
 * time of one request.
 */
export const taskBodyLimit = Math.ceil(largestTaskBytes / 16_384) * 16_384;

export type TaskReplace = z.output<typeof taskReplace>;
export type TaskPatch = z.output<typeof taskPatch>;
