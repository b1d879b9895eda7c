/** Parts of the results of tools. They have no nulls, and no long texts in lists, because a model has a limited context. */
import { z } from 'zod';
import type { List } from '../../lists/schemas.ts';
import { truncated } from '../../problems/bounds.ts';
import { resourceId } from '../../resource/schemas.ts';
import { priority, status, type Task } from '../../tasks/schemas.ts';

/** Characters of a text in a list. */
export const maxTextLength = 200;

/** Maximum and default number of items on a page. */
export const pageSizes = { max: 50, default: 20 } as const;

export const limit = z
  .int()
  .min(1)
  .max(pageSizes.max, `must be at most ${pageSizes.max}`)
  .optional()
  .meta({ description: `Maximum number of results. Default: ${pageSizes.default}.` });

export const cursor = z
  .string()
  .optional()
  .meta({ description: 'The next_cursor of the result before. Repeat all other arguments.' });

export const nextCursor = z
  .string()
  .optional()
  .meta({ description: 'Absent on the last page: the cursor of the next one.' });

export const nextStep = z.string().meta({ description: 'What to do next.' });

export const changeSet = resourceId.meta({ description: 'The id of this change. The tool undo reverses it.' });

/** What every result has of a task. The other fields are those of find_tasks, whose schema the agent has already. */
export const knownTask = z.looseObject({ id: resourceId, title: z.string(), status: z.string() });

const taskFields = {
  id: resourceId,
  title: z.string(),
  description: z.string().optional(),
  status,
  priority,
  tags: z.array(z.string()).optional(),
  list_id: resourceId.optional(),
  parent_id: resourceId.optional(),
  due: z.looseObject({ date: z.string(), time: z.string().optional(), time_zone: z.string().optional() }).optional(),
  recurrence: z.looseObject({ rule: z.string(), from: z.string(), missed: z.string() }).optional(),
  completed_at: z.string().optional(),
};

/** A task in a list of results. */
export const taskSummary = z
  .looseObject({
    ...taskFields,
    is_cut: z.literal(true).optional().meta({ description: 'The description is longer. get_task has all of it.' }),
  })
  .meta({ description: 'A task. Absent fields are empty: no list_id means the inbox.' });

export const wholeTask = knownTask.extend({
  description: z.string().optional(),
  due_at: z.string().optional().meta({ description: 'The instant of a due date with a time zone.' }),
  series_id: resourceId.optional().meta({ description: 'The same for all occurrences of a recurring task.' }),
  created_at: z.string(),
  updated_at: z.string(),
});

export const listSummary = z.looseObject({
  id: resourceId,
  name: z.string(),
  open_tasks: z.int(),
  color: z.string().optional(),
  archived: z.literal(true).optional(),
});

export function summaryOf(task: Task): z.output<typeof taskSummary> {
  const { description } = task;
  const isCut = description !== null && description.length > maxTextLength;
  return withoutEmpty({
    ...fieldsOf(task),
    description: description && truncated(description, maxTextLength),
    is_cut: isCut || null,
  });
}

export function wholeTaskOf(task: Task): z.output<typeof wholeTask> {
  const { due_at, series_id, created_at, updated_at } = task;
  return withoutEmpty({ ...fieldsOf(task), due_at, series_id, created_at, updated_at });
}

function fieldsOf(task: Task) {
  const { id, title, description, status, priority, tags, list_id, parent_id, due, recurrence, completed_at } = task;
  return { id, title, description, status, priority, tags, list_id, parent_id, due, recurrence, completed_at };
}

export function listSummaryOf({ id, name, task_count, color, archived }: List): z.output<typeof listSummary> {
  return withoutEmpty({ id, name, open_tasks: task_count, color, archived: archived || null });
}

type Filled<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], null> };

/** Without the fields that are null, an empty text or an empty array. */
function withoutEmpty<Fields extends object>(fields: Fields): Filled<Fields> {
  const filled = Object.entries(fields).filter(
    ([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(filled) as Filled<Fields>;
}
