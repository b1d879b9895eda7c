/** Schemas of tasks, in requests and in responses. */
import { z } from 'zod';
import { text, trimmedText } from '../http/request/text.ts';
import { instant } from '../http/request/timestamp.ts';
import { placeFields, requireOnePlace } from '../resource/place.ts';
import { position } from '../resource/position.ts';
import {
  clientId,
  computedField,
  importedFields,
  mergePatchDescription,
  ownerId,
  resourceId,
  timestamp,
  version,
} from '../resource/schemas.ts';
import { due, dueInput, duePatch } from './due/due.ts';
import { dueRequired } from './recurrence/errors.ts';
import { recurrence, recurrenceInput, recurrencePatch } from './recurrence/schemas.ts';
import { priorities, statuses } from './values.ts';

export const titleLength = 255;
export const descriptionLength = 10_000;
export const tagLength = 50;
export const maxTags = 20;

const title = trimmedText(1, titleLength).meta({
  description: 'Title with at least one visible character; leading and trailing white space is removed.',
  example: 'Buy milk',
});

const description = text(descriptionLength)
  .nullable()
  .meta({ description: 'Details.', example: 'The one in the blue carton' });

export const status = z.enum(statuses).meta({ id: 'Status', description: 'Progress of a task.' });

export const priority = z.enum(priorities).meta({ id: 'Priority', description: 'Priority of a task.' });

export const tagName = trimmedText(1, tagLength).meta({ example: 'home' });

const tags = z
  .array(tagName)
  .max(maxTags)
  .meta({
    description:
      'Tags, each with at least one visible character; leading and trailing white space is removed. Names that differ only in case, normalization, kind of space or invisible characters are the same tag. A tag keeps its first spelling while a task has it.',
    example: ['home', 'shopping'],
  });

const listId = resourceId.nullable().meta({ description: 'The list that the task is in; null for the inbox.' });

const parentId = resourceId
  .nullable()
  .meta({ description: 'The task that this one is a subtask of; it is in the same list. At most five levels.' });

/** A task in a response. */
export const task = z
  .strictObject({
    id: resourceId,
    owner_id: ownerId,
    title,
    description,
    status,
    priority,
    tags: tags.meta({ description: 'Tags, sorted like titles.', example: ['home', 'shopping'] }),
    list_id: listId,
    parent_id: parentId,
    position,
    due: due.nullable(),
    due_at: timestamp.nullable().meta({ description: 'The instant of a `due` with a time zone.' }),
    recurrence: recurrence.nullable(),
    series_id: resourceId.nullable().meta({
      description: 'The same for all occurrences of a recurring task; null for a task that never had a recurrence.',
    }),
    completed_at: timestamp
      .nullable()
      .meta({ description: 'The instant at which the status became `Done`; null for any other status.' }),
    version,
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'Task', description: 'A task of the authenticated user.' });

export type Task = z.output<typeof task>;

/** Every writable field. Omitted fields take their defaults; an omitted position is at the end, or stays. */
const writable = {
  title,
  description: description.default(null),
  status: status.default('Todo'),
  priority: priority.default('Medium'),
  tags: tags.default([]),
  list_id: listId.default(null),
  parent_id: parentId.default(null),
  position: position.optional(),
  due: dueInput.nullable().default(null),
  recurrence: recurrenceInput.nullable().default(null),
};

interface Recurring {
  readonly due: { readonly date: string } | null;
  readonly recurrence: z.output<typeof recurrenceInput> | null;
}

/** Rejects a recurrence without a due date. */
function requireDue({ value, issues }: z.core.ParsePayload<Recurring>): void {
  if (issues.length > 0 || value.recurrence === null || value.due !== null) return;
  issues.push({ code: 'custom', path: ['due'], message: dueRequired.message, input: value });
}

/** Rejects a recurrence of a new task that is completed. */
function requireOpen({ value, issues }: z.core.ParsePayload<Recurring & { readonly status: string }>): void {
  if (issues.length > 0 || value.recurrence === null || value.status !== 'Done') return;
  const message = 'must be null for a task that is created as Done';
  issues.push({ code: 'custom', path: ['recurrence'], message, input: value });
}

export const taskCreate = z
  .strictObject({
    id: clientId,
    ...writable,
  })
  .check(requireDue)
  .check(requireOpen)
  .meta({
    id: 'TaskCreate',
    description: 'A new task.',
    examples: [
      { title: 'Buy milk', tags: ['shopping'] },
      { title: 'File taxes', priority: 'High', due: { date: '2026-12-01', time: '17:00', time_zone: 'Europe/Rome' } },
    ],
  });

/** A task of an export. */
export const taskImport = z
  .strictObject({
    ...writable,
    ...importedFields,
    series_id: resourceId.nullable().default(null),
    completed_at: instant.nullable().default(null),
    owner_id: computedField,
    due_at: computedField,
  })
  .check(requireDue)
  .check(requireOpen);

export const taskReplace = z
  .strictObject(writable)
  .check(requireDue)
  .meta({
    id: 'TaskReplace',
    description: 'Every writable field of a task. Omitted fields return to their defaults; an omitted position stays.',
    examples: [{ title: 'Buy oat milk', status: 'InProgress', priority: 'Low', description: null }],
  });

export const taskPatch = z
  .strictObject({
    title,
    description,
    status,
    priority,
    tags,
    list_id: listId,
    parent_id: parentId,
    position,
    due: duePatch.nullable(),
    recurrence: recurrencePatch.nullable(),
  } satisfies Record<keyof typeof writable, z.ZodType>)
  .partial()
  .meta({
    id: 'TaskPatch',
    description: mergePatchDescription,
    examples: [{ status: 'Done' }, { due: { time: null } }],
  });

/** Where a task moves to. */
export const taskMove = z
  .strictObject({
    list_id: listId.optional().meta({
      description: 'The list; null for the inbox. If absent, it is that of the sibling or of the new parent, or stays.',
    }),
    parent_id: parentId
      .optional()
      .meta({ description: 'The parent; null for the top level. If absent, it is that of the sibling, or stays.' }),
    ...placeFields,
  })
  .check(requireOnePlace)
  .meta({
    id: 'TaskMove',
    description: 'Exactly one of `before`, `after` and `to`, and optionally another list or parent.',
    examples: [{ after: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d' }, { parent_id: null, to: 'start' }],
  });

export type TaskMove = z.output<typeof taskMove>;

/** Bytes of two escaped surrogates: `\ud83d\ude00`. */
const escapedCharacterBytes = 12;

/** Bytes of the field names, white space and the short fields. */
const otherFieldsBytes = 4 * 1024;

const maxTaskBytes = escapedCharacterBytes * (titleLength + descriptionLength + maxTags * tagLength) + otherFieldsBytes;

/**
 * The maximum body of a write, in bytes: the largest valid task, rounded up to 16 KiB. It fits clients that escape all
 * characters outside of ASCII, such as Python's `json.dumps`. A batch has the same limit, because its operations share
 * the timeout of one request.
 */
export const taskBodyLimit = Math.ceil(maxTaskBytes / 16_384) * 16_384;

export type TaskImport = z.output<typeof taskImport>;
export type TaskReplace = z.output<typeof taskReplace>;
export type TaskPatch = z.output<typeof taskPatch>;
