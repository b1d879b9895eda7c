/** The sort keys of a list: each as SQL, and as the value of a row. */
import { addDays } from '../due/calendar.ts';
import type { Sort } from '../list-parameters.ts';
import { noKey, priorities, statuses } from '../values.ts';
import type { TaskRow } from './row.ts';

export interface SortKey {
  /** Columns of `todo.tasks` and their types. An index has the owner, these columns and the id. */
  readonly columns: readonly (readonly [column: string, type: string])[];
  /** The values of a row, as text that PostgreSQL reads as the types. Some columns are not selected, because most rows need no values. */
  sortValues(row: TaskRow): readonly string[];
}

const createdAt: SortKey = { columns: [['created_at', 'timestamptz']], sortValues: (row) => [row.created_at] };
const updatedAt: SortKey = { columns: [['updated_at', 'timestamptz']], sortValues: (row) => [row.updated_at] };
const title: SortKey = { columns: [['title', 'text']], sortValues: (row) => [row.title] };
const status: SortKey = {
  columns: [['status_rank', 'smallint']],
  sortValues: (row) => [String(statuses.indexOf(row.status))],
};
const priority: SortKey = {
  columns: [['priority_rank', 'smallint']],
  sortValues: (row) => [String(priorities.indexOf(row.priority))],
};
const due: SortKey = {
  columns: [['due_order', 'timestamp']],
  sortValues: (row) => [dueOrderOf(row) ?? 'infinity'],
};
const dueDescending: SortKey = {
  columns: [['due_order_descending', 'timestamp']],
  sortValues: (row) => [dueOrderOf(row) ?? '-infinity'],
};
const position: SortKey = {
  columns: [
    ['list_key', 'uuid'],
    ['parent_key', 'uuid'],
    ['position', 'text'],
  ],
  sortValues: (row) => [row.list_id ?? noKey, row.parent_id ?? noKey, row.position],
};

export const sortKeys: Readonly<Record<Sort, SortKey>> = {
  created_at: createdAt,
  '-created_at': createdAt,
  updated_at: updatedAt,
  '-updated_at': updatedAt,
  due,
  '-due': dueDescending,
  priority,
  '-priority': priority,
  title,
  '-title': title,
  status,
  '-status': status,
  position,
  '-position': position,
};

/** As the trigger `write_task` computes it: a day comes before its times. Undefined without a due date. */
function dueOrderOf({ due_date, due_time }: TaskRow): string | undefined {
  if (!due_date) return undefined;
  return due_time ? `${due_date} ${due_time}` : `${addDays(due_date, -1)} 23:59:59.999999`;
}
