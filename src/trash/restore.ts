/** The mutation that restores a resource from the trash. A list comes back with the tasks that were deleted with it. */
import { type RestoredRows, restoredList, restoreList } from '../lists/restore-statements.ts';
import { toList } from '../lists/row.ts';
import { resource as list } from '../lists/statements.ts';
import type { ChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import type { Mutation } from '../resource/mutation.ts';
import { type AllowedVersions, versionMismatch } from '../resource/preconditions.ts';
import type { VersionedResource } from '../resource/response.ts';
import { restoreTaskMutation } from '../tasks/mutations.ts';
import { reserveForRestored } from '../tasks/sql/many-changes.ts';
import { restoreTasks, type TrashedTask } from '../tasks/sql/restore-statement.ts';
import type { TaskRow } from '../tasks/sql/row.ts';
import type { SubtreeRow, TrashRow } from './statements.ts';

/** The number of a deletion, which identifies the content, and the content. */
type TrashedRow = Pick<TrashRow, 'seq' | 'text'>;

/** Deeper subtasks have no place anywhere. They stay in the trash. */
const maxLevels = 5;

/**
 * @param found the resource in the trash and its subtasks, as they were read, parents first; empty if there was none
 * @param tasks the tasks that were deleted with it if it is a list, in any order
 */
export function restoreMutation(
  changeSet: ChangeSet,
  id: string,
  { found, tasks }: { found: readonly SubtreeRow[]; tasks: readonly TrashedRow[] },
  versions: AllowedVersions,
): Mutation<VersionedResource> {
  const [trashed] = found;
  const isList = trashed?.resource === list;
  const isAllowed = trashed !== undefined && (versions === null || versions.includes(trashed.version));
  const levels = found.at(-1)?.level ?? 0;
  const subtree = isList ? [] : found.filter(({ level }) => level <= maxLevels).map(toTask);
  const ofTask = restoreTaskMutation(changeSet, id, subtree, levels, isAllowed);
  return {
    ...ofTask,
    ...(isList && restoreListWrite(changeSet.ownerId, trashed, tasks, isAllowed, versions)),
    // The rows decide, because the plan of a replay finds nothing in the trash.
    toResult: (rows) => (areOfList(rows) ? restoredListOf(rows) : (ofTask.toResult(rows).task as VersionedResource)),
  };
}

function restoreListWrite(
  ownerId: string,
  { id, seq }: TrashRow,
  rows: readonly TrashedRow[],
  isAllowed: boolean,
  versions: AllowedVersions,
): Pick<Mutation<unknown>, 'statements' | 'outcome'> {
  const tasks = rows.map(toTask);
  const openTasks = tasks.filter(({ content }) => content.status !== 'Done').length;
  const statements = [
    restoreList(ownerId, id, seq, openTasks),
    ...(tasks.length > 0 ? [reserveForRestored(ownerId, tasks.length)] : []),
    ...restoreTasks(ownerId, tasks),
  ];
  return { statements: isAllowed ? statements : [], outcome: restoredList(ownerId, id, versions) };
}

function toTask({ seq, text }: TrashedRow): TrashedTask {
  return { seq, content: rowOfJson<TaskRow>(JSON.parse(text)) };
}

function areOfList(rows: readonly object[]): rows is RestoredRows {
  return rows.some((row) => 'resource' in row && row.resource === list);
}

function restoredListOf([row]: RestoredRows): VersionedResource {
  if (!row.is_allowed) throw versionMismatch(row.version);
  return toList(row);
}
