/**
 * The statements that mutations of lists consist of. The triggers `write_list` and `delete_list` number and record the changes,
 * and keep an update without a change from doing anything. Each statement names the owner, although the policy alone would
 * suffice.
 */
import type { AtMostOne, BoundStatement, Statement } from '../database/statement.ts';
import { type Place, placeParameters } from '../resource/place.ts';
import { type AllowedVersions, isAllowed } from '../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { type ListRow, listColumns } from './row.ts';
import type { ListPatch, ListReplace, TasksOfDeleted } from './schemas.ts';

/** The name of the resource in the history and among the deleted resources. */
export const resource = 'list';

/** The rows of a creation: the new list, the list that has its id, or none if a deleted list has its id. */
export type CreatedRows = AtMostOne<ListRow & { readonly is_new: boolean }>;

/** Whether the write may change the version of the list. In the row, because a replay can have another `If-Match`. */
interface Allowed {
  readonly is_allowed: boolean;
}

/** The rows of an update: the list after it; none if there is no list. */
export type ChangedRows = AtMostOne<ListRow & Allowed>;

/** The rows of a deletion: the version before it, and whether the list had no tasks; none if there was no list. */
export type DeletedRows = AtMostOne<{ readonly version: number; readonly is_empty: boolean } & Allowed>;

const isList = 'lists.owner_id = $1 and lists.id = $2';
const allowed = isAllowed('lists.version', '$3');
/** The order is that of the index, because for PostgreSQL, others seem as good if most users have no lists. */
const hasTasks = `(
      select tasks.id from todo.tasks as tasks where tasks.owner_id = $1 and tasks.list_key = lists.id
      order by tasks.list_key, tasks.parent_key, tasks.position limit 1
    ) is not null`;

const selectAll: Statement<ListRow[]> = {
  name: 'lists_select_all',
  text: `select ${listColumns} from todo.lists as lists where lists.owner_id = $1 order by lists.position, lists.id`,
};

const select: Statement<AtMostOne<ListRow>> = {
  name: 'lists_select',
  text: `select ${listColumns} from todo.lists as lists where ${isList}`,
};

const insert: OutcomeStatement<CreatedRows> = outcomeStatement('lists_insert', {
  parameters: 6,
  with: [
    `created as (
      insert into todo.lists (owner_id, id, name, color, position, archived)
      select $1, $2::uuid, $3, $4, $5, $6::boolean
      where not exists (select from todo.lists as lists where ${isList})
        and not exists (select from todo.deleted where owner_id = $1 and resource = '${resource}' and id = $2)
      returning *
    )`,
  ],
  select: `
    select ${listColumns}, true as is_new from created as lists
    union all
    -- The snapshot of this statement has no new list.
    select ${listColumns}, false from todo.lists as lists where ${isList}`,
});

/** The outcome of an update that returns the changed list as `updated`. */
const updated = `
    select ${listColumns}, true as is_allowed from updated as lists
    union all
    select ${listColumns}, ${allowed} from todo.lists as lists where ${isList} and not exists (select from updated)`;

/** A null parameter keeps the value. The color has another one, because null is a color. */
const update: OutcomeStatement<ChangedRows> = outcomeStatement('lists_update', {
  parameters: 8,
  with: [
    `updated as (
      update todo.lists as lists
      set name = coalesce($4, lists.name), color = case when $5::boolean then $6 else lists.color end,
          position = coalesce($7, lists.position), archived = coalesce($8::boolean, lists.archived)
      where ${isList} and ${allowed}
      returning *
    )`,
  ],
  select: updated,
});

const move: OutcomeStatement<ChangedRows> = outcomeStatement('lists_move', {
  parameters: 5,
  with: [
    `updated as (
      update todo.lists as lists set position = todo.list_position($1, $2, $4, $5::uuid)
      where ${isList} and ${allowed}
      returning *
    )`,
  ],
  select: updated,
});

const empty: Statement = {
  name: 'lists_empty',
  text: `select todo.empty_list($1, $2, $4::boolean) from todo.lists as lists where ${isList} and ${allowed}`,
};

const remove: OutcomeStatement<DeletedRows> = outcomeStatement('lists_delete', {
  parameters: 3,
  with: [
    `removed as (
      delete from todo.lists as lists where ${isList} and ${allowed} and not (${hasTasks}) returning version
    )`,
  ],
  select: `
    select version, true as is_empty, true as is_allowed from removed
    union all
    select lists.version, not (${hasTasks}), ${allowed} from todo.lists as lists
    where ${isList} and not exists (select from removed)`,
});

/** All lists of a user, in their order. */
export function selectLists(ownerId: string): BoundStatement<ListRow[]> {
  return { statement: selectAll, values: [ownerId] };
}

export function selectList(ownerId: string, id: string): BoundStatement<AtMostOne<ListRow>> {
  return { statement: select, values: [ownerId, id] };
}

/** Returns the new list or the one that has its id. */
export function insertList(ownerId: string, id: string, list: ListReplace): BoundOutcomeStatement<CreatedRows> {
  const { name, color, position, archived } = list;
  return { statement: insert, values: [ownerId, id, name, color, position ?? null, archived] };
}

/** Changes nothing unless the version is allowed. */
export function updateList(
  ownerId: string,
  id: string,
  { name, color, position, archived }: ListPatch,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  const values = [name ?? null, color !== undefined, color ?? null, position ?? null, archived ?? null];
  return { statement: update, values: [ownerId, id, versions, ...values] };
}

/** Changes nothing unless the version is allowed. It stops with `sibling_not_found` if there is no such sibling. */
export function moveList(
  ownerId: string,
  id: string,
  place: Place,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  return { statement: move, values: [ownerId, id, versions, ...placeParameters(place)] };
}

/** Precedes the deletion of a list that may have tasks. It changes nothing unless the version is allowed. */
export function emptyList(
  ownerId: string,
  id: string,
  versions: AllowedVersions,
  tasks: TasksOfDeleted,
): BoundStatement {
  return { statement: empty, values: [ownerId, id, versions, tasks === 'keep'] };
}

/** Deletes nothing unless the version is allowed and the list is empty. */
export function deleteList(ownerId: string, id: string, versions: AllowedVersions): BoundOutcomeStatement<DeletedRows> {
  return { statement: remove, values: [ownerId, id, versions] };
}
