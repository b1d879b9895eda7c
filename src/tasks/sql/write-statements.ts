/** The statements that mutations of tasks consist of. Each names the owner, although the policy alone would suffice. */
import type { AtMostOne } from '../../database/statement.ts';
import { deleteStatement, isAllowed, isLocked, type LockedVersion, lockStatement } from '../../resource/locked-row.ts';
import {
  type BoundMutationStatement,
  type MutationStatement,
  readStatement,
  writeStatement,
} from '../../resource/mutation-statement.ts';
import type { AllowedVersions } from '../../resource/preconditions.ts';
import { type DueColumns, dueColumns } from '../due/due.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type TaskRow, taskColumns } from './row.ts';
import { reindexed, tagsOf } from './tags-and-words.ts';

type WritableColumn = Exclude<keyof TaskReplace, 'tags' | 'due'> | keyof DueColumns;

/** The columns that a user may write. Tags have a table of their own. */
const writableColumns = Object.keys({
  title: true,
  description: true,
  status: true,
  priority: true,
  due_date: true,
  due_time: true,
  due_time_zone: true,
} satisfies Record<WritableColumn, true>);

/** An insert with or without its part for tags, because many tasks have none. */
function insert(name: string, parts: { tags: boolean }): MutationStatement<AtMostOne<{ readonly id: string }>> {
  return writeStatement(
    name,
    (notReplayed) => `
    with stored as (
      insert into todo.tasks (owner_id, id, ${writableColumns.join(', ')}, completed_at, created_at, updated_at)
      select $1, $2, ${writableColumns.map((column) => `wanted.${column}`).join(', ')},
             case when wanted.status = 'Done' then statement_timestamp() end, statement_timestamp(), statement_timestamp()
      from jsonb_populate_record(null::todo.tasks, $3) as wanted
      where ${notReplayed}
      -- This update changes nothing. It locks the existing task until it has been compared with the request.
      on conflict (owner_id, id) do update set id = excluded.id
      returning id, xmax = 0 as is_new
    ), created as (
      select id from stored where is_new
    ), ${
      parts.tags
        ? `${tagsOf('$6', '$7', 'created')}, assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) select $1, created.id, tag.id from created, tag
    ), `
        : ''
    }indexed as (
      insert into todo.task_words (owner_id, task_id, word, in_title)
      select $1, created.id, word, true from created, unnest($4::text[]) as word
      union all
      select $1, created.id, word, false from created, unnest($5::text[]) as word
    )
    select id from created`,
  );
}

const inserts = {
  plain: insert('tasks_insert', { tags: false }),
  tags: insert('tasks_insert_tags', { tags: true }),
};

const select = readStatement<AtMostOne<TaskRow>>(
  'tasks_select',
  `select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = $2`,
);

const lock = lockStatement('tasks_lock', 'todo.tasks');

/** A task before a batch. */
export interface LockedTask {
  readonly id: string;
  readonly version: number;
}

const lockAll = writeStatement<LockedTask[]>(
  'tasks_lock_all',
  (notReplayed) => `
    select id, version from todo.tasks
    where owner_id = $1 and id = any ($2::uuid[]) and ${notReplayed}
    order by id for update`,
);

/**
 * A patch of columns. A patch of `due` without a date needs a task that has a due date. Otherwise the result would have
 * no date (RFC 7396). In this case a time is added, which the check `tasks_due_kind` rejects without a date.
 */
const patch = `
  case when current.due_date is null and $3::jsonb ? 'needs_due_date'
    then $3::jsonb || '{"due_time": "00:00"}' else $3::jsonb end`;

/** An update with or without its parts for tags and words, because most changes have neither. */
function update(parts: { tags: boolean; words: boolean }): MutationStatement<[]> {
  const name = `tasks_update${parts.tags ? '_tags' : ''}${parts.words ? '_words' : ''}`;
  return writeStatement(name, (notReplayed) => updateText(parts, notReplayed));
}

/** Every part depends on `current`, which has no row in a replay. */
function updateText(parts: { tags: boolean; words: boolean }, notReplayed: string): string {
  const expressions = [
    `current as (
      select *, tasks as stored from todo.tasks as tasks
      where owner_id = $1 and id = $2 and ${isLocked} and ${isAllowed('version', '$4')} and ${notReplayed}
    )`,
    ...(parts.tags
      ? [
          tagsOf('$5', '$6', 'current'),
          `unassigned as (
            delete from todo.task_tags as assigned using current
            where assigned.owner_id = $1 and assigned.task_id = current.id
              and assigned.tag_id not in (select id from tag)
            returning 1
          ), assigned as (
            insert into todo.task_tags (owner_id, task_id, tag_id) select $1, current.id, tag.id from current, tag
            on conflict do nothing
            returning 1
          )`,
        ]
      : []),
    ...(parts.words ? [parts.tags ? reindexed('$7', '$8') : reindexed('$5', '$6')] : []),
  ];
  const changes = ['wanted is distinct from current.stored'];
  if (parts.tags) changes.push('exists (select from unassigned)', 'exists (select from assigned)');
  return `
      with ${expressions.join(', ')}
      update todo.tasks as tasks
      set ${writableColumns.map((column) => `${column} = wanted.${column}`).join(', ')},
          completed_at = case
            when wanted.status <> 'Done' then null
            when current.status = 'Done' then current.completed_at
            else greatest(statement_timestamp(), current.updated_at)
          end,
          version = current.version + 1,
          updated_at = greatest(statement_timestamp(), current.updated_at)
      from current, jsonb_populate_record(current.stored, ${patch}) as wanted
      where tasks.owner_id = $1 and tasks.id = current.id and (${changes.join(' or ')})`;
}

const updates = {
  plain: update({ tags: false, words: false }),
  tags: update({ tags: true, words: false }),
  words: update({ tags: false, words: true }),
  both: update({ tags: true, words: true }),
};

const remove = deleteStatement('tasks_delete', 'todo.tasks');

/** Returns a row if it inserts the task, and none if a task has this id. */
export function insertTask(
  ownerId: string,
  id: string,
  task: TaskReplace,
): BoundMutationStatement<AtMostOne<{ readonly id: string }>> {
  const words = [wordsOf(task.title), task.description === null ? [] : wordsOf(task.description)];
  const common = [ownerId, id, columnsOf(task), ...words];
  const indexCost = indexCostOf(words, task.tags);
  return task.tags.length === 0
    ? { statement: inserts.plain, values: common, indexCost }
    : { statement: inserts.tags, values: [...common, task.tags, task.tags.map(tagKey)], indexCost };
}

export function selectTask(ownerId: string, id: string): BoundMutationStatement<AtMostOne<TaskRow>> {
  return { statement: select, values: [ownerId, id] };
}

/** Must precede `updateTask` and `deleteTask`, which otherwise change nothing. */
export function lockTask(ownerId: string, id: string): BoundMutationStatement<[LockedVersion]> {
  return { statement: lock, values: [ownerId, id] };
}

/** Locks the tasks of a batch, and returns those that exist. */
export function lockTasks(ownerId: string, ids: readonly string[]): BoundMutationStatement<LockedTask[]> {
  return { statement: lockAll, values: [ownerId, ids] };
}

export function updateTask(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
): BoundMutationStatement<[]> {
  const { title, description, tags } = patch;
  const common = [ownerId, id, columnsOf(patch), versions] as const;
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
function indexCostOf(words: readonly (readonly string[] | null)[], tags: readonly string[] = []): number {
  return words.reduce((sum, each) => sum + (each?.length ?? 0), 4 * tags.length);
}

export function deleteTask(ownerId: string, id: string, versions: AllowedVersions): BoundMutationStatement<[]> {
  return { statement: remove, values: [ownerId, id, versions] };
}

/**
 * The columns that a task or a patch sets, as JSON. Absent columns stay as they are. PostgreSQL ignores
 * `needs_due_date`, which is not a column.
 */
function columnsOf({ tags: _, due, ...fields }: TaskPatch): string {
  const needsDueDate = due != null && due.date === undefined;
  return JSON.stringify({ ...fields, ...dueColumns(due), ...(needsDueDate && { needs_due_date: true }) });
}
