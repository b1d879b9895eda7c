/** The SQL of a page of tasks: rows of `todo.tasks as tasks` that meet conditions, in an order. */

export interface PageParts {
  /** SQL of the conditions beside that on the owner. */
  readonly conditions: readonly string[];
  /** SQL of the order, which an index has for all tasks of the owner. */
  readonly order: string;
  /** SQL of the limit and of the offset. */
  readonly limit: string;
}

/** @param columns SQL of the columns */
export function selectPage(columns: string, { conditions, order, limit }: PageParts): string {
  return `
    select ${columns} from todo.tasks as tasks
    where ${allOf(conditions)}
    order by ${order} ${limit}`;
}

/** SQL: lists with more tasks are large. With a quarter, neither way is much slower than the other one at its worst. */
const largestSmallList = '(select head.tasks / 4 from todo.heads as head where head.owner_id = $1)';

/**
 * A page of the tasks in lists, in an order that no index has for each list. Small lists are read completely and sorted. For
 * large lists, all tasks of the user are read in the order until the page is full. The statement decides, because PostgreSQL
 * keeps one plan for all lists.
 *
 * @param columns SQL of the columns
 * @param inLists SQL of the condition on the lists
 */
export function selectPageOfLists(columns: string, inLists: string, { conditions, order, limit }: PageParts): string {
  return `
    with lists as materialized (
      select exists (
        select from todo.tasks as tasks where ${allOf([inLists])}
        offset ${largestSmallList}
      ) as are_large
    )
    select ${columns} from (
      (
        -- PostgreSQL plans a subquery with an offset alone, so it uses the index of the lists.
        select tasks.* from (
          select tasks.* from todo.tasks as tasks where ${allOf([...conditions, inLists])} offset 0
        ) as tasks
        where not (select are_large from lists)
        order by ${order} ${limit}
      )
      union all
      (
        -- No index serves this form of the condition, and PostgreSQL expects it to be true for half of the tasks (selfuncs.c,
        -- boolvarsel). So it uses the index of the order.
        select tasks.* from todo.tasks as tasks
        where ${allOf([...conditions, `coalesce(${inLists}, false)`])} and (select are_large from lists)
        order by ${order} ${limit}
      )
    ) as tasks
    order by ${order}`;
}

/** SQL: whether a row of `todo.tasks as tasks` is of the owner `$1` and meets all conditions. */
export function allOf(conditions: readonly string[]): string {
  return ['tasks.owner_id = $1', ...conditions].join('\n      and ');
}
