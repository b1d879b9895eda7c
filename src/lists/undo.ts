/** How the changes of a list are undone. */
import type { Statement } from '../database/statement.ts';
import {
  changedSince,
  conflictOfPlace,
  statesStatement,
  type UndoableResource,
  valuesBefore,
} from '../resource/reversal.ts';
import { requireVersions, versionsStatement } from '../resource/unchanged.ts';
import { restoreList } from './restore-statements.ts';
import { type ListRow, listColumns, toList } from './row.ts';
import { deleteList, resource } from './statements.ts';

/** A list with a task that the change set has not put there cannot be deleted: the undo leaves that task there. */
const hasOtherTasks = `exists (
          select from todo.tasks as tasks
          where tasks.owner_id = $1 and tasks.list_key = lists.id and tasks.id not in (
            select change.id from todo.changes as change
            where change.owner_id = $1 and change.change_set = $2::uuid and change.resource = 'task'
              and (change.kind in ('Created', 'Restored') or change.fields ? 'list_id')
          )
        )`;

const readStates = statesStatement({
  name: 'lists_states',
  resource,
  table: 'todo.lists',
  alias: 'lists',
  columns: `${listColumns}, ${hasOtherTasks} as has_other_tasks`,
});

const requireVersion = versionsStatement('lists_require_versions', 'todo.lists');

const changeable = ['name', 'color', 'position', 'archived'];

/** Gives lists other values, each its own. */
const updateMany: Statement = {
  name: 'lists_update_many',
  text: `
    update todo.lists as lists
    set (${changeable.join(', ')}) = (
          select ${changeable.map((column) => `changed.${column}`).join(', ')}
          from jsonb_populate_record(lists, given.changed) as changed
        )
    from json_to_recordset($2::json) as given (id uuid, changed jsonb)
    where lists.owner_id = $1 and lists.id = given.id`,
};

/** Stops the undo if the list still exists, because another request has put a task there. */
const requireDeleted: Statement = {
  name: 'lists_require_deleted',
  text: `
    select todo.stop_write('changed_meanwhile')
    where exists (select from todo.lists as lists where lists.owner_id = $1 and lists.id = $2)`,
};

export const listUndo: UndoableResource = {
  readStates(ownerId, changeSetId) {
    return { statement: readStates, values: [ownerId, changeSetId] };
  },

  plan(reversal, state) {
    const { id, existed, exists } = reversal;
    // The changes created the list and deleted it.
    if (!existed && !exists) return {};
    const misplaced = conflictOfPlace(reversal, state);
    if (misplaced !== undefined || !state) return { conflict: `the list ${id} ${misplaced}` };
    const { has_other_tasks, ...content } = JSON.parse(state.text);
    const changed = changedSince(reversal, content);
    if (changed.length > 0) return { conflict: `the list ${id} has another ${changed.join(', ')} since` };
    if (!existed && has_other_tasks) return { conflict: `the list ${id} has other tasks since` };
    return { planned: { state, content, before: valuesBefore(reversal), isDeleted: !existed } };
  },

  steps(ownerId, planned) {
    const trashed = planned.filter(({ state }) => state.in_trash).map(({ state }) => state);
    const live = planned.filter(({ state }) => !state.in_trash).map(({ state }) => state);
    const updates = planned.flatMap(({ state, before }) =>
      Object.keys(before).length > 0 ? [{ id: state.id, changed: before }] : [],
    );
    const deletedIds = planned.filter(({ isDeleted }) => isDeleted).map(({ state }) => state.id);
    return {
      checks: requireVersions(requireVersion, ownerId, live),
      // A batch has at most a hundred operations on lists.
      restored: trashed.map(({ id, seq }) => restoreList(ownerId, id, seq)),
      updated: updates.length > 0 ? [{ statement: updateMany, values: [ownerId, JSON.stringify(updates)] }] : [],
      deleted: deletedIds.flatMap((id) => [
        deleteList(ownerId, id, null),
        { statement: requireDeleted, values: [ownerId, id] },
      ]),
      verified: [],
    };
  },

  text: `(
        select to_jsonb(current)::text
        from (select ${listColumns} from todo.lists as lists where lists.owner_id = $1 and lists.id = named.id) as current
      )`,

  toResource: (columns) => toList(columns as ListRow),
};
