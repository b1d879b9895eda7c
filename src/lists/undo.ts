/** How the changes of a list are undone. */
import type { Statement } from '../database/statement.ts';
import { changedSince, conflictOfPlace, statesStatement, type UndoableResource } from '../resource/reversal.ts';
import { restoreList } from './restore-statements.ts';
import { type ListRow, listColumns, toList } from './row.ts';
import type { ListPatch } from './schemas.ts';
import { deleteList, resource, updateList } from './statements.ts';

/** A list with a task that the change set has not put there cannot be deleted: the undo leaves that task there. */
const hasOtherTasks = `exists (
          select from todo.tasks as tasks
          where tasks.owner_id = $1 and tasks.list_key = lists.id and not exists (
            select from todo.changes as change
            where change.owner_id = $1 and change.change_set = $2::uuid
              and change.resource = 'task' and change.id = tasks.id
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

/** Stops the undo if the list has another version. */
const requireVersion: Statement = {
  name: 'lists_require_version',
  text: `
    select todo.stop_write('changed_meanwhile')
    where not exists (select from todo.lists as lists where lists.owner_id = $1 and lists.id = $2 and lists.version = $3)`,
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

  plan(ownerId, reversal, state) {
    const { id, existed, exists, columns } = reversal;
    // The changes created the list and deleted it.
    if (!existed && !exists) return { steps: {} };
    const misplaced = conflictOfPlace(reversal, state);
    if (misplaced !== undefined || !state) return { conflict: `the list ${id} ${misplaced}` };
    const { has_other_tasks, ...content } = JSON.parse(state.text);
    const changed = changedSince(reversal, content);
    if (changed.length > 0) return { conflict: `the list ${id} has another ${changed.join(', ')} since` };
    if (!existed && has_other_tasks) return { conflict: `the list ${id} has other tasks since` };
    const before: ListPatch = Object.fromEntries(Object.entries(columns).map(([name, [value]]) => [name, value]));
    const updated = Object.keys(before).length > 0 ? [updateList(ownerId, id, before, null)] : [];
    const deleted = existed
      ? []
      : [deleteList(ownerId, id, null), { statement: requireDeleted, values: [ownerId, id] }];
    const required = (version: number) => ({ statement: requireVersion, values: [ownerId, id, version] });
    if (exists) return { steps: { checks: [required(state.version)], updated, deleted } };
    return {
      steps: { restored: [restoreList(ownerId, id, state.seq), required(state.version + 1)], updated, deleted },
    };
  },

  text: `(
        select to_jsonb(current)::text
        from (select ${listColumns} from todo.lists as lists where lists.owner_id = $1 and lists.id = named.id) as current
      )`,

  toResource: (columns) => toList(columns as ListRow),
};
