/** The mutations of lists. */
import { uuidv7 } from 'uuidv7';
import type { RefusedValueError } from '../database/user-database.ts';
import { ProblemError } from '../problems/problem.ts';
import { type Quotas, quotaProblem } from '../quotas/quotas.ts';
import type { ChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type Place, unknownSibling } from '../resource/place.ts';
import { type AllowedVersions, versionMismatch } from '../resource/preconditions.ts';
import type { WriteStatus } from '../resource/response.ts';
import { toList } from './row.ts';
import type { List, ListPatch, ListReplace, TasksOfDeleted } from './schemas.ts';
import { type ChangedRows, deleteList, emptyList, insertList, moveList, updateList } from './statements.ts';

export interface ListResult {
  readonly status: WriteStatus;
  /** The list after the mutation; absent if the mutation deleted it. */
  readonly list?: List;
}

/**
 * The result is 200 if a list with this id and these fields exists.
 *
 * @param id chosen by the client; otherwise the list gets a new one
 */
export function createListMutation(changeSet: ChangeSet, list: ListReplace, id = uuidv7()): Mutation<ListResult> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: insertList(changeSet.ownerId, id, list),
    toResult([row]): ListResult {
      const stored = row && toList(row);
      if (stored && row.is_new) return { status: 201, list: stored };
      if (stored && hasFields(stored, list)) return { status: 200, list: stored };
      throw new ProblemError('id_taken');
    },
    onConstraintViolation: rejectionProblem,
  });
}

export function patchListMutation(
  changeSet: ChangeSet,
  id: string,
  patch: ListPatch,
  versions: AllowedVersions,
): Mutation<ListResult> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: updateList(changeSet.ownerId, id, patch, versions),
    toResult: changedList,
    onConstraintViolation: rejectionProblem,
  });
}

export function moveListMutation(
  changeSet: ChangeSet,
  id: string,
  place: Place,
  versions: AllowedVersions,
): Mutation<ListResult> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: moveList(changeSet.ownerId, id, place, versions),
    toResult: changedList,
    onStopped: () => unknownSibling(place),
    onConstraintViolation: rejectionProblem,
  });
}

/** @param tasks what happens to the tasks of the list; undefined if the list must have none */
export function deleteListMutation(
  changeSet: ChangeSet,
  id: string,
  versions: AllowedVersions,
  tasks: TasksOfDeleted | undefined,
): Mutation<ListResult> {
  const { ownerId } = changeSet;
  return defineMutation({
    changeSet,
    statements: tasks === undefined ? [] : [emptyList(ownerId, id, versions, tasks)],
    outcome: deleteList(ownerId, id, versions),
    toResult([row]): ListResult {
      if (!row) throw new ProblemError('list_not_found');
      if (!row.is_allowed) throw versionMismatch(row.version);
      if (!row.is_empty) throw listNotEmpty('?tasks=delete', '?tasks=keep');
      return { status: 204 };
    },
    onConstraintViolation: rejectionProblem,
  });
}

function changedList([row]: ChangedRows): ListResult {
  if (!row) throw new ProblemError('list_not_found');
  if (!row.is_allowed) throw versionMismatch(row.version);
  return { status: 200, list: toList(row) };
}

/**
 * @param deletion what a request that also deletes the tasks has
 * @param keeping what a request that keeps the tasks has
 */
export function listNotEmpty(deletion: string, keeping: string): ProblemError {
  return new ProblemError('list_not_empty', {
    detail: `The list has tasks, open or done. Delete it with ${deletion}, which moves them to the trash with it, or with ${keeping}, which moves them to the inbox.`,
  });
}

function rejectionProblem(error: RefusedValueError, quotas: Quotas): ProblemError | undefined {
  return quotaProblem(error.constraint, quotas);
}

/** Whether a stored list is the one that a request to create it asks for. */
function hasFields(stored: List, { name, color, position = stored.position, archived }: ListReplace): boolean {
  return stored.name === name && stored.color === color && stored.position === position && stored.archived === archived;
}
