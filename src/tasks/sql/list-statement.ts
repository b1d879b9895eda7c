/** The statements of a list of tasks: filters, order, and the keyset of the page; and of the number of its tasks. */
import type { BoundStatement, Parameter } from '../../database/statement.ts';
import { invalidCursor } from '../../resource/cursor.ts';
import type { Keyset } from '../../resource/keyset.ts';
import { maxPageBytes } from '../../resource/page.ts';
import type { ListFilters, Sort } from '../list-parameters.ts';
import { descriptionLength, titleLength } from '../schemas.ts';
import { type Condition, conditionsOf } from './filters.ts';
import { columnsWith, type TaskRow, taskColumns } from './row.ts';
import { allOf, selectPage, selectPageOfLists } from './select-page.ts';
import { sortKeys } from './sort-keys.ts';

export interface ListQuery {
  readonly filters: ListFilters;
  readonly sort: Sort;
  /** The page begins after this position; null for the first page. */
  readonly after: Keyset | null;
  readonly skip: number;
  readonly limit: number;
}

const maxTitleBytes = 4 * titleLength;
const maxTextBytes = maxTitleBytes + 4 * descriptionLength;

/** A row of `listTasks`. */
export type ListedRow = TaskRow & {
  /** Whether the description is so long that the page could exceed `maxPageBytes`. It is null then. */
  readonly is_long?: boolean;
};

/**
 * The list up to its limit, for pages that cannot exceed `maxPageBytes`. It omits long descriptions. `listTasksBySize`
 * reads pages that have one of them; its sum of sizes would cost 15 % more on every page.
 *
 * @param now in milliseconds since 1970
 */
export function listTasks(ownerId: string, query: ListQuery, now: number): BoundStatement<ListedRow[]> {
  const { name, plansForValues, select, values } = partsOf(ownerId, query, now);
  const longest = Math.floor(maxPageBytes / query.limit) - maxTitleBytes;
  const canExceed = query.limit * maxTextBytes > maxPageBytes;
  // A parameter, because a connection keeps a limited number of different statements prepared.
  const isLong = canExceed && `octet_length(tasks.description) > $${values.push(longest)}::integer`;
  const description = `case when ${isLong} then null else tasks.description end`;
  const columns = isLong ? `${columnsWith({ description })}, ${isLong} as is_long` : taskColumns;
  return { statement: { name: isLong ? `${name} short` : name, text: select(columns), plansForValues }, values };
}

/** A row of `listTasksBySize`: `fits` is false for the row after the last one of the page. */
export type SizedRow = TaskRow & { readonly fits: boolean };

/**
 * The list up to its limit or to `maxPageBytes`, and one row more. Skipped rows cost less than in `listTasks`, because
 * PostgreSQL does not read their tags.
 *
 * @param now in milliseconds since 1970
 */
export function listTasksBySize(ownerId: string, query: ListQuery, now: number): BoundStatement<SizedRow[]> {
  const { order, name, plansForValues, select, values } = partsOf(ownerId, query, now);
  const sizeUpTo = (preceding: number) => `
        coalesce(sum(octet_length(title) + coalesce(octet_length(description), 0))
          over (order by ${order} rows between unbounded preceding and ${preceding} preceding), 0)`;
  const text = `
    select ${taskColumns}, tasks.size_before < ${maxPageBytes} as fits
    from (
      select page.*, ${sizeUpTo(1)} as size_before, ${sizeUpTo(2)} as size_before_previous
      from (${select('tasks.*')}) as page
    ) as tasks
    where tasks.size_before_previous < ${maxPageBytes}
    order by ${order}`;
  return { statement: { name: `${name} by size`, text, plansForValues }, values };
}

/**
 * The number of tasks with the filters.
 *
 * @param now in milliseconds since 1970
 */
export function countTasks(
  ownerId: string,
  filters: ListFilters,
  now: number,
): BoundStatement<[{ readonly count: number }]> {
  const conditions = conditionsOf(filters, now);
  const { texts, values } = bindAll(ownerId, conditions);
  const text = `select count(*)::integer as count from todo.tasks as tasks where ${allOf(texts)}`;
  const name = ['tasks_count', ...conditions.map((condition) => condition.name)].join(' ');
  return {
    statement: { name, text, plansForValues: conditions.some((condition) => condition.plansForValues) },
    values,
  };
}

/** SQL of each condition, and the values of the parameters, of which the first one is the owner. */
function bindAll(ownerId: string, conditions: readonly Condition[]) {
  const values: Parameter[] = [ownerId];
  const bind = (value: Parameter) => `$${values.push(value)}`;
  return { texts: conditions.map(({ sql }) => sql(bind)), values };
}

/** The parts that both statements share. */
function partsOf(ownerId: string, { filters, sort, after, skip, limit }: ListQuery, now: number) {
  const columns = [...sortKeys[sort].columns, ['id', 'uuid'] as const];
  const [direction, comparator] = sort.startsWith('-') ? (['desc', '<'] as const) : (['asc', '>'] as const);
  /** @param relation the name of the relation, with a dot */
  const order = (relation = '') => columns.map(([column]) => `${relation}${column} ${direction}`).join(', ');

  const conditions: Condition[] = conditionsOf(filters, now);
  if (after) {
    if (after.length !== columns.length) throw invalidCursor();
    const place = columns.map(([column]) => `tasks.${column}`).join(', ');
    conditions.push({
      name: 'after',
      sql: (bind) =>
        `(${place}) ${comparator} (${columns.map(([, type], index) => `${bind(after[index] ?? '')}::${type}`).join(', ')})`,
    });
  }
  const plansForValues = conditions.some((condition) => condition.plansForValues);
  const { texts, values } = bindAll(ownerId, conditions);
  const page = { order: order('tasks.'), limit: `limit $${values.push(limit)} offset $${values.push(skip)}` };
  // The index of positions has the tasks of a list in their order. A plan for values knows about how many tasks the list has.
  const isServedByPlan = plansForValues || sort.endsWith('position');
  const inLists = isServedByPlan ? undefined : texts.find((_, index) => conditions[index]?.isOnLists);
  const others = texts.filter((text) => text !== inLists);
  return {
    order: order(),
    // The name identifies the text. It has nothing that a client sent.
    name: ['tasks_list', sort, ...conditions.map((condition) => condition.name)].join(' '),
    plansForValues,
    /** @param selected SQL of the columns */
    select: (selected: string) =>
      inLists === undefined
        ? selectPage(selected, { ...page, conditions: others })
        : selectPageOfLists(selected, inLists, { ...page, conditions: others }),
    values,
  };
}
