/** The SQL of single tasks. Each statement names the owner itself, though the policy would hold without. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { notReplayed } from '../../idempotency/keys.ts';
import { dueColumns } from '../due/due.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { taskColumns } from './row.ts';

/** The columns that a user may write, by whatever name they have in a body. */
const writable = ['title', 'description', 'status', 'priority', 'due_date', 'due_time', 'due_time_zone'] as const;

/**
 * The ids of the tags of a list of names, made where there are none. Each key counts once. A tag keeps its spelling as
 * long as a task has it; a tag that no task has takes the new one.
 *
 * Rows of unused tags stay. Deleting them would wait for the row locks of requests that assign the same tag, and two
 * requests could wait for each other; and without that wait, the cascade would delete an assignment just made.
 *
 * @param names the parameter with the names
 * @param keys the parameter with their keys (`tag-key.ts`), in the same order
 * @param source a relation of one row, or of none where nothing is to be made
 */
function tagsOf(names: string, keys: string, source: string): string {
  return `
    given as (
      select distinct on (spelled.key) spelled.key, spelled.name
      from (
        select key collate "C" as key, name, position
        from ${source}, unnest(${names}::text[], ${keys}::text[]) with ordinality as names (name, key, position)
      ) as spelled
      order by spelled.key, spelled.position
    ), seen as (
      select tag.id, tag.key, tag.xmin as row_version, (
        select true from todo.task_tags as assigned
        where assigned.owner_id = $1 and assigned.tag_id = tag.id limit 1
      ) as is_used
      from todo.tags as tag join given on tag.key = given.key where tag.owner_id = $1
    ), known as (
      select id, key from seen where is_used
    ), made as (
      insert into todo.tags (owner_id, name, key)
      select $1, given.name, given.key from given where given.key not in (select key from known) order by given.key
      -- The spelling stays if another request has made or renewed the tag since this statement began.
      on conflict (owner_id, key) do update set name = case
        when tags.xmin = (select row_version from seen where seen.key = excluded.key) then excluded.name
        else tags.name
      end
      returning id
    ), tag as (
      select id from known union all select id from made
    )`;
}

const insert: Statement = {
  name: 'tasks_insert',
  text: `
    with stored as (
      insert into todo.tasks (owner_id, id, ${writable.join(', ')}, completed_at, created_at, updated_at)
      select $1, $2, ${writable.map((column) => `wanted.${column}`).join(', ')},
             case when wanted.status = 'Done' then statement_timestamp() end, statement_timestamp(), statement_timestamp()
      from jsonb_populate_record(null::todo.tasks, $3) as wanted
      where ${notReplayed}
      -- An update that changes nothing keeps the task that is there as it is until it has been compared.
      on conflict (owner_id, id) do update set id = excluded.id
      returning id, xmax = 0 as is_new
    ), created as (
      select id from stored where is_new
    ), ${tagsOf('$4', '$7', 'created')}, assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) select $1, created.id, tag.id from created, tag
    ), indexed as (
      insert into todo.task_words (owner_id, task_id, word, in_title)
      select $1, created.id, word, true from created, unnest($5::text[]) as word
      union all
      select $1, created.id, word, false from created, unnest($6::text[]) as word
    )
    select id from created`,
};

const select: Statement = {
  name: 'tasks_select',
  text: `select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = $2`,
};

/**
 * Makes the statements after it see the task as the last writer left it, and keeps the next one waiting: each statement
 * of an exchange looks at the database anew (READ COMMITTED, in the manual's chapter on concurrency control). What it
 * has not found it has not locked, so it notes what it has: a task that comes into being in between is left alone.
 */
const lock: Statement = {
  name: 'tasks_lock',
  text: `
    with found as materialized (
      select id, version from todo.tasks where owner_id = $1 and id = $2 and ${notReplayed} for update
    )
    select (select version from found) as version,
           set_config('app.locked', coalesce((select id::text from found), ''), true) as locked`,
};

/** Whether the task of a statement is the one that was locked. */
const isLocked = "current_setting('app.locked', true) = $2::text";

const lockAll: Statement = {
  name: 'tasks_lock_all',
  text: `
    select id, version from todo.tasks
    where owner_id = $1 and id = any ($2::uuid[]) and ${notReplayed}
    order by id for update`,
};

/** Whether a task is one of the versions that may be changed. */
function isAllowed(version: string, versions: string): string {
  return `(${versions}::integer[] is null or ${version} = any (${versions}))`;
}

/**
 * Replaces the words of the title and of the description, each where new ones are given. `in_title` is kept out of what an
 * index is searched for: PostgreSQL 18 takes that for dear, the words being in between, and reads all of the user's instead.
 */
function reindexed(title: string, description: string): string {
  return `
    left_words as (
      delete from todo.task_words as indexed using current
      where indexed.owner_id = $1 and indexed.task_id = current.id
        and indexed.word <> all (case when indexed.in_title then ${title}::text[] else ${description}::text[] end)
    ), joined_words as (
      insert into todo.task_words (owner_id, task_id, word, in_title)
      select $1, current.id, words.word, words.in_title
      from current, (
        select word, true as in_title from unnest(${title}::text[]) as word
        union all
        select word, false from unnest(${description}::text[]) as word
      ) as words
      on conflict do nothing
    )`;
}

/**
 * A patch of columns. One of `due` without a date is for a task that has a due date. Elsewhere the result would have no
 * date (RFC 7396), so a time is added to it: the check `tasks_due_kind` refuses a time without a date.
 */
const patch = `
  case when current.due_date is null and $3::jsonb ? 'needs_due_date'
    then $3::jsonb || '{"due_time": "00:00"}' else $3::jsonb end`;

/** An update with or without its parts for tags and words: most changes have neither. */
function update(parts: { tags: boolean; words: boolean }): Statement {
  const expressions = [
    `current as (
      select *, tasks as stored from todo.tasks as tasks
      where owner_id = $1 and id = $2 and ${isLocked} and ${isAllowed('version', '$4')}
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
  return {
    name: `tasks_update${parts.tags ? '_tags' : ''}${parts.words ? '_words' : ''}`,
    text: `
      with ${expressions.join(', ')}
      update todo.tasks as tasks
      set ${writable.map((column) => `${column} = wanted.${column}`).join(', ')},
          completed_at = case
            when wanted.status <> 'Done' then null
            when current.status = 'Done' then current.completed_at
            else greatest(statement_timestamp(), current.updated_at)
          end,
          version = current.version + 1,
          updated_at = greatest(statement_timestamp(), current.updated_at)
      from current, jsonb_populate_record(current.stored, ${patch}) as wanted
      where tasks.owner_id = $1 and tasks.id = current.id and (${changes.join(' or ')})`,
  };
}

const updates = {
  plain: update({ tags: false, words: false }),
  tags: update({ tags: true, words: false }),
  words: update({ tags: false, words: true }),
  both: update({ tags: true, words: true }),
};

const remove: Statement = {
  name: 'tasks_delete',
  text: `delete from todo.tasks where owner_id = $1 and id = $2 and ${isLocked} and ${isAllowed('version', '$3')}`,
};

/** Gives a row if the task was made, and none if there is one with this id. */
export function insertTask(ownerId: string, id: string, task: TaskReplace): BoundStatement {
  const words = [wordsOf(task.title), task.description === null ? [] : wordsOf(task.description)];
  return { statement: insert, values: [ownerId, id, columnsOf(task), task.tags, ...words, task.tags.map(tagKey)] };
}

export function selectTask(ownerId: string, id: string): BoundStatement {
  return { statement: select, values: [ownerId, id] };
}

/** Gives the task's `version`, null where there is none; it goes before every change of a task. */
export function lockTask(ownerId: string, id: string): BoundStatement {
  return { statement: lock, values: [ownerId, id] };
}

/** The version of a task before a batch. */
export interface VersionRow {
  readonly id: string;
  readonly version: number;
}

/** Goes before the writes of a batch, and gives a `VersionRow` for each task that exists. */
export function lockTasks(ownerId: string, ids: readonly string[]): BoundStatement {
  return { statement: lockAll, values: [ownerId, ids] };
}

/** @param versions the versions that may be changed; null for any */
export function updateTask(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: readonly number[] | null,
): BoundStatement {
  const { title, description, tags } = patch;
  const common = [ownerId, id, columnsOf(patch), versions] as const;
  const words = [
    title === undefined ? null : wordsOf(title),
    description === undefined ? null : wordsOf(description ?? ''),
  ] as const;
  if (title === undefined && description === undefined) {
    return tags
      ? { statement: updates.tags, values: [...common, tags, tags.map(tagKey)] }
      : { statement: updates.plain, values: common };
  }
  return tags
    ? { statement: updates.both, values: [...common, tags, tags.map(tagKey), ...words] }
    : { statement: updates.words, values: [...common, ...words] };
}

/** @param versions the versions that may be deleted; null for any */
export function deleteTask(ownerId: string, id: string, versions: readonly number[] | null): BoundStatement {
  return { statement: remove, values: [ownerId, id, versions] };
}

/**
 * The columns that a task or a patch sets, as JSON: those that are absent are left as they are. PostgreSQL ignores
 * `needs_due_date`, which is not a column.
 */
function columnsOf({ tags: _, due, ...fields }: TaskPatch): string {
  const needsDueDate = due != null && due.date === undefined;
  return JSON.stringify({ ...fields, ...dueColumns(due), ...(needsDueDate && { needs_due_date: true }) });
}
