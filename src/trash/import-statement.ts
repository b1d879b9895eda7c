/** The statements that import entries of the trash. Such an entry has a number, and is no change of the history. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { resource as list } from '../lists/statements.ts';
import { nextNumbers } from '../resource/change.ts';
import { pastTime } from '../resource/import.ts';
import { maxChangesPerUser } from '../resource/retention.ts';
import { seriesColumns } from '../tasks/recurrence/columns.ts';
import { resource as task, writableColumns } from '../tasks/sql/columns.ts';

/** A deleted resource in a file. */
export interface ImportedEntry {
  readonly resource: typeof task | typeof list;
  readonly id: string;
  /** The version of the deletion. */
  readonly version: number;
  readonly deletedAt: string;
  readonly changeSet: string;
  /** Its columns. */
  readonly columns: object;
}

const stored = (columns: readonly string[]) =>
  Object.fromEntries(columns.map((column) => [column, `stored.${column}`]));

/** SQL of what both kinds have. The deletion has incremented the version. */
const common = {
  id: '$2::uuid',
  version: 'greatest($3::integer - 1, 1)',
  created_at: pastTime('stored.created_at'),
  updated_at: pastTime('stored.updated_at'),
};

/** SQL of the instant of the due date. A later one could not be restored, because RFC 3339 has no such year. */
const dueAt = 'todo.due_instant(stored.due_date + stored.due_time, stored.due_time_zone)';
const stopsBeyondRange = `todo.stop_write(case when ${dueAt} >= '10000-01-01T00:00:00Z' then 'tasks_due_at_range' end) is null`;

/** SQL of the content of a deleted task. It has the keys that the trigger `delete_task` writes. */
const taskContent = {
  ...common,
  ...stored([...writableColumns, ...seriesColumns, 'series_id']),
  owner_id: '$1::text',
  tags: `coalesce($6::jsonb -> 'tags', '[]')`,
  due_at: dueAt,
  completed_at: `case when stored.status = 'Done' then ${pastTime('stored.completed_at')} end`,
};

/** SQL of the content of a deleted list. It has the keys that the trigger `delete_list` writes. */
const listContent = { ...common, ...stored(['name', 'color', 'position', 'archived']), task_count: '0' };

function importing(
  resource: string,
  table: string,
  content: Readonly<Record<string, string>>,
  condition = 'true',
): Statement {
  const pairs = Object.entries(content).map(([name, value]) => `'${name}', ${value}`);
  return {
    name: `trash_import_${resource}`,
    text: `
    with free as (
      select where not exists (select from ${table} as live where live.owner_id = $1 and live.id = $2::uuid)
        and not exists (
          select from todo.deleted as deleted
          where deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = $2::uuid
        )
    ), ${nextNumbers('free')}
    insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
    select $1, '${resource}', $2::uuid, head.seq, $3::integer, ${pastTime('$4::timestamptz')}, $5::uuid,
           jsonb_build_object(${pairs.join(', ')})
    from head, jsonb_populate_record(null::${table}, $6::jsonb) as stored
    where ${condition}
    returning id`,
  };
}

const statements = {
  [task]: importing(task, 'todo.tasks', taskContent, stopsBeyondRange),
  [list]: importing(list, 'todo.lists', listContent),
};

const begin: Statement = {
  name: 'trash_import_begin',
  text: `
    select set_config('app.import_start', coalesce((select seq from todo.heads where owner_id = $1), 0)::text, true)`,
};

/** As `record_change` does it, which this import does not call. */
const forget: Statement = {
  name: 'trash_import_forget',
  text: `
    update todo.deleted as deleted set content = null
    where deleted.owner_id = $1 and deleted.content is not null
      and deleted.seq <= (select head.seq - ${maxChangesPerUser} from todo.heads as head where head.owner_id = $1)`,
};

/** SQL: whether the entry `deleted` is from the import of this transaction. */
export const isNewEntry = `coalesce(deleted.seq > nullif(current_setting('app.import_start', true), '')::bigint, false)`;

/** Precedes the import of entries. */
export function beginEntries(ownerId: string): BoundStatement {
  return { statement: begin, values: [ownerId] };
}

/** Puts the resource in the trash unless its id is in use. */
export function importEntry(ownerId: string, entry: ImportedEntry): BoundStatement {
  const { resource, id, version, deletedAt, changeSet, columns } = entry;
  return {
    statement: statements[resource],
    values: [ownerId, id, version, deletedAt, changeSet, JSON.stringify(columns)],
  };
}

/** Follows the import of entries: the trash keeps what the user's last changes have deleted. */
export function forgetOldEntries(ownerId: string): BoundStatement {
  return { statement: forget, values: [ownerId] };
}
