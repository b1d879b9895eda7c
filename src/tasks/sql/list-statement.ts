/** The statement of a list of tasks: filters, order, and the keyset of the page. */
import type { BoundStatement, Parameter } from '../../database/statement.ts';
import type { Keyset, KeysetRow } from '../../resource/keyset.ts';
import type { ListFilters, Sort } from '../list-parameters.ts';
import { dueOrderDescending } from '../table.ts';
import { type Condition, conditionsOf } from './filters.ts';
import { type TaskRow, taskColumns } from './row.ts';

/** The expression of each sort, and its type. An index has the owner, the expression and the id. */
const sortKeys: Readonly<Record<Sort, readonly [expression: string, type: string]>> = {
  created_at: ['tasks.created_at', 'timestamptz'],
  '-created_at': ['tasks.created_at', 'timestamptz'],
  updated_at: ['tasks.updated_at', 'timestamptz'],
  '-updated_at': ['tasks.updated_at', 'timestamptz'],
  due: ['tasks.due_order', 'timestamp'],
  '-due': [dueOrderDescending, 'timestamp'],
  priority: ['tasks.priority_rank', 'smallint'],
  '-priority': ['tasks.priority_rank', 'smallint'],
  title: ['tasks.title', 'text'],
  '-title': ['tasks.title', 'text'],
  status: ['tasks.status_rank', 'smallint'],
  '-status': ['tasks.status_rank', 'smallint'],
};

export interface ListQuery {
  readonly filters: ListFilters;
  readonly sort: Sort;
  /** The page begins after this position; null for the first page. */
  readonly after: Keyset | null;
  readonly skip: number;
  readonly limit: number;
}

/** @param now in milliseconds since 1970 */
export function listTasks(
  ownerId: string,
  { filters, sort, after, skip, limit }: ListQuery,
  now: number,
): BoundStatement<(TaskRow & KeysetRow)[]> {
  const values: Parameter[] = [ownerId];
  const parameter = (value: Parameter): string => `$${values.push(value)}`;
  const [key, type] = sortKeys[sort];
  const [direction, comparator] = sort.startsWith('-') ? (['desc', '<'] as const) : (['asc', '>'] as const);

  const conditions: Condition[] = conditionsOf(filters, now);
  if (after) {
    const [value, id] = after;
    conditions.push({
      name: 'after',
      sql: (bind) => `(${key}, tasks.id) ${comparator} (${bind(value)}::${type}, ${bind(id)}::uuid)`,
    });
  }
  const text = `
    select ${taskColumns}, (${key})::text as position
    from todo.tasks as tasks
    where ${['tasks.owner_id = $1', ...conditions.map(({ sql }) => sql(parameter))].join('\n      and ')}
    order by ${key} ${direction}, tasks.id ${direction}
    limit ${parameter(limit)} offset ${parameter(skip)}`;
  // The name identifies the text. It has nothing that a client sent.
  const name = ['tasks_list', sort, ...conditions.map((condition) => condition.name)].join(' ');
  return { statement: { name, text }, values };
}
