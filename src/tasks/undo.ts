/** How the changes of a task are undone. */
import { isDeepStrictEqual } from 'node:util';
import type { Statement } from '../database/statement.ts';
import {
  changedSince,
  conflictOfPlace,
  type Reversal,
  type StateRow,
  statesStatement,
  type UndoableResource,
} from '../resource/reversal.ts';
import { seriesColumns } from './recurrence/columns.ts';
import { requireTaskIn } from './sql/batch-statements.ts';
import { type ColumnValues, resource } from './sql/columns.ts';
import { deleteTask } from './sql/delete-statement.ts';
import { restoreTask } from './sql/restore-statement.ts';
import { type TaskRow, taskColumns, taskExpressions, toTask } from './sql/row.ts';
import { updateColumns } from './sql/update-statement.ts';
import { tagKey } from './tag-key.ts';

const hiddenColumns = seriesColumns.filter((column) => !(column in taskExpressions)).map((column) => `tasks.${column}`);

const readStates = statesStatement({
  name: 'tasks_states',
  resource,
  table: 'todo.tasks',
  alias: 'tasks',
  columns: [taskColumns, ...hiddenColumns].join(', '),
});

const requireParents: Statement = {
  name: 'tasks_require_parents',
  text: `
    select todo.require_parent($1, tasks.id, tasks.parent_id, tasks.list_id)
    from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = any ($2::uuid[]) and tasks.parent_id is not null`,
};

export const taskUndo: UndoableResource = {
  readStates(ownerId, changeSetId) {
    return { statement: readStates, values: [ownerId, changeSetId] };
  },

  plan(ownerId, reversal, state) {
    const { id, existed, exists } = reversal;
    // The changes created the task and deleted it.
    if (!existed && !exists) return { steps: {} };
    const misplaced = conflictOfPlace(reversal, state);
    if (misplaced !== undefined || !state) return { conflict: `the task ${id} ${misplaced}` };
    const content = JSON.parse(state.text);
    const own = withoutFollowed(reversal, content);
    const changed = changedSince(own, content, isSame).filter(
      (name) => name !== 'list_id' || !canBeElsewhere(own, state, content),
    );
    const conflicts = changed.length > 0 ? changed : conflictsOfRecurrence({ ...content, ...valuesBefore(own) });
    if (conflicts.length > 0) return { conflict: `the task ${id} has another ${namesOf(conflicts)} since` };
    const updated = updatesBack(own, state, content).map((columns) => updateColumns(ownerId, id, columns, null));
    const deleted = existed ? [] : [deleteTask(ownerId, id, null)];
    if (exists) return { steps: { checks: [requireTaskIn(ownerId, id, [state.version])], updated, deleted } };
    const restored = [restoreTask(ownerId, id, { seq: state.seq, content }, null), requireTaskIn(ownerId, id, null)];
    return { steps: { restored, restoredAfter: content.parent_id, updated, deleted } };
  },

  verify(ownerId, ids) {
    return { statement: requireParents, values: [ownerId, ids] };
  },

  text: `(
        select to_jsonb(current)::text
        from (select ${taskColumns} from todo.tasks as tasks where tasks.owner_id = $1 and tasks.id = named.id) as current
      )`,

  toResource: (columns) => toTask(columns as TaskRow),
};

/** A subtask that has followed its parent into a list follows it back. */
function withoutFollowed(reversal: Reversal, content: TaskRow): Reversal {
  const { list_id, ...columns } = reversal.columns;
  const isFollower = list_id && columns.parent_id === undefined && content.parent_id !== null;
  return isFollower ? { ...reversal, columns } : reversal;
}

/**
 * Whether another list of the task is no conflict. In the trash, the list of a subtask means nothing, because it is restored
 * into the list of its parent. A task that got a parent in its own list may have followed the parent since.
 */
function canBeElsewhere({ columns }: Reversal, state: StateRow, content: TaskRow): boolean {
  const hasNewParentOnly = columns.parent_id !== undefined && columns.list_id?.[0] === columns.list_id?.[1];
  return hasNewParentOnly || (state.in_trash && content.parent_id !== null);
}

function valuesBefore({ columns }: Reversal): ColumnValues {
  return Object.fromEntries(Object.entries(columns).map(([name, [before]]) => [name, before]));
}

/** The values before the changes; none if no column changed. */
function updatesBack(reversal: Reversal, state: StateRow, { list_id, position }: TaskRow): ColumnValues[] {
  const { columns } = reversal;
  const before = valuesBefore(reversal);
  if (Object.keys(before).length === 0) return [];
  const isElsewhere = columns.parent_id && !state.in_trash && list_id !== columns.list_id?.[1];
  // With the position. Otherwise the task would be at the end of its siblings.
  return [columns.list_id ? { position, ...before, ...(isElsewhere && { list_id }) } : before];
}

/** The fields that a task with a recurrence cannot have: a later change has set them. */
function conflictsOfRecurrence({ recurrence_rule, due_date, status }: ColumnValues): string[] {
  if (!recurrence_rule) return [];
  return [...(due_date ? [] : ['due']), ...(status === 'Done' ? ['status'] : [])];
}

/** `completed_at` follows the status. Two spellings of a tag are the same tag. */
function isSame(name: string, one: unknown, other: unknown): boolean {
  if (name === 'completed_at') return true;
  if (name !== 'tags') return isDeepStrictEqual(one, other);
  const keys = (tags: unknown) => new Set((tags as string[]).map(tagKey));
  return isDeepStrictEqual(keys(one), keys(other));
}

/** The fields of the columns, for a message. */
function namesOf(columns: readonly string[]): string {
  return [
    ...new Set(
      columns.map((name) => name.replace(/^due_.*/, 'due').replace(/^(recurrence_.*|series_id)/, 'recurrence')),
    ),
  ].join(', ');
}
