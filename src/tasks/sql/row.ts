/** Rows of tasks: their columns, and the task of a row. */
import { type DueColumns, dueOf } from '../due/due.ts';
import { type RecurrenceColumns, recurrenceOf } from '../recurrence/columns.ts';
import type { Task } from '../schemas.ts';

/** A task with its due date and its recurrence in columns. */
export type TaskRow = Omit<Task, 'due' | 'recurrence'> & DueColumns & RecurrenceColumns;

/** The SQL of each column of a `TaskRow`, selected from `todo.tasks as tasks`. */
export const taskExpressions = {
  id: 'tasks.id',
  owner_id: 'tasks.owner_id',
  title: 'tasks.title',
  description: 'tasks.description',
  status: 'tasks.status',
  priority: 'tasks.priority',
  tags: 'tasks.tag_names',
  list_id: 'tasks.list_id',
  parent_id: 'tasks.parent_id',
  position: 'tasks.position',
  due_date: 'tasks.due_date',
  due_time: 'tasks.due_time',
  due_time_zone: 'tasks.due_time_zone',
  due_at: 'tasks.due_at',
  recurrence_rule: 'tasks.recurrence_rule',
  recurrence_from: 'tasks.recurrence_from',
  recurrence_missed: 'tasks.recurrence_missed',
  series_id: 'tasks.series_id',
  completed_at: 'tasks.completed_at',
  version: 'tasks.version',
  created_at: 'tasks.created_at',
  updated_at: 'tasks.updated_at',
} satisfies Record<keyof TaskRow, string>;

/** The columns of a `TaskRow`, for the list of a `select`. */
export const taskColumns = columnsWith({});

/** @param replaced SQL that replaces the expressions of some columns */
export function columnsWith(replaced: Partial<Record<keyof TaskRow, string>>): string {
  return Object.entries({ ...taskExpressions, ...replaced })
    .map(([name, expression]) => (expression === `tasks.${name}` ? expression : `${expression} as ${name}`))
    .join(', ');
}

/** The fields have the order in which clients receive them. */
export function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    owner_id: row.owner_id,
    title: row.title,
    description: row.description,
    status: row.status,
    priority: row.priority,
    tags: row.tags,
    list_id: row.list_id,
    parent_id: row.parent_id,
    position: row.position,
    due: dueOf(row),
    due_at: row.due_at,
    recurrence: recurrenceOf(row),
    series_id: row.series_id,
    completed_at: row.completed_at,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}
