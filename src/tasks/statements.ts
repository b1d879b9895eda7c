/** The SQL of tasks. Each statement names the owner itself, though the policy would hold without. */
import type { BoundStatement, Parameter, Statement } from '../database/statement.ts';
import type { Sort, Task, TaskPatch, TaskReplace } from './schemas.ts';

/** The columns of a task, in the order in which its fields are sent. */
const columns: readonly (keyof Task)[] = [
  'id',
  'owner_id',
  'title',
  'description',
  'status',
  'priority',
  'completed_at',
  'version',
  'created_at',
  'updated_at',
];

/** The columns that a user may write. */
const writable: readonly (keyof TaskReplace)[] = ['title', 'description', 'status', 'priority'];

const task = columns.join(', ');

const insert: Statement = {
  name: 'tasks_insert',
  text: `
    insert into todo.tasks (owner_id, id, ${writable.join(', ')}, completed_at)
    select $1, $2, ${writable.map((column) => `wanted.${column}`).join(', ')},
           case when wanted.status = 'Done' then now() end
    from jsonb_populate_record(null::todo.tasks, $3) as wanted
    on conflict (owner_id, id) do nothing
    returning ${task}`,
};

const select: Statement = {
  name: 'tasks_select',
  text: `select ${task} from todo.tasks where owner_id = $1 and id = $2`,
};

/** Whether the locked row is one of the versions that may be changed. */
function isMatch(versions: string): string {
  return `(${versions}::integer[] is null or current.version = any (${versions}))`;
}

/**
 * The row is locked first, so that what is compared with the wanted versions, and answered, is what the row is when
 * its turn has come, and not what it was when the statement began.
 */
const update: Statement = {
  name: 'tasks_update',
  text: `
    with current as materialized (
      select * from todo.tasks where owner_id = $1 and id = $2 for update
    ), changed as (
      update todo.tasks as tasks
      set ${writable.map((column) => `${column} = wanted.${column}`).join(', ')},
          completed_at = case
            when wanted.status <> 'Done' then null
            when tasks.status = 'Done' then tasks.completed_at
            else greatest(now(), tasks.updated_at)
          end,
          version = tasks.version + 1,
          updated_at = greatest(now(), tasks.updated_at)
      from current, jsonb_populate_record(current, $3) as wanted
      where tasks.owner_id = $1 and tasks.id = current.id
        and ${isMatch('$4')}
        and wanted is distinct from current
      returning ${columns.map((column) => `tasks.${column}`).join(', ')}
    )
    select true as matched, ${task} from changed
    union all
    select ${isMatch('$4')}, ${task} from current where not exists (select from changed)`,
};

const remove: Statement = {
  name: 'tasks_delete',
  text: `
    with current as materialized (
      select id, version from todo.tasks where owner_id = $1 and id = $2 for update
    ), removed as (
      delete from todo.tasks as tasks using current
      where tasks.owner_id = $1 and tasks.id = current.id
        and ${isMatch('$3')}
    )
    select ${isMatch('$3')} as matched from current`,
};

export function insertTask(ownerId: string, id: string, fields: TaskReplace): BoundStatement {
  return { statement: insert, values: [ownerId, id, JSON.stringify(fields)] };
}

export function selectTask(ownerId: string, id: string): BoundStatement {
  return { statement: select, values: [ownerId, id] };
}

/**
 * Gives the task as it is afterwards and whether it was one of `versions`, and no row where there is none.
 *
 * @param versions the versions that may be changed; null for any
 */
export function updateTask(
  ownerId: string,
  id: string,
  fields: TaskPatch,
  versions: readonly number[] | null,
): BoundStatement {
  return { statement: update, values: [ownerId, id, JSON.stringify(fields), versions] };
}

/** Gives whether the task was one of `versions` and so is gone, and no row where there was none. */
export function deleteTask(ownerId: string, id: string, versions: readonly number[] | null): BoundStatement {
  return { statement: remove, values: [ownerId, id, versions] };
}

export interface ListFilters {
  readonly status?: readonly string[] | undefined;
  readonly priority?: readonly string[] | undefined;
}

/** The place of a row in a sorted list: the value it is sorted by, and its id. */
export type Position = readonly [value: string, id: string];

export interface ListQuery {
  readonly filters: ListFilters;
  readonly sort: Sort;
  /** Rows after this one; null from the beginning. */
  readonly after: Position | null;
  readonly skip: number;
  readonly limit: number;
}

/** The column that a sort goes by. */
export function sortColumn(sort: Sort): 'created_at' | 'updated_at' {
  return sort.replace('-', '') as 'created_at' | 'updated_at';
}

export function listTasks(ownerId: string, { filters, sort, after, skip, limit }: ListQuery): BoundStatement {
  const column = sortColumn(sort);
  const descends = sort.startsWith('-');
  const values: Parameter[] = [ownerId];
  const parameter = (value: Parameter): string => `$${values.push(value)}`;

  const conditions = ['owner_id = $1'];
  if (filters.status) conditions.push(`status = any (${parameter(filters.status)}::todo.task_status[])`);
  if (filters.priority) conditions.push(`priority = any (${parameter(filters.priority)}::todo.task_priority[])`);
  if (after) {
    const [value, id] = after;
    conditions.push(
      `(${column}, id) ${descends ? '<' : '>'} (${parameter(value)}::timestamptz, ${parameter(id)}::uuid)`,
    );
  }
  const direction = descends ? 'desc' : 'asc';
  const text = `
    select ${task} from todo.tasks
    where ${conditions.join(' and ')}
    order by ${column} ${direction}, id ${direction}
    limit ${parameter(limit)} offset ${parameter(skip)}`;
  // The same filters and sort give the same text; the few that there can be are worth keeping prepared.
  const name = `tasks_list_${sort}_${filters.status ? 's' : ''}${filters.priority ? 'p' : ''}${after ? 'a' : ''}`;
  return { statement: { name, text }, values };
}
