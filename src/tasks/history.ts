/** The changes of a task, as clients receive them. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { AtMostOne, BoundStatement, Statement } from '../database/statement.ts';
import { type DueColumns, dueOf } from './due/due.ts';
import { type RecurrenceColumns, recurrenceOf, type SeriesColumns } from './recurrence/columns.ts';
import { task } from './schemas.ts';
import { resource } from './sql/columns.ts';
import type { TaskRow } from './sql/row.ts';

/** The columns of a task and the names of its tags, each with its values before and after a change. */
export type ChangedColumns = Readonly<
  Partial<Record<keyof TaskRow | keyof SeriesColumns, readonly [from: unknown, to: unknown]>>
>;

const change = <Field extends z.ZodType>(name: string, field: Field) =>
  z.strictObject({ from: field, to: field }).meta({ id: `Task${name}Change` });

const { title, description, status, priority, tags, list_id, parent_id, position, due, recurrence } = task.shape;

/** The changed fields of a task. */
export const taskChanges = z
  .strictObject({
    title: change('Title', title),
    description: change('Description', description),
    status: change('Status', status),
    priority: change('Priority', priority),
    tags: change('Tags', tags),
    list_id: change('List', list_id),
    parent_id: change('Parent', parent_id),
    position: change('Position', position),
    due: change('Due', due),
    recurrence: change('Recurrence', recurrence),
  })
  .partial()
  .meta({ id: 'TaskChanges' });

type TaskChanges = z.output<typeof taskChanges>;

/** @param columns the changed columns of an update; null for other kinds of changes */
export function toTaskChanges(columns: ChangedColumns | null): TaskChanges {
  const { due_date, due_time, due_time_zone, completed_at: _, ...rest } = columns ?? {};
  const { recurrence_rule, recurrence_from, recurrence_missed, ...others } = rest;
  const { recurrence_anchor: _anchor, recurrence_day: _day, series_id: _series, ...fields } = others;
  const dueAt = (index: 0 | 1) =>
    dueOf({
      due_date: due_date?.[index],
      due_time: due_time?.[index],
      due_time_zone: due_time_zone?.[index],
    } as DueColumns);
  // With a new parent, the list is recorded even if it is the same.
  const pairs = Object.entries(fields).flatMap(([name, [from, to]]) => (from === to ? [] : [[name, { from, to }]]));
  const recurrenceAt = (index: 0 | 1) =>
    recurrenceOf({
      recurrence_rule: recurrence_rule?.[index],
      recurrence_from: recurrence_from?.[index],
      recurrence_missed: recurrence_missed?.[index],
    } as RecurrenceColumns);
  // A skipped occurrence has the same recurrence.
  const recurs = recurrence_rule && !isDeepStrictEqual(recurrenceAt(0), recurrenceAt(1));
  return {
    ...Object.fromEntries(pairs),
    ...(due_date && { due: { from: dueAt(0), to: dueAt(1) } }),
    ...(recurs && { recurrence: { from: recurrenceAt(0), to: recurrenceAt(1) } }),
  };
}

const find: Statement<AtMostOne<{ readonly id: string }>> = {
  name: 'tasks_find',
  text: `
    select id from todo.tasks where owner_id = $1 and id = $2
    union all
    select id from todo.deleted where owner_id = $1 and resource = '${resource}' and id = $2 and content is not null`,
};

/** Finds a task, also in the trash. */
export function findTask(ownerId: string, id: string): BoundStatement<AtMostOne<{ readonly id: string }>> {
  return { statement: find, values: [ownerId, id] };
}
