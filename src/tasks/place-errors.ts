/** Validation errors of the place of a task, which only the database can find: its list and its parent. */
import type { RefusedValueError } from '../database/user-database.ts';
import type { FieldError } from '../problems/problem.ts';
import type { TaskPatch } from './schemas.ts';

const noList = ['/list_id', 'must be the id of one of your lists, or null for the inbox'] as const;

const noParent = [
  '/parent_id',
  'must be the id of one of your tasks that is not in the trash, or null for the top level',
] as const;

const cycle = ['/parent_id', 'must be neither the task itself nor one of its subtasks'] as const;

const depth = [
  '/parent_id',
  'must be a task closer to the top level: with the subtasks of this task, at most 5 levels are possible',
] as const;

const otherListOfParent = [
  '/parent_id',
  'must be a task in the same list; send the list of the parent as list_id',
] as const;

const otherList = [
  '/list_id',
  'must be the list of the parent; also send parent_id null for the top level, or move the parent',
] as const;

/**
 * The error of a list or a parent; undefined for any other constraint violation.
 *
 * @param sent the fields of the request
 */
export function placeFieldError({ constraint }: RefusedValueError, sent: TaskPatch): FieldError | undefined {
  const known = {
    tasks_list: noList,
    tasks_parent: noParent,
    tasks_parent_list: sent.parent_id === undefined ? otherList : otherListOfParent,
    tasks_parent_cycle: cycle,
    tasks_parent_depth: depth,
  }[constraint ?? ''];
  return known && { in: 'body', pointer: known[0], message: known[1] };
}
