/** The statements that mutations of tasks consist of. Each names the owner, although the policy alone would suffice. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { type ChangeSet, forgetHistory, nextNumber, recordChange } from '../../resource/change.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { type DueColumns, dueColumns } from '../due/due.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { columnsWith, type TaskRow, taskColumns } from './row.ts';
import { assignedToCreated, indexedCreated, reindexed, tagsOf } from './tags-and-words.ts';

export type WritableColumn = Exclude<keyof TaskReplace, 'tags' | 'due'> | keyof DueColumns;

/** The columns that a user may write. Tags have a table of their own. */
export const writableColumns = Object.keys({
  title: true,
  description: true,
  status: true,
  priority: true,
  due_date: true,
  due_time: true,
  due_time_zone: true,
} satisfies Record<WritableColumn, true>);

const dueColumnNames = ['due_date', 'due_time', 'due_time_zone'];

/** The columns of each field in the history. A change of one column of a due date records all three. */
const changedFields: readonly (readonly string[])[] = [
  ...[...writableColumns, 'completed_at']
    .filter((column) => !dueColumnNames.includes(column))
    .map((column) => [column]),
  dueColumnNames,
];

/** The name of the resource in the history and among the deleted resources. */
export const resource = 'task';

/** The rows of a creation: the new task, the task that has its id, or none if a deleted task has its id. */
export type CreatedRows = [] | [TaskRow & { readonly is_new: boolean }];

/** The task before an update or a deletion: its version, and whether the write may change this version. */
export interface PreviousVersion {
  readonly previous_version: number;
  /** In the row, because a replay can have another `If-Match` and has the same outcome. */
  readonly is_allowed: boolean;
}

/** The rows of an update: the task after it; none if there is no task. */
export type ChangedRows = [] | [TaskRow & PreviousVersion];

/** The rows of a deletion: none if there was no task. */
export type DeletedRows = [] | [PreviousVersion];

/** The names of the tags of `tagsOf`, as a column. */
export const assignedNames = 'array(select tag.name from tag order by tag.name)';

/** An insert with or without its part for tags, because many tasks have none. */
function insert(name: string, parts: { tags: boolean }): OutcomeStatement<CreatedRows> {
  const tags = parts.tags ? assignedNames : "'{}'::text[]";
  return outcomeStatement(name, {
    parameters: parts.tags ? 9 : 7,
    with: [
      `free as (
      select where not exists (select from todo.tasks where owner_id = $1 and id = $2)
        and not exists (select from todo.deleted where owner_id = $1 and resource = '${resource}' and id = $2)
    )`,
      nextNumber('free'),
      `created as (
      insert into todo.tasks (owner_id, id, seq, ${writableColumns.join(', ')}, completed_at, created_at, updated_at)
      select $1, $2, head.seq, ${writableColumns.map((column) => `wanted.${column}`).join(', ')},
             case when wanted.status = 'Done' then statement_timestamp() end, statement_timestamp(), statement_timestamp()
      from head, jsonb_populate_record(null::todo.tasks, $3) as wanted
      returning *
    )`,
      recordChange({ resource, kind: 'Created', version: '1', set: '$6', actor: '$7' }),
      ...(parts.tags ? [tagsOf('$8', '$9', 'created'), assignedToCreated] : []),
      indexedCreated('$4', '$5'),
    ],
    select: `
    select ${columnsWith({ tags })}, true as is_new from created as tasks
    union all
    -- The snapshot of this statement has no new task.
    select ${taskColumns}, false from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = $2`,
  });
}

const inserts = {
  plain: insert('tasks_insert', { tags: false }),
  tags: insert('tasks_insert_tags', { tags: true }),
};

const select: Statement<[] | [TaskRow]> = {
  name: 'tasks_select',
  text: `select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = $2`,
};

/**
 * A patch of columns. A patch of `due` without a date needs a task that has a due date. Otherwise the result would have
 * no date (RFC 7396). In this case a time is added, which the check `tasks_due_kind` rejects without a date.
 */
const patch = `
  case when current.due_date is null and $3::jsonb ? 'needs_due_date'
    then $3::jsonb || '{"due_time": "00:00"}' else $3::jsonb end`;

/** An update with or without its parts for tags and words, because most changes have neither. */
function update(parts: { tags: boolean; words: boolean }): OutcomeStatement<ChangedRows> {
  const [tags, afterTags] = parts.tags ? [['$7', '$8'] as const, 9] : [null, 7];
  const words = parts.words ? ([`$${afterTags}`, `$${afterTags + 1}`] as const) : null;
  const before = '(select array(select tag.name from before_tag as tag order by tag.name))';
  const name = `tasks_update${tags ? '_tags' : ''}${words ? '_words' : ''}`;
  return outcomeStatement(name, {
    parameters: 6 + (tags ? 2 : 0) + (words ? 2 : 0),
    with: [
      `current as (
      select *, tasks as stored from todo.tasks as tasks where owner_id = $1 and id = $2
    )`,
      // Every change depends on this relation, which has no row if the version is not allowed.
      `wanted as (
      select ${writableColumns.map((column) => `wanted.${column}`).join(', ')}, current.id,
             case
               when wanted.status <> 'Done' then null
               -- Only an undo sets it.
               when $3::jsonb ? 'completed_at' then wanted.completed_at
               when current.status = 'Done' then current.completed_at
               else greatest(statement_timestamp(), current.updated_at)
             end as completed_at
      from current, jsonb_populate_record(current.stored, ${patch}) as wanted
      where ${isAllowed('current.version', '$4')}
    )`,
      ...(tags
        ? [
            tagsOf(...tags, 'wanted'),
            `before_tag as (
      select tag.name from todo.task_tags as assigned
      join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
      where assigned.owner_id = $1 and assigned.task_id = $2
    )`,
            `unassigned as (
      delete from todo.task_tags as assigned using wanted
      where assigned.owner_id = $1 and assigned.task_id = wanted.id and assigned.tag_id not in (select id from tag)
      returning 1
    )`,
            `assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) select $1, wanted.id, tag.id from wanted, tag
      on conflict do nothing
      returning 1
    )`,
          ]
        : []),
      ...(words ? [reindexed(...words)] : []),
      `changed as materialized (
      select fields
      from (
        select ${changedFields.map(changedField).join(' || ')}
          ${tags ? `|| case when exists (select from unassigned) or exists (select from assigned) then jsonb_build_object('tags', jsonb_build_array(${before}, ${assignedNames})) else '{}' end` : ''}
          as fields
        from current, wanted
      ) as each
      where fields <> '{}'
    )`,
      nextNumber('changed'),
      recordChange({
        resource,
        kind: 'Updated',
        version: 'current.version + 1',
        fields: 'changed.fields',
        source: 'current, changed',
        set: '$5',
        actor: '$6',
      }),
      `updated as (
      update todo.tasks as tasks
      set ${[...writableColumns, 'completed_at'].map((column) => `${column} = wanted.${column}`).join(', ')},
          version = current.version + 1, seq = head.seq, updated_at = greatest(statement_timestamp(), current.updated_at)
      from head, current, wanted
      where tasks.owner_id = $1 and tasks.id = wanted.id
      returning tasks.*
    )`,
    ],
    select: `
    select ${tags ? columnsWith({ tags: assignedNames }) : taskColumns}, current.version as previous_version, true as is_allowed
    from updated as tasks, current
    union all
    select ${taskColumns}, tasks.version, exists (select from wanted) from current as tasks where not exists (select from updated)`,
  });
}

/** A changed field as a JSON object with the values of its columns before and after; otherwise an empty object. */
function changedField(columns: readonly string[]): string {
  const row = (relation: string) => `(${columns.map((column) => `${relation}.${column}`).join(', ')})`;
  const values = columns.map((column) => `'${column}', jsonb_build_array(current.${column}, wanted.${column})`);
  return `
          case when ${row('wanted')} is distinct from ${row('current')}
            then jsonb_build_object(${values.join(', ')}) else '{}' end`;
}

const updates = {
  plain: update({ tags: false, words: false }),
  tags: update({ tags: true, words: false }),
  words: update({ tags: false, words: true }),
  both: update({ tags: true, words: true }),
};

/** A deletion that moves the task to the trash, or a permanent one, which leaves no text of the task. */
function remove(name: string, { isPermanent }: { isPermanent: boolean }): OutcomeStatement<DeletedRows> {
  return outcomeStatement(name, {
    parameters: isPermanent ? 4 : 5,
    with: [
      `current as (
      select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = $2
    )`,
      `removed as (
      delete from todo.tasks as tasks using current
      where tasks.owner_id = $1 and tasks.id = current.id and ${isAllowed('current.version', '$3')}
      returning 1
    )`,
      nextNumber('removed'),
      isPermanent
        ? forgetHistory('head, current', `'${resource}'`, 'current.id')
        : recordChange({
            resource,
            kind: 'Deleted',
            version: 'current.version + 1',
            source: 'current',
            set: '$4',
            actor: '$5',
          }),
      `buried as (
      insert into todo.deleted (owner_id, resource, id, seq, version, deleted_at, change_set, content)
      select $1, '${resource}', current.id, head.seq, current.version + 1, statement_timestamp(), $4::uuid,
             ${isPermanent ? 'null' : 'to_jsonb(current)'}
      from head, current
    )`,
    ],
    select: 'select version as previous_version, exists (select from removed) as is_allowed from current',
  });
}

const removals = {
  toTrash: remove('tasks_delete', { isPermanent: false }),
  permanent: remove('tasks_delete_permanently', { isPermanent: true }),
};

/** Returns the new task or the one that has its id. */
export function insertTask(change: ChangeSet, id: string, task: TaskReplace): BoundOutcomeStatement<CreatedRows> {
  const words = [wordsOf(task.title), task.description === null ? [] : wordsOf(task.description)];
  const common = [change.ownerId, id, columnsOf(task), ...words, change.id, change.actor];
  const indexCost = indexCostOf(words, task.tags);
  return task.tags.length === 0
    ? { statement: inserts.plain, values: common, indexCost }
    : { statement: inserts.tags, values: [...common, task.tags, task.tags.map(tagKey)], indexCost };
}

export function selectTask(ownerId: string, id: string): BoundStatement<[] | [TaskRow]> {
  return { statement: select, values: [ownerId, id] };
}

/** Values of columns, as JSON has them, and names of tags. */
export type ColumnValues = Readonly<Partial<Record<WritableColumn | 'completed_at', string | null>>> & {
  readonly tags?: readonly string[];
};

/** Changes nothing unless the version is allowed. */
export function updateTask(
  change: ChangeSet,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  return boundUpdate(change, id, columnsOf(patch), patch, versions);
}

/** As `updateTask`, for values that a task had before. */
export function updateColumns(
  change: ChangeSet,
  id: string,
  { tags, ...columns }: ColumnValues,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  const { title, description } = columns;
  return boundUpdate(change, id, JSON.stringify(columns), { title: title ?? undefined, description, tags }, versions);
}

/** @param texts the new texts and tags; undefined if they stay as they are */
function boundUpdate(
  change: ChangeSet,
  id: string,
  columns: string,
  texts: {
    readonly title?: string | undefined;
    readonly description?: string | null | undefined;
    readonly tags?: readonly string[] | undefined;
  },
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  const { title, description, tags } = texts;
  const common = [change.ownerId, id, columns, versions, change.id, change.actor] as const;
  const words = [
    title === undefined ? null : wordsOf(title),
    description === undefined ? null : wordsOf(description ?? ''),
  ] as const;
  const indexCost = indexCostOf(words, tags);
  if (title === undefined && description === undefined) {
    return tags
      ? { statement: updates.tags, values: [...common, tags, tags.map(tagKey)], indexCost }
      : { statement: updates.plain, values: common };
  }
  return tags
    ? { statement: updates.both, values: [...common, tags, tags.map(tagKey), ...words], indexCost }
    : { statement: updates.words, values: [...common, ...words], indexCost };
}

/** A tag is looked up or made, and its row has two foreign keys. PostgreSQL takes about 9 µs for a word and 30 µs for a tag. */
export function indexCostOf(words: readonly (readonly string[] | null)[], tags: readonly string[] = []): number {
  return words.reduce((sum, each) => sum + (each?.length ?? 0), 4 * tags.length);
}

/**
 * Deletes nothing unless the version is allowed.
 *
 * @param options.hasTrash whether the task moves to the trash; otherwise the deletion is permanent
 */
export function deleteTask(
  change: ChangeSet,
  id: string,
  versions: AllowedVersions,
  { hasTrash }: { hasTrash: boolean },
): BoundOutcomeStatement<DeletedRows> {
  const values = [change.ownerId, id, versions, change.id];
  return hasTrash
    ? { statement: removals.toTrash, values: [...values, change.actor] }
    : { statement: removals.permanent, values };
}

/**
 * The columns that a task or a patch sets, as JSON. Absent columns stay as they are. PostgreSQL ignores
 * `needs_due_date`, which is not a column.
 */
export function columnsOf({ tags: _, due, ...fields }: TaskPatch): string {
  const needsDueDate = due != null && due.date === undefined;
  return JSON.stringify({ ...fields, ...dueColumns(due), ...(needsDueDate && { needs_due_date: true }) });
}
