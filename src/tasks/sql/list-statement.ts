/** The SQL of lists: which of a user's tasks, in which order, from where on. */
import type { BoundStatement, Parameter } from '../../database/statement.ts';
import { dueOrderDescending } from '../table.ts';
import { type Condition, conditionsOf, type ListFilters } from './filters.ts';
import { taskColumns } from './row.ts';

/** What a list can be sorted by, `-` in front for descending. */
export const sorts = [
  'created_at',
  '-created_at',
  'updated_at',
  '-updated_at',
  'due',
  '-due',
  'priority',
  '-priority',
  'title',
  '-title',
  'status',
  '-status',
] as const;

export type Sort = (typeof sorts)[number];

/** The expression that a sort goes by, which has an index with owner and id, and its type. */
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

/** The place of a task in a sorted list: the value it is sorted by, as text, and its id. */
export type Keyset = readonly [value: string, id: string];

export interface ListQuery {
  readonly filters: ListFilters;
  readonly sort: Sort;
  /** Tasks after this one; null from the beginning. */
  readonly after: Keyset | null;
  readonly skip: number;
  readonly limit: number;
}

/** Gives rows of a task and, as `position`, of the value that it is sorted by. */
export function listTasks(
  ownerId: string,
  { filters, sort, after, skip, limit }: ListQuery,
  now: number,
): BoundStatement {
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
  // What the text is made of, and nothing that a client sent.
  const name = ['tasks_list', sort, ...conditions.map((condition) => condition.name)].join(' ');
  return { statement: { name, text }, values };
}
