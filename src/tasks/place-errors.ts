/** Validation errors of the place of a task, which only the database can find: its list, its parent and its siblings. */
import type { RefusedValueError } from '../database/user-database.ts';
import type { FieldError } from '../problems/problem.ts';

/** The fields of a request that decide where a task is. */
export interface SentPlace {
  readonly list_id?: string | null | undefined;
  readonly parent_id?: string | null | undefined;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** The error of a place; undefined for any other constraint violation. */
export function placeFieldError({ constraint }: RefusedValueError, sent: SentPlace): FieldError | undefined {
  const neighbour = sent.before === undefined ? sent.after && '/after' : '/before';
  // A neighbour decides about the parent if the request has none.
  const parent = (sent.parent_id === undefined && neighbour) || '/parent_id';
  switch (constraint) {
    case 'tasks_list':
      return fieldError('/list_id', 'must be the id of one of your lists, or null for the inbox');
    case 'tasks_parent':
      return fieldError(
        parent,
        'must be the id of one of your tasks that is not in the trash, or null for the top level',
      );
    case 'tasks_parent_list':
      return sent.parent_id === undefined
        ? fieldError(
            '/list_id',
            'must be the list of the parent; also send parent_id null for the top level, or move the parent',
          )
        : fieldError('/parent_id', 'must be a task in the same list; send the list of the parent as list_id');
    case 'tasks_parent_cycle':
      return fieldError(parent, 'must be neither the task itself nor one of its subtasks');
    case 'tasks_parent_depth':
      return fieldError(
        parent,
        'must be a task closer to the top level: with the subtasks of this task, at most 5 levels are possible',
      );
    case 'tasks_place':
      return fieldError(
        neighbour || '/before',
        'must be another task in the list and below the parent of the destination; omit list_id and parent_id to move beside it, wherever it is',
      );
    default:
      return undefined;
  }
}

function fieldError(pointer: string, message: string): FieldError {
  return { in: 'body', pointer, message };
}
