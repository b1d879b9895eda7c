/** Rows of lists: their columns, and the list of a row. */
import type { List } from './schemas.ts';

/** A list has its columns as fields. */
export type ListRow = List;

/** The SQL of each column of a `ListRow`, selected from `todo.lists as lists`. */
export const listExpressions = {
  id: 'lists.id',
  name: 'lists.name',
  color: 'lists.color',
  position: 'lists.position',
  archived: 'lists.archived',
  task_count: 'lists.task_count',
  version: 'lists.version',
  created_at: 'lists.created_at',
  updated_at: 'lists.updated_at',
} satisfies Record<keyof ListRow, string>;

/** The columns of a `ListRow`, for the list of a `select`. */
export const listColumns = Object.values(listExpressions).join(', ');

/** The fields have the order in which clients receive them. */
export function toList(row: ListRow): List {
  return {
    id: row.id,
    name: row.name,
    color: row.color,
    position: row.position,
    archived: row.archived,
    task_count: row.task_count,
    version: row.version,
    created_at: row.created_at,
    updated_at: row.updated_at,
  };
}
