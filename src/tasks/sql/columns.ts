/** The columns of tasks that writes set, and what all statements of tasks share. */
import { type DueColumns, dueColumns } from '../due/due.ts';
import { recurrenceColumns, type SeriesColumns } from '../recurrence/columns.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import type { TaskRow } from './row.ts';

/** The name of the resource in the history and among the deleted resources. */
export const resource = 'task';

/** SQL: whether a row of `todo.tasks as tasks` is the task `$2`. */
export const isTask = 'tasks.owner_id = $1 and tasks.id = $2';

export type WritableColumn = Exclude<keyof TaskReplace, 'tags' | 'due' | 'recurrence'> | keyof DueColumns;

/**
 * The columns that a user may write, with their types. Tags have a table of their own. Most tasks do not recur, so a
 * recurrence has columns of its own (`seriesColumns`).
 */
export const columnTypes = {
  title: 'text',
  description: 'text',
  status: 'todo.task_status',
  priority: 'todo.task_priority',
  list_id: 'uuid',
  parent_id: 'uuid',
  position: 'text',
  due_date: 'date',
  due_time: 'time',
  due_time_zone: 'text',
} satisfies Record<WritableColumn, string>;

export const writableColumns = Object.keys(columnTypes) as WritableColumn[];

/** Values of columns and names of tags. */
export type ColumnValues = {
  readonly [column in WritableColumn | 'completed_at' | keyof SeriesColumns | 'series_id']?: string | null | undefined;
} & { readonly tags?: readonly string[] };

/** The columns that a task or a patch sets. Absent columns stay as they are. */
export function columnsOf({ tags: _, due, recurrence, ...fields }: TaskPatch, anchor?: string): ColumnValues {
  // V8 takes three times as long for an object literal with three spreads.
  return Object.assign(fields, dueColumns(due), recurrenceColumns(recurrence, anchor));
}

/** Whether the write may change the version of the task. In the row, because a replay can have another `If-Match`. */
export interface Allowed {
  readonly is_allowed: boolean;
}

/** The rows of an update: the task after it; none if there is no task. */
export type ChangedRows = [] | [TaskRow & Allowed];

/** A tag is looked up or made, and its row has two foreign keys. PostgreSQL takes about 9 µs for a word and 30 µs for a tag. */
export function indexCostOf(words: readonly (readonly string[] | null)[], tags: readonly string[] = []): number {
  return words.reduce((sum, each) => sum + (each?.length ?? 0), 4 * tags.length);
}
