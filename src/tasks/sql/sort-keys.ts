/** The sort keys of a list: each as SQL, and as the value of a row. */
import { addDays } from '../due/calendar.ts';
import type { Sort } from '../list-parameters.ts';
import { priorities, statuses } from '../table.ts';
import type { TaskRow } from './row.ts';

export interface SortKey {
  /** A column of `todo.tasks as tasks`. An index has the owner, the column and the id. */
  readonly column: string;
  readonly type: string;
  /** The value of a row, as text that PostgreSQL reads as the type. The column is not selected, because most rows need no value. */
  sortValue(row: TaskRow): string;
}

const createdAt: SortKey = { column: 'tasks.created_at', type: 'timestamptz', sortValue: (row) => row.created_at };
const updatedAt: SortKey = { column: 'tasks.updated_at', type: 'timestamptz', sortValue: (row) => row.updated_at };
const title: SortKey = { column: 'tasks.title', type: 'text', sortValue: (row) => row.title };
const status: SortKey = {
  column: 'tasks.status_rank',
  type: 'smallint',
  sortValue: (row) => String(statuses.indexOf(row.status)),
};
const priority: SortKey = {
  column: 'tasks.priority_rank',
  type: 'smallint',
  sortValue: (row) => String(priorities.indexOf(row.priority)),
};
const due: SortKey = {
  column: 'tasks.due_order',
  type: 'timestamp',
  sortValue: (row) => dueOrderOf(row) ?? 'infinity',
};
const dueDescending: SortKey = {
  column: 'tasks.due_order_descending',
  type: 'timestamp',
  sortValue: (row) => dueOrderOf(row) ?? '-infinity',
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
};

/** As the trigger `write_task` computes it: a day comes before its times. Undefined without a due date. */
function dueOrderOf({ due_date, due_time }: TaskRow): string | undefined {
  if (!due_date) return undefined;
  return due_time ? `${due_date} ${due_time}` : `${addDays(due_date, -1)} 23:59:59.999999`;
}
