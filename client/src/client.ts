/** The client: one method per operation of the API. */
import { type ConnectionOptions, createExchange } from './connection.ts';
import { type EventOptions, followChanges } from './events.ts';
import { exportLines } from './export.ts';
import type {
  ApiTokenCreate,
  RecurrencePreviewRequest,
  TagPatch,
  TaskListCreate,
  TaskListMove,
  TaskListPatch,
  TaskListReplace,
} from './generated/api.ts';
import {
  type BodyOf,
  type Caller,
  type CallOptions,
  type ConditionalWriteOptions,
  createCaller,
  type QueryOf,
  type Read,
  segment,
  type WriteOptions,
} from './operations.ts';
import { createRequest } from './request.ts';
import { type InTimeZone, taskMethods } from './tasks.ts';

export interface ClientOptions extends ConnectionOptions {
  /**
   * The IANA time zone of the user, for `today` and other days. Default: `UTC`. In a user's browser or app:
   * `Intl.DateTimeFormat().resolvedOptions().timeZone`.
   */
  readonly timeZone?: string | undefined;
  /** Maximum number of attempts after the first one, for transient failures. Default: 4. */
  readonly retries?: number | undefined;
  /** Milliseconds until an attempt without a complete response counts as a network failure. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
}

export type TodoClient = ReturnType<typeof createTodoClient>;

export function createTodoClient({ timeZone, retries = 4, timeoutMs = 60_000, ...connection }: ClientOptions) {
  const exchange = createExchange(connection);
  const request = createRequest(exchange, { retries, timeoutMs });
  const caller = createCaller(request, timeZone);
  const { read, write, list, inZone } = caller;
  return {
    tasks: taskMethods(caller),
    lists: listMethods(caller),

    /** Runs operations on tasks and lists, all or nothing. */
    batch: (
      operations: BodyOf<'runResourceBatch'>['operations'],
      { timeZone: zone, ...options }: WriteOptions & InTimeZone = {},
    ) => write<'runResourceBatch'>('POST', '/api/v1/batch', { query: inZone(zone), body: { operations } }, options),

    tags: {
      list: (options?: CallOptions) => read<'listTags'>('/api/v1/tags', undefined, options),
      /** Renames a tag on every task. If the new name exists, the tags are merged. */
      rename: (name: string, newName: TagPatch['name'], options?: WriteOptions) =>
        write<'renameTag'>('PATCH', `/api/v1/tags/${segment(name)}`, { body: { name: newName } }, options),
    },

    trash: {
      /** Deleted tasks and lists, newest first, page by page. */
      list: (query?: QueryOf<'listTrash'>, options?: CallOptions) => list<'listTrash'>('/api/v1/trash', query, options),
      /** Restores a task with the subtasks that were deleted with it, or a list with its tasks. */
      restore: (id: string, options?: ConditionalWriteOptions) =>
        write<'restoreFromTrash'>('POST', `/api/v1/trash/${segment(id)}/restore`, {}, options),
      /** Deletes an entry permanently. */
      purge: (id: string, options?: ConditionalWriteOptions) =>
        write<'purgeFromTrash'>('DELETE', `/api/v1/trash/${segment(id)}`, {}, options),
      /** Deletes all entries permanently. */
      empty: (options?: WriteOptions) => write<'emptyTrash'>('DELETE', '/api/v1/trash', {}, options),
    },

    changes: {
      /** One page of the changes after `since`; without it, of a snapshot. */
      read: (query?: QueryOf<'listChanges'>, options?: CallOptions) =>
        read<'listChanges'>('/api/v1/changes', query, options),
    },

    changeSets: {
      /** Reverts all changes of a request. Undoing an undo is redo. */
      undo: (changeSet: string, options?: WriteOptions) =>
        write<'undoChangeSet'>('POST', `/api/v1/change-sets/${segment(changeSet)}/undo`, {}, options),
    },

    recurrence: {
      /** Validates a recurrence and returns its next days. It stores nothing. */
      preview: (body: RecurrencePreviewRequest, options?: CallOptions): Read<'previewRecurrence'> =>
        write<'previewRecurrence'>('POST', '/api/v1/recurrence/preview', { query: inZone(), body }, options),
    },

    /** API tokens, for programs of the user. They need a token of the user's own sessions. */
    tokens: {
      list: (options?: CallOptions) => read<'listTokens'>('/api/v1/tokens', undefined, options),
      /** Creates a token. Only this result has it: `token` is null if the first response was lost, so revoke it then. */
      create: (body: ApiTokenCreate, options?: WriteOptions) =>
        write<'createToken'>('POST', '/api/v1/tokens', { body }, options),
      /** Revokes a token. It is rejected within 60 seconds everywhere. */
      revoke: (id: string, options?: WriteOptions) =>
        write<'deleteToken'>('DELETE', `/api/v1/tokens/${segment(id)}`, {}, options),
    },

    /** The user of the token. */
    me: (options?: CallOptions) => read<'readMe'>('/api/v1/me', undefined, options),

    /** Erases everything that the server stores about the user, except for the account at the issuer. */
    eraseMe: (options?: CallOptions) => write<'eraseMe'>('DELETE', '/api/v1/me', {}, options),

    /** Everything that the server stores about the user, line by line. Without a line of the type `end`, it is incomplete. */
    export: (signal?: AbortSignal) => exportLines(exchange, signal),

    /** Live updates: pages of changes, as they happen. */
    events: (options?: EventOptions) => followChanges(exchange, options),

    /** Sends any request, with the token, the key and the retries of the other methods. */
    request,
  };
}

function listMethods({ read, write }: Caller) {
  return {
    /** All lists of the user, by position. The inbox is not one of them. */
    list: (options?: CallOptions) => read<'listLists'>('/api/v1/lists', undefined, options),

    get: (id: string, options?: CallOptions) => read<'readList'>(`/api/v1/lists/${segment(id)}`, undefined, options),

    create: (body: TaskListCreate, options?: WriteOptions) =>
      write<'createList'>('POST', '/api/v1/lists', { body }, options),

    /** Writes all fields. Omitted fields return to their defaults, except for `position`. */
    replace: (id: string, body: TaskListReplace, options?: ConditionalWriteOptions) =>
      write<'replaceList'>('PUT', `/api/v1/lists/${segment(id)}`, { body }, options),

    /** Writes the fields of the patch. `null` clears a field. */
    update: (id: string, body: TaskListPatch, options?: ConditionalWriteOptions) =>
      write<'patchList'>('PATCH', `/api/v1/lists/${segment(id)}`, { body }, options),

    /** Moves the list to the trash. With tasks, it needs `tasks`: delete them too, or keep them in the inbox. */
    delete: (id: string, { tasks, ...options }: ConditionalWriteOptions & QueryOf<'deleteList'> = {}) =>
      write<'deleteList'>('DELETE', `/api/v1/lists/${segment(id)}`, { query: { tasks } }, options),

    /** Moves the list to a place among the other lists. */
    move: (id: string, body: TaskListMove, options?: ConditionalWriteOptions) =>
      write<'moveList'>('POST', `/api/v1/lists/${segment(id)}/move`, { body }, options),
  };
}
