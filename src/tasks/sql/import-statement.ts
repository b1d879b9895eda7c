/** The statement that imports a task, and what compares it with a stored one. */
import type { BoundStatement, Parameter, Statement } from '../../database/statement.ts';
import type { ChangeSet } from '../../resource/change.ts';
import { differentFields, freeForImport, importedVersion, pastTime } from '../../resource/import.ts';
import { dueColumns } from '../due/due.ts';
import { recurrenceColumns, seriesColumns } from '../recurrence/columns.ts';
import type { TaskImport } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { resource, writableColumns } from './columns.ts';
import { assignedNames, assignedToCreated, indexedCreated, tagsOf } from './tags-and-words.ts';

/** The days that the recurrence of a task counts from. */
export interface ImportedSeries {
  /** The due day at which the rule was set. */
  readonly anchor: string;
  /** The rule's own day of this occurrence. */
  readonly day: string;
}

const keptColumns = [...writableColumns, ...seriesColumns, 'series_id'];

/** The columns are those of the object `$3`. The trigger `write_task` computes the others, and numbers and records the change. */
function importing(name: string, hasTags: boolean): Statement {
  const [title, description] = ['$5', '$6'];
  return {
    name,
    text: `with ${[
      ...freeForImport(resource, 'todo.tasks'),
      ...(hasTags ? [tagsOf('$7', '$8', 'free')] : []),
      `created as (
      insert into todo.tasks (owner_id, id, version, ${keptColumns.join(', ')}, completed_at, created_at${hasTags ? ', tag_names' : ''})
      select $1, $2::uuid, ${importedVersion}, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
             ${pastTime('stored.completed_at')}, ${pastTime('stored.created_at')}${hasTags ? `, ${assignedNames}` : ''}
      from free, jsonb_populate_record(null::todo.tasks, $3::jsonb) as stored
      returning id
    )`,
      ...(hasTags ? [assignedToCreated] : []),
      indexedCreated(title, description),
    ].join(',\n')}
    select id from created`,
  };
}

const begin: Statement = {
  name: 'tasks_import_begin',
  text: `
    insert into todo.heads (owner_id, seq)
    select $1, 0 where not exists (select from todo.heads as head where head.owner_id = $1)
    returning seq`,
};

/** With the limits, PostgreSQL looks each task up instead of reading all of them. */
const reserve: Statement = {
  name: 'tasks_import_reserve',
  text: `
    select free.count, todo.reserve_numbers($1, free.count, free.count)
    from (
      select count(*)::integer as count
      from (select distinct id from unnest($2::uuid[]) as id) as given
      where (select live.id from todo.tasks as live where live.owner_id = $1 and live.id = given.id limit 1) is null
        and ($3::boolean or (
          select deleted.id from todo.deleted as deleted
          where deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = given.id limit 1
        ) is null)
    ) as free`,
};

const count: Statement = {
  name: 'tasks_import_count',
  text: `
    update todo.lists as lists set task_count = lists.task_count + added.count
    from (
      select created.list_id, count(*) as count
      from todo.changes as change
      cross join lateral (
        select tasks.list_id, tasks.status from todo.tasks as tasks
        where tasks.owner_id = $1 and tasks.id = change.id limit 1
      ) as created
      where change.owner_id = $1 and change.change_set = $2::uuid and change.resource = '${resource}'
        and change.kind in ('Created', 'Restored') and created.status <> 'Done' and created.list_id is not null
      group by created.list_id
    ) as added
    where lists.owner_id = $1 and lists.id = added.list_id
    returning lists.id`,
};

/**
 * Statements around the imports of tasks: their changes have reserved numbers, and their lists count them once. Otherwise each
 * task would update the head of the user and its list, and PostgreSQL would look through all versions of these rows.
 *
 * @param ids of the tasks; ids that are in use get no number
 */
export function withReservedNumbers(
  { ownerId, id: changeSetId }: ChangeSet,
  ids: readonly string[],
  restores: boolean,
): { before: BoundStatement[]; after: BoundStatement[] } {
  if (ids.length === 0) return { before: [], after: [] };
  return {
    before: [
      { statement: begin, values: [ownerId] },
      { statement: reserve, values: [ownerId, ids, restores] },
    ],
    after: [{ statement: count, values: [ownerId, changeSetId] }],
  };
}

const importUntagged = importing('tasks_import', false);
const importTagged = importing('tasks_import_tagged', true);

/**
 * Creates the task unless its id is in use.
 *
 * @param restores whether a deleted task with the id is created again
 */
export function importTask(
  ownerId: string,
  task: TaskImport,
  series: ImportedSeries | undefined,
  restores: boolean,
): BoundStatement {
  const words = [wordsOf(task.title), task.description === null ? [] : wordsOf(task.description)];
  const columns = JSON.stringify(importedColumns(task, series));
  const values: Parameter[] = [ownerId, task.id, columns, restores, ...words];
  if (task.tags.length === 0) return { statement: importUntagged, values };
  return { statement: importTagged, values: [...values, task.tags, task.tags.map(tagKey)] };
}

/** The columns of a task in a file. Without the days of its series, a recurrence begins on the due date. */
export function importedColumns(
  task: TaskImport,
  series: ImportedSeries | undefined,
): Readonly<Record<string, unknown>> {
  const { owner_id: _, due_at: __, due, recurrence, ...fields } = task;
  const anchor = recurrence === null ? undefined : (series?.anchor ?? due?.date);
  return {
    ...fields,
    ...dueColumns(due),
    ...recurrenceColumns(recurrence, anchor),
    ...(recurrence !== null && series && { recurrence_day: series.day }),
  };
}

const sameValues = ['title', 'description', 'status', 'priority', 'list_id', 'parent_id'] as const;

/** SQL of the fields in which the task `tasks` differs from the columns `given` of the line `line` of a file, which has the keys of the tags. */
export const differentTaskFields = differentFields({
  ...Object.fromEntries(sameValues.map((name) => [name, `tasks.${name} is distinct from given.${name}`])),
  tags: `array(
        select tag.key from todo.task_tags as assigned
        join todo.tags as tag on tag.owner_id = $1 and tag.id = assigned.tag_id
        where assigned.owner_id = $1 and assigned.task_id = tasks.id order by tag.key
      ) <> array(select distinct key collate "C" as key from unnest(line.keys) as key order by key)`,
  position: 'tasks.position <> given.position',
  due: `(tasks.due_date, tasks.due_time, tasks.due_time_zone)
        is distinct from (given.due_date, given.due_time, given.due_time_zone)`,
  recurrence: `(tasks.recurrence_rule, tasks.recurrence_from, tasks.recurrence_missed)
        is distinct from (given.recurrence_rule, given.recurrence_from, given.recurrence_missed)`,
});
