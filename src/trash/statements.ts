/** The statements of the trash. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { resource as list } from '../lists/statements.ts';
import { type ChangeSet, forgetHistory, nextNumbers } from '../resource/change.ts';
import type { Keyset } from '../resource/keyset.ts';
import { type NewestFirstRow, newestFirst, newestFirstPage } from '../resource/newest-first.ts';
import { type AllowedVersions, isAllowed } from '../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { resource as task } from '../tasks/sql/columns.ts';

/** A resource in the trash. */
export interface TrashRow {
  readonly resource: string;
  readonly id: string;
  readonly seq: string;
  /** The version of the deletion. */
  readonly version: number;
  readonly deleted_at: string;
  readonly change_set: string;
  /** The columns of the resource, as JSON. */
  readonly text: string;
}

const columns = 'resource, id, seq, version, deleted_at, change_set, content::text as text';
const inTrash = 'owner_id = $1 and content is not null';

const page = newestFirst<TrashRow & NewestFirstRow>('trash_list', { columns, from: 'todo.deleted', where: inTrash });

/** The number of the resource with the id. If several have it, that of the last deleted one. The primary key begins with the kind. */
const lastDeleted = (id: string) =>
  `(select max(seq) from todo.deleted where ${inTrash} and resource in ('${task}', '${list}') and id = ${id})`;

/**
 * Common table expressions of a resource in the trash and those below it, which were deleted in the same request: `below` has
 * their ids and levels. PostgreSQL estimates 100 rows for JSON, so it hashes the subtasks once instead of reading all of them
 * for each task.
 *
 * @param where the condition on the resource
 */
function subtree(where: string): string {
  return `
      with recursive root as (select * from todo.deleted as deleted where ${inTrash} and ${where}),
      subtask as materialized (
        select * from json_to_recordset((
          select json_agg(json_build_object('id', deleted.id, 'parent_id', deleted.content ->> 'parent_id'))
          from root join todo.deleted as deleted on deleted.owner_id = $1 and deleted.change_set = root.change_set
          where deleted.content is not null and deleted.resource = root.resource and deleted.content ->> 'parent_id' is not null
        )) as subtask (id uuid, parent_id uuid)
      ), below as (
        select resource, id, 1 as level from root
        union all
        select below.resource, subtask.id, below.level + 1 from below join subtask on subtask.parent_id = below.id
      )`;
}

/** A row of a subtree: the level of the resource itself is 1. */
export type SubtreeRow = TrashRow & { readonly level: number };

const select: Statement<SubtreeRow[]> = {
  name: 'trash_select',
  text: `${subtree(`id = $2 and seq = ${lastDeleted('$2')}`)}
      -- The number as text, which identifies the content.
      select found.resource, found.id, found.seq::text as seq, found.version, found.deleted_at, found.change_set,
             found.content::text as text, level
      from below, lateral (
        select * from todo.deleted as deleted
        where deleted.owner_id = $1 and deleted.resource = below.resource and deleted.id = below.id limit 1
      ) as found
      order by level, found.seq`,
};

/**
 * The tasks in the trash that were deleted in the same request as a list.
 *
 * @param where the condition on the list
 */
const deletedWithList = (columns: string, where: string) => `
      select ${columns}
      from todo.deleted as list join todo.deleted as task
        on task.owner_id = $1 and task.change_set = list.change_set and task.content is not null
      where list.owner_id = $1 and list.resource = '${list}' and list.content is not null and ${where}
        and task.resource = '${task}' and task.content ->> 'list_id' = list.id::text`;

const selectTasks: Statement<Pick<TrashRow, 'seq' | 'text'>[]> = {
  name: 'trash_select_tasks',
  text: `${deletedWithList('task.seq::text as seq, task.content::text as text', 'list.id = $2')} order by task.seq`,
};

export function listTrash(ownerId: string, after: Keyset | null, limit: number) {
  return newestFirstPage(page, ownerId, { after, limit });
}

/** The resource in the trash and those deleted with it, parents first. If several have the id, the last deleted one. */
export function selectFromTrash(ownerId: string, id: string): BoundStatement<SubtreeRow[]> {
  return { statement: select, values: [ownerId, id] };
}

/** The tasks in the trash that were deleted with a list, in the order of their deletions; none if the id is of no list. */
export function selectTasksOfList(ownerId: string, listId: string): BoundStatement<Pick<TrashRow, 'seq' | 'text'>[]> {
  return { statement: selectTasks, values: [ownerId, listId] };
}

/** A resource that was in the trash, and whether the write may delete this version. */
export interface PurgedRow {
  readonly previous_version: number;
  readonly is_allowed: boolean;
}

/**
 * A permanent deletion. It removes the content and the history of resources in the trash. Their tombstones get new numbers,
 * so that a client that shows the trash receives the change.
 *
 * @param where the condition on the resources, besides the owner; `$2` is the change set
 */
function purge<Rows extends object[]>(
  name: string,
  parts: { where: string; select: string; parameters: number },
): OutcomeStatement<Rows> {
  return outcomeStatement(name, {
    parameters: parts.parameters,
    with: [
      `entry as (
      select resource, id, row_number() over (order by seq) as place from todo.deleted where ${inTrash} ${parts.where}
    )`,
      nextNumbers('entry'),
      `purged as (
      update todo.deleted as deleted
      set content = null, seq = head.seq - (select count(*) from entry) + entry.place, deleted_at = statement_timestamp(),
          change_set = $2::uuid
      from head, entry
      where deleted.owner_id = $1 and deleted.resource = entry.resource and deleted.id = entry.id
      returning 1
    )`,
      forgetHistory('entry', 'entry.resource', 'entry.id'),
    ],
    select: parts.select,
  });
}

const purgeOne = purge<[] | [PurgedRow]>('trash_purge_one', {
  where: `and (resource, id) in (
      ${subtree(`id = $3 and seq = ${lastDeleted('$3')} and ${isAllowed('version', '$4')}`)}
      select below.resource, below.id from below
      union ${deletedWithList('task.resource, task.id', `list.seq = ${lastDeleted('$3')} and ${isAllowed('list.version', '$4')}`)}
    )`,
  select: `select version as previous_version, exists (select from entry) as is_allowed from todo.deleted where ${inTrash} and seq = ${lastDeleted('$3')}`,
  parameters: 4,
});

const purgeAll = purge<[{ readonly count: number }]>('trash_purge_all', {
  where: '',
  select: 'select count(*) as count from purged',
  parameters: 2,
});

const purgeOld = purge<[{ readonly count: number }]>('trash_purge_expired', {
  where: 'and deleted_at < now() - make_interval(days => $3::integer) order by seq limit $4',
  select: 'select count(*) as count from purged',
  parameters: 4,
});

/**
 * Deletes nothing unless the version is allowed. What was deleted with a task or a list is deleted permanently with it. If
 * several resources have the id, it deletes the last deleted one.
 */
export function purgeFromTrash(
  change: ChangeSet,
  id: string,
  versions: AllowedVersions,
): BoundOutcomeStatement<[] | [PurgedRow]> {
  return { statement: purgeOne, values: [change.ownerId, change.id, id, versions] };
}

export function emptyTrash(change: ChangeSet): BoundOutcomeStatement<[{ readonly count: number }]> {
  return { statement: purgeAll, values: [change.ownerId, change.id] };
}

/** Deletes what has been in the trash for more than so many days, the oldest first, up to a maximum number. */
export function purgeExpired(
  change: ChangeSet,
  days: number,
  max: number,
): BoundStatement<[{ readonly count: number }]> {
  return { statement: purgeOld, values: [change.ownerId, change.id, days, max] };
}
