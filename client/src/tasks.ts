/** The methods of `client.tasks`. */
import type { TaskCreate, TaskMove, TaskPatch, TaskReplace } from './generated/api.ts';
import {
  type BodyOf,
  type Caller,
  type CallOptions,
  type ConditionalWriteOptions,
  type QueryOf,
  segment,
  type WriteOptions,
} from './operations.ts';

/** Today, if the `due` of the task has no time zone: the day in this IANA time zone. Only recurring tasks need it. */
export interface InTimeZone {
  readonly timeZone?: string | undefined;
}

export function taskMethods({ read, list, write, inZone }: Caller) {
  return {
    /** The tasks that fit the query, page by page. */
    list: (query?: QueryOf<'listTasks'>, options?: CallOptions) =>
      list<'listTasks'>('/api/v1/tasks', { ...inZone(), ...query }, options),

    /** The number of tasks that fit the query. */
    count: (query?: QueryOf<'countTasks'>, options?: CallOptions) =>
      read<'countTasks'>('/api/v1/tasks/count', { ...inZone(), ...query }, options),

    get: (id: string, options?: CallOptions) => read<'readTask'>(`/api/v1/tasks/${segment(id)}`, undefined, options),

    create: (body: TaskCreate, options?: WriteOptions) =>
      write<'createTask'>('POST', '/api/v1/tasks', { body }, options),

    /** Writes all fields. Omitted fields return to their defaults, except for `position`. */
    replace: (id: string, body: TaskReplace, { timeZone, ...options }: ConditionalWriteOptions & InTimeZone = {}) =>
      write<'replaceTask'>('PUT', `/api/v1/tasks/${segment(id)}`, { query: inZone(timeZone), body }, options),

    /** Writes the fields of the patch. `null` clears a field. */
    update: (id: string, body: TaskPatch, { timeZone, ...options }: ConditionalWriteOptions & InTimeZone = {}) =>
      write<'patchTask'>('PATCH', `/api/v1/tasks/${segment(id)}`, { query: inZone(timeZone), body }, options),

    /** Moves the task and its subtasks to the trash. */
    delete: (id: string, options?: ConditionalWriteOptions) =>
      write<'deleteTask'>('DELETE', `/api/v1/tasks/${segment(id)}`, {}, options),

    /** Moves the task and its subtasks to a place among its siblings, to another list, or below another task. */
    move: (id: string, body: TaskMove, options?: ConditionalWriteOptions) =>
      write<'moveTask'>('POST', `/api/v1/tasks/${segment(id)}/move`, { body }, options),

    /** Moves a recurring task to its next occurrence without completing it. */
    skip: (id: string, { timeZone, ...options }: ConditionalWriteOptions & InTimeZone = {}) =>
      write<'skipTask'>('POST', `/api/v1/tasks/${segment(id)}/skip`, { query: inZone(timeZone) }, options),

    /** The days of the next occurrences of a recurring task. */
    occurrences: (id: string, query?: QueryOf<'listTaskOccurrences'>, options?: CallOptions) =>
      read<'listTaskOccurrences'>(`/api/v1/tasks/${segment(id)}/occurrences`, { ...inZone(), ...query }, options),

    /** The changes of the task, newest first, page by page. */
    history: (id: string, query?: QueryOf<'readTaskHistory'>, options?: CallOptions) =>
      list<'readTaskHistory'>(`/api/v1/tasks/${segment(id)}/history`, query, options),

    /** Runs 1 to 100 operations in order, all or none of them. */
    batch: (operations: BodyOf<'runBatch'>['operations'], { timeZone, ...options }: WriteOptions & InTimeZone = {}) =>
      write<'runBatch'>('POST', '/api/v1/tasks/batch', { query: inZone(timeZone), body: { operations } }, options),
  };
}
