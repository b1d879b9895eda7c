/**
 * The statements around those that change many tasks. The changes have reserved numbers, and the tasks of lists are counted
 * once afterwards. Otherwise each change would update the head of the user and the row of the list, and PostgreSQL would
 * look through all versions of these rows.
 */
import type { BoundStatement, Statement } from '../../database/statement.ts';

/** From so many tasks on, their changes have reserved numbers. For fewer, counting the tasks of all lists costs more. */
export const manyTasks = 100;

const reserveRestored: Statement = {
  name: 'tasks_reserve_restored',
  text: 'select todo.reserve_numbers($1, $2::integer, $2) from todo.heads where owner_id = $1',
};

const begin: Statement = {
  name: 'undo_begin',
  text: "select set_config('app.is_undoing', 'true', true)",
};

/** The tasks `$2` and all of their subtasks. */
const subtrees = `
    with recursive below as (
      select tasks.id from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = any ($2::uuid[])
      union
      select tasks.id from below join todo.tasks as tasks on tasks.owner_id = $1 and tasks.parent_id = below.id
    )`;

const reserveDeleted: Statement = {
  name: 'tasks_reserve_deleted',
  text: `${subtrees}
    select todo.reserve_numbers($1, count(*)::integer, -count(*)::integer) from below`,
};

/** A task changes on its own, and may follow each of the tasks above it into another list: five times at five levels. */
const reserveUpdated: Statement = {
  name: 'tasks_reserve_updated',
  text: `${subtrees}
    select todo.reserve_numbers($1, 5 * count(*)::integer, 0) from below`,
};

/** The unused numbers are the last ones, unless more were reserved in between. */
const releaseNumbers: Statement = {
  name: 'tasks_release_numbers',
  text: `
    with unused as materialized (
      select split_part(reserved, ' ', 1)::bigint as first, split_part(reserved, ' ', 2)::bigint as last
      from (select nullif(current_setting('app.next_number', true), '')) as setting (reserved) where reserved is not null
    ), released as (
      update todo.heads as head set seq = unused.first - 1 from unused where head.owner_id = $1 and head.seq = unused.last
    )
    select set_config('app.next_number', '', true) from unused`,
};

const countTasks: Statement = {
  name: 'lists_count_tasks',
  text: `
    update todo.lists as lists set task_count = counted.total
    from (
      select list.id, count(tasks.id) as total
      from todo.lists as list
      left join todo.tasks as tasks on tasks.owner_id = $1 and tasks.list_id = list.id and tasks.status <> 'Done'
      where list.owner_id = $1
      group by list.id
    ) as counted
    where lists.owner_id = $1 and lists.id = counted.id and lists.task_count <> counted.total`,
};

/**
 * Precedes the changes of an undo, and the restoration of tasks, which have valid places. The triggers of tasks then check no
 * parents, and complete no subtasks.
 */
export function withoutChecksOfParents(): BoundStatement {
  return { statement: begin, values: [] };
}

/** Precedes the restoration of so many tasks. Lists do not count them. */
export function reserveForRestored(ownerId: string, count: number): BoundStatement {
  return { statement: reserveRestored, values: [ownerId, count] };
}

/** Precedes the deletion of the tasks with their subtasks. Lists do not count them. */
export function reserveForDeleted(ownerId: string, ids: readonly string[]): BoundStatement {
  return { statement: reserveDeleted, values: [ownerId, ids] };
}

/** Statements with reserved numbers around updates of the tasks. Lists do not count them. */
export function withNumbersForUpdated(
  ownerId: string,
  ids: readonly string[],
  updates: readonly BoundStatement[],
): BoundStatement[] {
  return [
    { statement: reserveUpdated, values: [ownerId, ids] },
    ...updates,
    { statement: releaseNumbers, values: [ownerId] },
  ];
}

/** Counts the open tasks of all lists again. */
export function countTasksOfLists(ownerId: string): BoundStatement {
  return { statement: countTasks, values: [ownerId] };
}
