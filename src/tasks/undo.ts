/** How the changes of a task are undone. */
import { isDeepStrictEqual } from 'node:util';
import type { BoundStatement, Statement } from '../database/statement.ts';
import {
  changedSince,
  conflictOfPlace,
  noPlace,
  type PlannedReversal,
  type Reversal,
  type StateRow,
  statesStatement,
  type UndoableResource,
  valuesBefore,
} from '../resource/reversal.ts';
import { requireVersions, versionsStatement } from '../resource/unchanged.ts';
import { seriesColumns } from './recurrence/columns.ts';
import { type ColumnValues, resource } from './sql/columns.ts';
import { deleteTasks } from './sql/delete-statement.ts';
import {
  countTasksOfLists,
  manyTasks,
  reserveForDeleted,
  reserveForRestored,
  withNumbersForUpdated,
} from './sql/many-changes.ts';
import { restoreTasks, type TrashedTask } from './sql/restore-statement.ts';
import { type TaskRow, taskColumns, taskExpressions, toTask } from './sql/row.ts';
import { type TaskUpdate, updateMany } from './sql/update-many-statement.ts';
import { tagKey } from './tag-key.ts';

const hiddenColumns = seriesColumns.filter((column) => !(column in taskExpressions)).map((column) => `tasks.${column}`);

const readStates = statesStatement({
  name: 'tasks_states',
  resource,
  table: 'todo.tasks',
  alias: 'tasks',
  columns: [taskColumns, ...hiddenColumns].join(', '),
});

const requireVersion = versionsStatement('tasks_require_versions', 'todo.tasks');

/**
 * Fails as the triggers do if a task cannot be below its parent. It looks at the subtasks, too, because they are one level
 * below. With the limits, PostgreSQL looks each parent up. It would join the tables row by row if it estimates a few rows.
 */
const requireParents: Statement = {
  name: 'tasks_require_parents',
  text: `
    with recursive below as (
      select tasks.id, tasks.parent_id, tasks.list_id from todo.tasks as tasks
      where tasks.owner_id = $1 and tasks.id = any ($2::uuid[])
      union
      select subtask.* from below, lateral (
        select tasks.id, tasks.parent_id, tasks.list_id from todo.tasks as tasks
        where tasks.owner_id = $1 and tasks.parent_id = below.id offset 0
      ) as subtask
    ), above as (
      select parent_id, list_id, 1 as level, false as is_elsewhere from below
      union all
      select parent.parent_id, parent.list_id, above.level + 1, parent.list_id is distinct from above.list_id
      from above, lateral (
        select tasks.parent_id, tasks.list_id from todo.tasks as tasks
        where tasks.owner_id = $1 and tasks.id = above.parent_id limit 1
      ) as parent
      where above.level <= 5
    )
    select todo.violate('tasks', case when above.is_elsewhere then 'tasks_parent_list' else 'tasks_parent_depth' end)
    from above where above.is_elsewhere or above.level > 5 limit 1`,
};

/** Stops the undo if a task cannot return to its list or below its parent, because these exist no more. */
const requirePlaces: Statement = {
  name: 'tasks_require_places',
  text: `
    select todo.stop_write('${noPlace} ${resource} ' || given.id)
    from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as given (id, list_id, parent_id)
    where given.list_id is not null and not exists (
        select from todo.lists as list where list.owner_id = $1 and list.id = given.list_id
      )
      or given.parent_id is not null and not exists (
        select from todo.tasks as parent where parent.owner_id = $1 and parent.id = given.parent_id
      )`,
};

export const taskUndo: UndoableResource = {
  readStates(ownerId, changeSetId) {
    return { statement: readStates, values: [ownerId, changeSetId] };
  },

  plan(reversal, state) {
    const { id, existed, exists } = reversal;
    // The changes created the task and deleted it.
    if (!existed && !exists) return {};
    const misplaced = conflictOfPlace(reversal, state);
    if (misplaced !== undefined || !state) return { conflict: `the task ${id} ${misplaced}` };
    const content = JSON.parse(state.text);
    const own = withoutFollowed(reversal, content);
    const changed = changedSince(own, content, isSame).filter(
      (name) => name !== 'list_id' || !canBeElsewhere(own, state, content),
    );
    const conflicts = changed.length > 0 ? changed : conflictsOfRecurrence({ ...content, ...valuesBefore(own) });
    if (conflicts.length > 0) return { conflict: `the task ${id} has another ${namesOf(conflicts)} since` };
    return { planned: { state, content, before: beforeAt(own, state, content), isDeleted: !existed } };
  },

  steps(ownerId, planned) {
    const ids = planned.map(({ state }) => state.id);
    const trashed = planned.filter(({ state }) => state.in_trash);
    const live = planned.filter(({ state }) => !state.in_trash).map(({ state }) => state);
    const updated = planned.filter(({ before }) => Object.keys(before).length > 0);
    const deletedIds = planned.filter(({ isDeleted }) => isDeleted).map(({ state }) => state.id);
    const areMany = planned.length >= manyTasks;
    const reserved = areMany && trashed.length > 0 ? [reserveForRestored(ownerId, trashed.length)] : [];
    const updates = updatesBack(ownerId, updated);
    return {
      checks: requireVersions(requireVersion, ownerId, live),
      restored: [...reserved, ...restoreTasks(ownerId, trashed.map(toTrashed))],
      updated:
        areMany && updates.length > 0
          ? withNumbersForUpdated(
              ownerId,
              updated.map(({ state }) => state.id),
              updates,
            )
          : updates,
      deleted:
        deletedIds.length > 0
          ? [...(areMany ? [reserveForDeleted(ownerId, deletedIds)] : []), deleteTasks(ownerId, deletedIds)]
          : [],
      verified: [
        ...(ids.length > 0 ? [{ statement: requireParents, values: [ownerId, ids] }] : []),
        ...(areMany ? [countTasksOfLists(ownerId)] : []),
      ],
    };
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

/** The values before the changes; none if no column changed. */
function beforeAt(reversal: Reversal, state: StateRow, { list_id, position }: TaskRow): Record<string, unknown> {
  const { columns } = reversal;
  const before = valuesBefore(reversal);
  if (!columns.list_id) return before;
  const isElsewhere = columns.parent_id && !state.in_trash && list_id !== columns.list_id[1];
  // With the position. Otherwise the task would be at the end of its siblings.
  return { position, ...before, ...(isElsewhere && { list_id }) };
}

function updatesBack(ownerId: string, planned: readonly PlannedReversal[]): BoundStatement[] {
  const updates = planned.map(({ state, before }): TaskUpdate => ({ id: state.id, values: before as ColumnValues }));
  const moved = updates.filter(({ values }) => values.list_id != null || values.parent_id != null);
  const column = (name: 'list_id' | 'parent_id') => moved.map(({ values }) => values[name] ?? null);
  const places = [moved.map(({ id }) => id), column('list_id'), column('parent_id')];
  return [
    ...(moved.length > 0 ? [{ statement: requirePlaces, values: [ownerId, ...places] }] : []),
    ...updateMany(ownerId, updates),
  ];
}

function toTrashed({ state, content }: PlannedReversal): TrashedTask {
  return { seq: state.seq, content: content as unknown as TaskRow };
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
