/** Types of the API. Written by `npm run docs:generate` from the OpenAPI document. */

/** An API token of the authenticated user. */
export interface ApiToken {
  id: string;
  /** Name with at least one visible character. The history names the token as the `actor` of its changes. */
  name: string;
  scopes: Scope[];
  /** The beginning of the token, which identifies it and is not secret. */
  prefix: string;
  created_at: string;
  /** From this time on, the token is rejected. */
  expires_at: string;
  /** The time of a use, at most an hour before the last one; null if the token was not used. */
  last_used_at: string | null;
}

/** A new API token. */
export interface ApiTokenCreate {
  /** Name with at least one visible character. The history names the token as the `actor` of its changes. */
  name: string;
  /** What the token may do: `tasks:read` to read, `tasks:write` to write, `tasks:purge` to delete permanently. */
  scopes: Scope[];
  /** The number of days for which the token is valid. Default: `90`. */
  expires_in_days?: number | undefined;
}

/** Operations that run in this order, all or none of them. */
export interface Batch {
  operations: BatchOperation[];
}

/** One operation of a batch. */
export type BatchOperation = CreateOperation | UpdateOperation | DeleteOperation;

/** The type of a resource, which is also the name of its property. */
export type BatchResourceType = 'task' | 'list';

/** The result of one operation. */
export interface BatchResult {
  status: BatchResultStatus;
  /** The task after the batch; absent if the operation deleted it, or if a later operation of the batch has the same id. */
  task?: Task;
}

/** Created (201), changed (200) or deleted (204). */
export type BatchResultStatus = 200 | 201 | 204;

/** The result of each operation, in the same order. */
export interface BatchResults {
  results: BatchResult[];
}

/** The current state of a resource that changed. */
export type Change = PutChange | RemoveChange;

/** What happened to the task. */
export type ChangeKind = 'Created' | 'Updated' | 'Deleted' | 'Restored';

/** A page of changes. */
export interface Changes {
  /** Whether the cursor can no longer be served. Then discard your copy; this is the first page of a snapshot. */
  reset: boolean;
  /** The changes, in the order of their commits. */
  changes: Change[];
  /** The position after this page, for `since`. */
  cursor: string;
  /** Whether there are more changes. Once it is false, your copy is the state at `cursor`. */
  has_more: boolean;
}

export interface CreateOperation {
  op: 'create';
  task: TaskCreate;
}

/** Creates a resource. The body may have an `id`, which later operations can name. */
export interface CreateResourceOperation {
  type: BatchResourceType;
  op: 'create';
  /** The body, if `type` is `task`. */
  task?: TaskCreate | undefined;
  /** The body, if `type` is `list`. */
  list?: TaskListCreate | undefined;
}

/** A new API token. */
export interface CreatedApiToken {
  id: string;
  /** Name with at least one visible character. The history names the token as the `actor` of its changes. */
  name: string;
  scopes: Scope[];
  /** The beginning of the token, which identifies it and is not secret. */
  prefix: string;
  created_at: string;
  /** From this time on, the token is rejected. */
  expires_at: string;
  /** The time of a use, at most an hour before the last one; null if the token was not used. */
  last_used_at: string | null;
  /** The token itself. It is shown once: in the response to a repeated request with the same `Idempotency-Key`, it is null, because the server does not store it. */
  token: string | null;
}

export interface DeleteOperation {
  op: 'delete';
  id: string;
  /** The operation runs only if the task has this version. */
  if_version?: number | undefined;
}

/** Moves a resource to the trash. */
export interface DeleteResourceOperation {
  type: BatchResourceType;
  op: 'delete';
  id: string;
  /** The operation runs only if the resource has this version. */
  if_version?: number | undefined;
  /** For a list: `delete` moves its tasks to the trash with it, and `keep` moves them to the end of the inbox, in their order. Without it, the list must have no tasks. */
  tasks?: TasksOfDeletedList | undefined;
}

/** What happens to a task or list of a line that is in the trash, or deleted permanently: it stays deleted, or it is created again as it is in the line. Default: `keep`. Default: `keep`. */
export type DeletedAtImport = 'keep' | 'restore';

/** A day (`date`), a local time in any time zone (`date`, `time`), or an instant (`date`, `time`, `time_zone`). */
export interface Due {
  date: string;
  time?: string;
  time_zone?: string;
}

export type DueFilter = 'overdue' | 'today' | 'tomorrow' | 'week' | 'none' | 'any';

/** A day (`date`), a local time in any time zone (`date`, `time`), or an instant (`date`, `time`, `time_zone`). */
export interface DueInput {
  date: string;
  time?: string | undefined;
  time_zone?: string | undefined;
}

/** A day (`date`), a local time in any time zone (`date`, `time`), or an instant (`date`, `time`, `time_zone`). Absent keys keep their values; null clears a key. The result must have a date. */
export interface DuePatch {
  date?: string | undefined;
  time?: string | null | undefined;
  time_zone?: string | null | undefined;
}

/** An error in one field of a request. */
export interface FieldError {
  in: RequestPart;
  /** A JSON pointer in a body; otherwise the name of the parameter or header. */
  pointer: string;
  message: string;
}

/** A line that was skipped. */
export interface ImportProblem {
  /** The number of the line in the request, from 1. */
  line: number;
  type: ImportedType;
  id: string;
  code: ImportProblemCode;
  /** What differs, or what to do. */
  message: string;
}

/** `differs`: the resource exists with other fields. `deleted`: it is in the trash, or deleted permanently. */
export type ImportProblemCode = 'differs' | 'deleted';

/** What an import did with the lines of the request. */
export interface ImportResult {
  /** Lines whose resource was created. */
  created: number;
  /** Lines whose resource exists as it is in the line. */
  unchanged: number;
  /** Lines that `problems` names. They changed nothing. */
  skipped: number;
  /** Lines of the types `export`, `change`, `token` and `end`. */
  ignored: number;
  /** Why lines were skipped. */
  problems: ImportProblem[];
}

export type ImportedType = 'list' | 'task' | 'trash';

/** The authenticated user. */
export interface Me {
  /** The `sub` of the token. */
  id: string;
  /** The token’s scopes; null without a `scope` claim. */
  scopes: string[] | null;
}

/** Moves a resource to a place among its siblings. */
export interface MoveResourceOperation {
  type: BatchResourceType;
  op: 'move';
  id: string;
  /** The operation runs only if the resource has this version. */
  if_version?: number | undefined;
  /** The body, if `type` is `task`. */
  task?: TaskMove | undefined;
  /** The body, if `type` is `list`. */
  list?: TaskListMove | undefined;
}

/** The place is at the start or at the end of the siblings. */
export type MoveTarget = 'start' | 'end';

/** The next occurrences of a stored task. */
export interface Occurrences {
  recurrence: Recurrence | null;
  /** The days of the next occurrences, if each of them is completed on its day. Fewer than `limit` days: the series ends. */
  days: string[];
}

/** Priority of a task. */
export type Priority = 'Low' | 'Medium' | 'High';

/** An error response (RFC 9457). */
export interface Problem {
  /** A link to the explanation of the problem on this server. */
  type: string;
  title: string;
  status: number;
  /** The error of this request, in words for people. */
  detail: string;
  /** The path of the request. */
  instance: string;
  code: ProblemCode;
  request_id: string;
  /** On `version_mismatch`: the current version of the resource. Absent for a resource that the failed batch would have created. */
  current_version?: number;
  /** On errors of the embedded issuer: the error code of Better Auth. */
  auth_code?: string;
  /** On errors of the embedded issuer: the message of Better Auth, or else the `detail`. */
  message?: string;
  /** All errors of the request, on 422 and on failed batches. */
  errors?: FieldError[];
}

/** The kind of error, for programs. `/problems/{code}` explains each code, with hyphens instead of underscores. */
export type ProblemCode = 'malformed_request' | 'token_missing' | 'token_invalid' | 'token_expired' | 'insufficient_scope' | 'api_token_not_allowed' | 'origin_not_allowed' | 'not_found' | 'task_not_found' | 'list_not_found' | 'tag_not_found' | 'token_not_found' | 'change_set_not_found' | 'method_not_allowed' | 'id_taken' | 'list_not_empty' | 'undo_conflict' | 'request_in_progress' | 'version_mismatch' | 'payload_too_large' | 'unsupported_media_type' | 'validation_failed' | 'idempotency_key_reused' | 'rate_limited' | 'quota_exceeded' | 'internal_error' | 'database_unavailable' | 'identity_provider_unavailable' | 'overloaded' | 'timeout';

/** A resource that was created, changed or restored, in its current state. */
export interface PutChange {
  type: ResourceType;
  op: 'put';
  /** The resource, if `type` is `task`. */
  task?: Task;
  /** The resource, if `type` is `list`. */
  list?: TaskList;
}

/** When a completed task occurs again. It recurs on days: the local time and the time zone stay. */
export interface Recurrence {
  /** The days, as an RRULE of RFC 5545 without its name: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, WKST, COUNT, UNTIL (a date), and SKIP with RSCALE=GREGORIAN (RFC 7529). At most 500 characters. */
  rule: string;
  from: RecurrenceFrom;
  missed: RecurrenceMissed;
}

/** `Due`: the days of the rule. `Completion`: one interval after the day of completion, for rules of FREQ with INTERVAL or BYDAY. */
export type RecurrenceFrom = 'Due' | 'Completion';

/** When a completed task occurs again. It recurs on days: the local time and the time zone stay. */
export interface RecurrenceInput {
  /** The days, as an RRULE of RFC 5545 without its name: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, WKST, COUNT, UNTIL (a date), and SKIP with RSCALE=GREGORIAN (RFC 7529). At most 500 characters. */
  rule: string;
  /** Default: `Due`. */
  from?: RecurrenceFrom | undefined;
  /** Default: `Skip`. */
  missed?: RecurrenceMissed | undefined;
}

/** `Skip`: the first day after today. `Each`: the next day of the rule, also if it has passed. */
export type RecurrenceMissed = 'Skip' | 'Each';

/** When a completed task occurs again. It recurs on days: the local time and the time zone stay. Absent members keep their values; null sets `from` and `missed` to their defaults. The result must have a rule. */
export interface RecurrencePatch {
  /** The days, as an RRULE of RFC 5545 without its name: FREQ (DAILY, WEEKLY, MONTHLY, YEARLY), INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, WKST, COUNT, UNTIL (a date), and SKIP with RSCALE=GREGORIAN (RFC 7529). At most 500 characters. */
  rule?: string | undefined;
  from?: RecurrenceFrom | null | undefined;
  missed?: RecurrenceMissed | null | undefined;
}

/** The next occurrences of a task. */
export interface RecurrencePreview {
  recurrence: Recurrence;
  /** The days of the next occurrences, if each of them is completed on its day. Fewer than `limit` days: the series ends. */
  days: string[];
}

/** A recurrence, and its first occurrence. */
export interface RecurrencePreviewRequest {
  recurrence: RecurrenceInput;
  /** The first occurrence. */
  due: DueInput;
  /** The day on which the first occurrence is completed. Default: today. */
  completed_on?: string | undefined;
  /** Maximum number of days. Default: `10`. */
  limit?: number | undefined;
}

/** A resource that was deleted. */
export interface RemoveChange {
  type: ResourceType;
  op: 'remove';
  id: string;
  /** The version of the deletion. */
  version: number;
}

/** Replaces a resource, as PUT does. */
export interface ReplaceResourceOperation {
  type: BatchResourceType;
  op: 'replace';
  id: string;
  /** The operation runs only if the resource has this version. */
  if_version?: number | undefined;
  /** The body, if `type` is `task`. */
  task?: TaskReplace | undefined;
  /** The body, if `type` is `list`. */
  list?: TaskListReplace | undefined;
}

/** The part of a request. */
export type RequestPart = 'body' | 'query' | 'path' | 'header';

/** Operations that run in this order, all or none of them. */
export interface ResourceBatch {
  operations: ResourceOperation[];
}

/** The result of one operation. */
export interface ResourceBatchResult {
  type: BatchResourceType;
  status: BatchResultStatus;
  /** The task after the batch, if `type` is `task`. Absent if the batch has deleted it, or if a later operation names it. */
  task?: Task;
  /** The list after the batch, if `type` is `list`. Absent if the batch has deleted it, or if a later operation names it. */
  list?: TaskList;
}

/** The result of each operation, in the same order. */
export interface ResourceBatchResults {
  results: ResourceBatchResult[];
}

/** One operation of a batch. The property with the name of its type is the body of the request that does the same to one resource. */
export type ResourceOperation = CreateResourceOperation | ReplaceResourceOperation | UpdateResourceOperation | MoveResourceOperation | DeleteResourceOperation;

/** The kind of a resource. */
export type ResourceType = 'task' | 'list';

export type Restored = Task | TaskList;

/** What a token may do. */
export type Scope = 'tasks:read' | 'tasks:write' | 'tasks:purge';

/** Progress of a task. */
export type Status = 'Todo' | 'InProgress' | 'Done';

export interface Tag {
  name: string;
  /** Number of tasks with the tag. */
  task_count: number;
}

/** The new name. */
export interface TagPatch {
  name: string;
}

/** A task of the authenticated user. */
export interface Task {
  id: string;
  /** The `sub` claim of the owner’s tokens. */
  owner_id: string;
  /** Title with at least one visible character; leading and trailing white space is removed. */
  title: string;
  /** Details. */
  description: string | null;
  status: Status;
  priority: Priority;
  /** Tags, sorted like titles. */
  tags: string[];
  /** The list that the task is in; null for the inbox. */
  list_id: string | null;
  /** The task that this one is a subtask of; it is in the same list. At most five levels. */
  parent_id: string | null;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position: string;
  due: Due | null;
  /** The instant of a `due` with a time zone. */
  due_at: string | null;
  recurrence: Recurrence | null;
  /** The same for all occurrences of a recurring task; null for a task that never had a recurrence. */
  series_id: string | null;
  /** The instant at which the status became `Done`; null for any other status. */
  completed_at: string | null;
  /** 1 at creation, incremented by every change. */
  version: number;
  created_at: string;
  updated_at: string;
}

/** A change of a task. */
export interface TaskChange {
  /** The version of the task after the change. */
  version: number;
  /** The time of the change. */
  at: string;
  kind: ChangeKind;
  /** The API token or OAuth client (`client_id` or `azp` of the JWT) that made the change. Null if the token names none, as for a session of Better Auth. */
  actor: string | null;
  /** All changes of one request have the same. It can be undone. */
  change_set: string;
  /** The changed fields of an update, with their values before and after; empty for other kinds. `completed_at` is left out, because it follows `status`. */
  changes: TaskChanges;
}

export interface TaskChanges {
  title?: TaskTitleChange;
  description?: TaskDescriptionChange;
  status?: TaskStatusChange;
  priority?: TaskPriorityChange;
  tags?: TaskTagsChange;
  list_id?: TaskListChange;
  parent_id?: TaskParentChange;
  position?: TaskPositionChange;
  due?: TaskDueChange;
  recurrence?: TaskRecurrenceChange;
}

export interface TaskCount {
  /** Number of tasks. */
  count: number;
}

/** A new task. */
export interface TaskCreate {
  /** An id of your own, which makes the request safe to repeat. */
  id?: string | undefined;
  /** Title with at least one visible character; leading and trailing white space is removed. */
  title: string;
  /** Details. Default: `null`. */
  description?: string | null | undefined;
  /** Default: `Todo`. */
  status?: Status | undefined;
  /** Default: `Medium`. */
  priority?: Priority | undefined;
  /** Tags, each with at least one visible character; leading and trailing white space is removed. Names that differ only in case, normalization, kind of space or invisible characters are the same tag. A tag keeps its first spelling while a task has it. Default: `[]`. */
  tags?: string[] | undefined;
  /** The list that the task is in; null for the inbox. Default: `null`. */
  list_id?: string | null | undefined;
  /** The task that this one is a subtask of; it is in the same list. At most five levels. Default: `null`. */
  parent_id?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  /** Default: `null`. */
  due?: DueInput | null | undefined;
  recurrence?: RecurrenceInput | null | undefined;
}

export interface TaskDescriptionChange {
  /** Details. */
  from: string | null;
  /** Details. */
  to: string | null;
}

export interface TaskDueChange {
  from: Due | null;
  to: Due | null;
}

/** A list of tasks of the authenticated user. */
export interface TaskList {
  id: string;
  /** Name with at least one visible character; leading and trailing white space is removed. */
  name: string;
  /** Red, green and blue in hexadecimal digits. Responses have them in lower case. */
  color: string | null;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position: string;
  /** Whether clients show the list apart from the others. */
  archived: boolean;
  /** The number of its tasks that are not `Done`. It changes neither `version` nor the entity tag, and it is no change for synchronization: a client with a copy of the tasks counts them itself. */
  task_count: number;
  /** 1 at creation, incremented by every change. */
  version: number;
  created_at: string;
  updated_at: string;
}

export interface TaskListChange {
  /** The list that the task is in; null for the inbox. */
  from: string | null;
  /** The list that the task is in; null for the inbox. */
  to: string | null;
}

/** A new list. Without a `position`, it is the last one. */
export interface TaskListCreate {
  /** An id of your own, which makes the request safe to repeat. */
  id?: string | undefined;
  /** Name with at least one visible character; leading and trailing white space is removed. */
  name: string;
  /** Red, green and blue in hexadecimal digits. Responses have them in lower case. Default: `null`. */
  color?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  /** Whether clients show the list apart from the others. Default: `false`. */
  archived?: boolean | undefined;
}

/** The place of a list: one of the three fields. */
export interface TaskListMove {
  /** The place is directly before this sibling. */
  before?: string | undefined;
  /** The place is directly after this sibling. */
  after?: string | undefined;
  to?: MoveTarget | undefined;
}

/** A JSON Merge Patch (RFC 7396): absent fields keep their values, and null clears a nullable field. A client that omits null fields cannot clear a field; use PUT, which resets omitted fields. */
export interface TaskListPatch {
  /** Name with at least one visible character; leading and trailing white space is removed. */
  name?: string | undefined;
  /** Red, green and blue in hexadecimal digits. Responses have them in lower case. */
  color?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  /** Whether clients show the list apart from the others. */
  archived?: boolean | undefined;
}

/** Every writable field of a list. Omitted fields return to their defaults, except for `position`, which stays. */
export interface TaskListReplace {
  /** Name with at least one visible character; leading and trailing white space is removed. */
  name: string;
  /** Red, green and blue in hexadecimal digits. Responses have them in lower case. Default: `null`. */
  color?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  /** Whether clients show the list apart from the others. Default: `false`. */
  archived?: boolean | undefined;
}

/** Exactly one of `before`, `after` and `to`, and optionally another list or parent. */
export interface TaskMove {
  /** The list; null for the inbox. If absent, it is that of the sibling or of the new parent, or stays. */
  list_id?: string | null | undefined;
  /** The parent; null for the top level. If absent, it is that of the sibling, or stays. */
  parent_id?: string | null | undefined;
  /** The place is directly before this sibling. */
  before?: string | undefined;
  /** The place is directly after this sibling. */
  after?: string | undefined;
  to?: MoveTarget | undefined;
}

export interface TaskParentChange {
  /** The task that this one is a subtask of; it is in the same list. At most five levels. */
  from: string | null;
  /** The task that this one is a subtask of; it is in the same list. At most five levels. */
  to: string | null;
}

/** A JSON Merge Patch (RFC 7396): absent fields keep their values, and null clears a nullable field. A client that omits null fields cannot clear a field; use PUT, which resets omitted fields. */
export interface TaskPatch {
  /** Title with at least one visible character; leading and trailing white space is removed. */
  title?: string | undefined;
  /** Details. */
  description?: string | null | undefined;
  status?: Status | undefined;
  priority?: Priority | undefined;
  /** Tags, each with at least one visible character; leading and trailing white space is removed. Names that differ only in case, normalization, kind of space or invisible characters are the same tag. A tag keeps its first spelling while a task has it. */
  tags?: string[] | undefined;
  /** The list that the task is in; null for the inbox. */
  list_id?: string | null | undefined;
  /** The task that this one is a subtask of; it is in the same list. At most five levels. */
  parent_id?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  due?: DuePatch | null | undefined;
  recurrence?: RecurrencePatch | null | undefined;
}

export interface TaskPositionChange {
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  from: string;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  to: string;
}

export interface TaskPriorityChange {
  from: Priority;
  to: Priority;
}

export interface TaskRecurrenceChange {
  from: Recurrence | null;
  to: Recurrence | null;
}

/** Every writable field of a task. Omitted fields return to their defaults; an omitted position stays. */
export interface TaskReplace {
  /** Title with at least one visible character; leading and trailing white space is removed. */
  title: string;
  /** Details. Default: `null`. */
  description?: string | null | undefined;
  /** Default: `Todo`. */
  status?: Status | undefined;
  /** Default: `Medium`. */
  priority?: Priority | undefined;
  /** Tags, each with at least one visible character; leading and trailing white space is removed. Names that differ only in case, normalization, kind of space or invisible characters are the same tag. A tag keeps its first spelling while a task has it. Default: `[]`. */
  tags?: string[] | undefined;
  /** The list that the task is in; null for the inbox. Default: `null`. */
  list_id?: string | null | undefined;
  /** The task that this one is a subtask of; it is in the same list. At most five levels. Default: `null`. */
  parent_id?: string | null | undefined;
  /** The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package `fractional-indexing`, with at most 100 characters. */
  position?: string | undefined;
  /** Default: `null`. */
  due?: DueInput | null | undefined;
  recurrence?: RecurrenceInput | null | undefined;
}

export type TaskSort = 'created_at' | '-created_at' | 'updated_at' | '-updated_at' | 'due' | '-due' | 'priority' | '-priority' | 'title' | '-title' | 'status' | '-status' | 'position' | '-position';

export interface TaskStatusChange {
  from: Status;
  to: Status;
}

export interface TaskTagsChange {
  /** Tags, sorted like titles. */
  from: string[];
  /** Tags, sorted like titles. */
  to: string[];
}

export interface TaskTitleChange {
  /** Title with at least one visible character; leading and trailing white space is removed. */
  from: string;
  /** Title with at least one visible character; leading and trailing white space is removed. */
  to: string;
}

export type TasksOfDeletedList = 'delete' | 'keep';

/** A deleted task or list that can be restored. */
export interface TrashEntry {
  /** The time of the deletion. */
  deleted_at: string;
  /** The change set of the deletion, which can be undone. */
  change_set: string;
  /** The task, if the entry is one. It is as it was before the deletion, except for `version`, which the deletion has incremented. */
  task?: Task;
  /** The list, if the entry is one. It is as it was before the deletion, except for `version`, which the deletion has incremented. */
  list?: TaskList;
}

/** A resource after the undo. */
export interface UndoResult {
  type: UndoResultType;
  id: string;
  status: UndoResultStatus;
  /** The task after the undo, if `type` is `task`. Absent if it is deleted, or if the results up to it exceed 1024 KiB. */
  task?: Task;
  /** The list after the undo, if `type` is `list`. Absent if it is deleted, or if the results up to it exceed 1024 KiB. */
  list?: TaskList;
}

/** The resource exists (200), or the undo has deleted it (204). */
export type UndoResultStatus = 200 | 204;

/** The type of the resource, which is also the name of its property. */
export type UndoResultType = 'task' | 'list';

/** The resources after the undo, the last changed first. */
export interface UndoResults {
  results: UndoResult[];
}

export interface UpdateOperation {
  op: 'update';
  id: string;
  /** The operation runs only if the task has this version. */
  if_version?: number | undefined;
  patch: TaskPatch;
}

/** Changes a resource, as PATCH does. */
export interface UpdateResourceOperation {
  type: BatchResourceType;
  op: 'update';
  id: string;
  /** The operation runs only if the resource has this version. */
  if_version?: number | undefined;
  /** The body, if `type` is `task`. */
  task?: TaskPatch | undefined;
  /** The body, if `type` is `list`. */
  list?: TaskListPatch | undefined;
}

/** The operations: their method, path, query parameters, body and result. */
export interface Operations {
  /** List tasks. One page of the user’s tasks. The `Link` header (RFC 8288) has the next page, if there is one. A page can have fewer tasks than `limit` although there is a next one: it ends at 1 MiB of titles and descriptions. */
  listTasks: {
    method: 'GET';
    path: '/api/v1/tasks';
    query: {
      /** Maximum number of tasks per page. Default: `100`. */
      limit?: number | undefined;
      /** The beginning of the page, from a `Link` header. */
      cursor?: string | undefined;
      /** Number of tasks to skip, for clients that count pages. Default: `0`. */
      skip?: number | undefined;
      /** Tasks with any of these statuses. */
      status?: Status | readonly Status[] | undefined;
      /** Tasks with any of these priorities. */
      priority?: Priority | readonly Priority[] | undefined;
      /** Tasks with any of these tags, in any case and normalization. */
      tag?: string | readonly string[] | undefined;
      /** Tasks in any of these lists: the id of a list, or `inbox`. */
      list_id?: string | readonly string[] | undefined;
      /** The subtasks of the task with this id; `none` for tasks at the top level. */
      parent_id?: string | undefined;
      /** Tasks whose title or description has all of these words, at most 10; a prefix matches a word. Of a title and of a description, the first 2,000 different words are searched. In scripts without spaces, such as Chinese and Thai, each character begins a word. Case, accents, invisible characters and the forms of apostrophes and digits are ignored. Punctuation and symbols count if they stand alone: `!!!` finds tasks with an exclamation mark. A query without visible characters is no filter. */
      q?: string | undefined;
      /** `overdue`: past and not `Done`. `today`, `tomorrow`, `week` (today and the next six days): due on these days. `none`, `any`: without and with a due date. Days are those of `time_zone`. */
      due?: DueFilter | undefined;
      /** Due on this day of `time_zone` or later. */
      due_from?: string | undefined;
      /** Due on this day of `time_zone` or earlier. */
      due_to?: string | undefined;
      /** The time zone of `due`, `due_from` and `due_to`. Default: `UTC`. */
      time_zone?: string | undefined;
      /** Created at this instant or later. */
      created_from?: string | undefined;
      /** Created before this instant. */
      created_to?: string | undefined;
      /** Last changed at this instant or later. */
      updated_from?: string | undefined;
      /** Last changed before this instant. */
      updated_to?: string | undefined;
      /** Completed at this instant or later. */
      completed_from?: string | undefined;
      /** Completed before this instant. */
      completed_to?: string | undefined;
      /** Sort order; `-` in front means descending. Equal tasks are sorted by `id`, in the same direction. Default: `-created_at`. */
      sort?: TaskSort | undefined;
    };
    body: undefined;
    result: Task[];
  };
  /** Create a task. Without a `position`, the task is at the end of its siblings. With an `id` of your own, the request is safe to repeat: if the stored task has all fields of the request, the response is 200. */
  createTask: {
    method: 'POST';
    path: '/api/v1/tasks';
    query: undefined;
    body: TaskCreate;
    result: Task;
  };
  /** Count tasks. The number of tasks that a list with these filters has on all its pages. */
  countTasks: {
    method: 'GET';
    path: '/api/v1/tasks/count';
    query: {
      /** Tasks with any of these statuses. */
      status?: Status | readonly Status[] | undefined;
      /** Tasks with any of these priorities. */
      priority?: Priority | readonly Priority[] | undefined;
      /** Tasks with any of these tags, in any case and normalization. */
      tag?: string | readonly string[] | undefined;
      /** Tasks in any of these lists: the id of a list, or `inbox`. */
      list_id?: string | readonly string[] | undefined;
      /** The subtasks of the task with this id; `none` for tasks at the top level. */
      parent_id?: string | undefined;
      /** Tasks whose title or description has all of these words, at most 10; a prefix matches a word. Of a title and of a description, the first 2,000 different words are searched. In scripts without spaces, such as Chinese and Thai, each character begins a word. Case, accents, invisible characters and the forms of apostrophes and digits are ignored. Punctuation and symbols count if they stand alone: `!!!` finds tasks with an exclamation mark. A query without visible characters is no filter. */
      q?: string | undefined;
      /** `overdue`: past and not `Done`. `today`, `tomorrow`, `week` (today and the next six days): due on these days. `none`, `any`: without and with a due date. Days are those of `time_zone`. */
      due?: DueFilter | undefined;
      /** Due on this day of `time_zone` or later. */
      due_from?: string | undefined;
      /** Due on this day of `time_zone` or earlier. */
      due_to?: string | undefined;
      /** The time zone of `due`, `due_from` and `due_to`. Default: `UTC`. */
      time_zone?: string | undefined;
      /** Created at this instant or later. */
      created_from?: string | undefined;
      /** Created before this instant. */
      created_to?: string | undefined;
      /** Last changed at this instant or later. */
      updated_from?: string | undefined;
      /** Last changed before this instant. */
      updated_to?: string | undefined;
      /** Completed at this instant or later. */
      completed_from?: string | undefined;
      /** Completed before this instant. */
      completed_to?: string | undefined;
    };
    body: undefined;
    result: TaskCount;
  };
  /** Create, change and delete several tasks. Up to 100 operations, which run in order, all or none of them. If one fails, the response is its problem, and `errors` names the operation. A task that several operations name is in the result of the last one only. The `if_version` of an operation is the version after the operations before it. The `current_version` of a `version_mismatch` is the version before the batch, because nothing has changed. If the results exceed 1024 KiB, nothing changes, and `errors` names the first operation that belongs in another batch. All operations together can have 3,000 search words; a tag counts as four words, and a repeated change of a task counts three times. */
  runBatch: {
    method: 'POST';
    path: '/api/v1/tasks/batch';
    query: {
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: Batch;
    result: BatchResults;
  };
  /** Read a task. */
  readTask: {
    method: 'GET';
    path: `/api/v1/tasks/${string}`;
    query: undefined;
    body: undefined;
    result: Task;
  };
  /** Replace a task. Omitted fields return to their defaults, so a client that omits null fields can clear one with PUT. An omitted `position` stays. The effects on subtasks are those of PATCH. */
  replaceTask: {
    method: 'PUT';
    path: `/api/v1/tasks/${string}`;
    query: {
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: TaskReplace;
    result: Task;
  };
  /** Change a task. A JSON Merge Patch (RFC 7396). A patch without changes keeps the version. A client that omits null fields cannot clear a field by PATCH; PUT resets omitted fields. With another `list_id` or `parent_id` and without a `position`, the task is at the end of its new siblings. Its subtasks follow it into the list, and the open ones are completed with it. */
  patchTask: {
    method: 'PATCH';
    path: `/api/v1/tasks/${string}`;
    query: {
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: TaskPatch;
    result: Task;
  };
  /** Delete a task. The task and its subtasks move to the trash, from which they can be restored. */
  deleteTask: {
    method: 'DELETE';
    path: `/api/v1/tasks/${string}`;
    query: undefined;
    body: undefined;
    result: void;
  };
  /** Move a task. Moves a task to a place among its siblings, or among those in another list or below another parent. Its subtasks follow it. If no position is left between two siblings, others get new positions in the same change set. A move to the place where the task is changes nothing. */
  moveTask: {
    method: 'POST';
    path: `/api/v1/tasks/${string}/move`;
    query: undefined;
    body: TaskMove;
    result: Task;
  };
  /** Skip an occurrence of a task. The task moves to its next occurrence without being completed. A task that does not recur, or whose series ends with this occurrence, is rejected with 422. */
  skipTask: {
    method: 'POST';
    path: `/api/v1/tasks/${string}/skip`;
    query: {
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: undefined;
    result: Task;
  };
  /** List the next occurrences of a task. The days of the occurrences after this one, if it is completed today and each of them on its day. A task that does not recur has none. */
  listTaskOccurrences: {
    method: 'GET';
    path: `/api/v1/tasks/${string}/occurrences`;
    query: {
      /** Maximum number of days. Default: `10`. */
      limit?: number | undefined;
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: undefined;
    result: Occurrences;
  };
  /** Preview a recurrence. Validates a recurrence and lists its next days. It stores nothing, so it needs no `Idempotency-Key`. Today is the day in the time zone of `due`, otherwise in `time_zone`. */
  previewRecurrence: {
    method: 'POST';
    path: '/api/v1/recurrence/preview';
    query: {
      /** The time zone of today, if `due` has none. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: RecurrencePreviewRequest;
    result: RecurrencePreview;
  };
  /** List the lists. All lists of the user, sorted by `position`, then by `id`. The inbox is not one of them. */
  listLists: {
    method: 'GET';
    path: '/api/v1/lists';
    query: undefined;
    body: undefined;
    result: TaskList[];
  };
  /** Create a list. With an `id` of your own, the request is safe to repeat: if the stored list has all fields of the request, the response is 200. */
  createList: {
    method: 'POST';
    path: '/api/v1/lists';
    query: undefined;
    body: TaskListCreate;
    result: TaskList;
  };
  /** Read a list. */
  readList: {
    method: 'GET';
    path: `/api/v1/lists/${string}`;
    query: undefined;
    body: undefined;
    result: TaskList;
  };
  /** Replace a list. Omitted fields return to their defaults, except for `position`, which stays. So a client that omits null fields can clear one with PUT. */
  replaceList: {
    method: 'PUT';
    path: `/api/v1/lists/${string}`;
    query: undefined;
    body: TaskListReplace;
    result: TaskList;
  };
  /** Change a list. A JSON Merge Patch (RFC 7396). A patch without changes keeps the version. A client that omits null fields cannot clear a field by PATCH; PUT resets omitted fields. */
  patchList: {
    method: 'PATCH';
    path: `/api/v1/lists/${string}`;
    query: undefined;
    body: TaskListPatch;
    result: TaskList;
  };
  /** Delete a list. The list moves to the trash, from which it can be restored. A list with tasks, open or done, is deleted only if the request says what happens to them. All of it is one change set, which can be undone. */
  deleteList: {
    method: 'DELETE';
    path: `/api/v1/lists/${string}`;
    query: {
      /** `delete`: its tasks move to the trash with it. `keep`: they move to the end of the inbox, in their order. Without it, the list must have no tasks. */
      tasks?: TasksOfDeletedList | undefined;
    };
    body: undefined;
    result: void;
  };
  /** Move a list. The list gets a `position` at the place among the user’s other lists. If there is none between its new neighbors, because they have the same position or long ones, the other lists get new positions, too. A list that is at the place keeps its position. */
  moveList: {
    method: 'POST';
    path: `/api/v1/lists/${string}/move`;
    query: undefined;
    body: TaskListMove;
    result: TaskList;
  };
  /** Create, change, move and delete several tasks and lists. Up to 100 operations, which run in order, all or none of them. If one fails, the response is its problem, and `errors` names the operation. A task or list that several operations name is in the result of the last one only. The `if_version` of an operation is the version after the operations before it. The `current_version` of a `version_mismatch` is the version before the batch, because nothing has changed. If the results exceed 1024 KiB, nothing changes, and `errors` names the first operation that belongs in another batch. All operations together can have 3,000 search words; a tag counts as four words, and a repeated change of a task counts three times. An operation can name a task or a list that an earlier one creates with an `id`. All changes are one change set, which can be undone. */
  runResourceBatch: {
    method: 'POST';
    path: '/api/v1/batch';
    query: {
      /** The time zone of today, if `due` has none. Only recurring tasks need it. Default: `UTC`. */
      time_zone?: string | undefined;
    };
    body: ResourceBatch;
    result: ResourceBatchResults;
  };
  /** Read the history of a task. One page of the changes of a task, also of one in the trash, the last change first. The server keeps them for the days of `HISTORY_DAYS`. The `Link` header (RFC 8288) has the next page, if there is one. A page ends at 1 MiB of text. */
  readTaskHistory: {
    method: 'GET';
    path: `/api/v1/tasks/${string}/history`;
    query: {
      /** Maximum number of changes per page. Default: `100`. */
      limit?: number | undefined;
      /** The beginning of the page, from a `Link` header. */
      cursor?: string | undefined;
    };
    body: undefined;
    result: TaskChange[];
  };
  /** List the trash. One page of the user’s deleted tasks and lists, the last deleted first. The `Link` header (RFC 8288) has the next page, if there is one. A page can have fewer entries than `limit` although there is a next one: it ends at 1 MiB of text. */
  listTrash: {
    method: 'GET';
    path: '/api/v1/trash';
    query: {
      /** Maximum number of entries per page. Default: `100`. */
      limit?: number | undefined;
      /** The beginning of the page, from a `Link` header. */
      cursor?: string | undefined;
    };
    body: undefined;
    result: TrashEntry[];
  };
  /** Empty the trash. Deletes all tasks and lists in the trash permanently. This cannot be undone. */
  emptyTrash: {
    method: 'DELETE';
    path: '/api/v1/trash';
    query: undefined;
    body: undefined;
    result: void;
  };
  /** Restore a deleted task or list. A task has its id, all fields and tags again, under a new version, and so have the subtasks that were deleted with it. A tag takes the spelling that the user’s other tasks have. Without its parent, the task is at the top level, and without its list, in the inbox, each at the end. A list comes back with the tasks that the same request deleted with it. If a task and a list have the id, the last deleted one is restored. */
  restoreFromTrash: {
    method: 'POST';
    path: `/api/v1/trash/${string}/restore`;
    query: undefined;
    body: undefined;
    result: Restored;
  };
  /** Delete a task or list permanently. It must be in the trash. The server removes its texts and its history, and those of the subtasks that were deleted with a task, and of the tasks that were deleted with a list. This cannot be undone. */
  purgeFromTrash: {
    method: 'DELETE';
    path: `/api/v1/trash/${string}`;
    query: undefined;
    body: undefined;
    result: void;
  };
  /** Undo the changes of a request. Reverts all changes of the request whose response had this `Change-Set`, or none of them. Created tasks and lists move to the trash, updated fields get their values before the request, and what was deleted is restored. Later changes of other fields are kept. The undo is a change set of its own, so undoing it is redo. A request can be undone for the days of `HISTORY_DAYS`. */
  undoChangeSet: {
    method: 'POST';
    path: `/api/v1/change-sets/${string}/undo`;
    query: undefined;
    body: undefined;
    result: UndoResults;
  };
  /** List tags. The tags of the user’s tasks, sorted by name. */
  listTags: {
    method: 'GET';
    path: '/api/v1/tags';
    query: undefined;
    body: undefined;
    result: Tag[];
  };
  /** Rename a tag. Renames the tag on every task. If there is a tag with the new name already, the tag is merged into it, which keeps its spelling. Case and normalization of the name in the path do not matter. Each task changes its version; all changes are in one change set. The tag may be on at most 40,000 tasks. */
  renameTag: {
    method: 'PATCH';
    path: `/api/v1/tags/${string}`;
    query: undefined;
    body: TagPatch;
    result: Tag;
  };
  /** Read changes. Without `since`, a snapshot: every resource of the user, page by page. With it, every resource that changed after that position, once, in its current state. No committed change is omitted. A change can be repeated: keep the greater `version`. Apply each page and store its `cursor`; read on at once if `has_more` is true. A page can have fewer changes than `limit` although there are more: it ends at 1 MiB of text. */
  listChanges: {
    method: 'GET';
    path: '/api/v1/changes';
    query: {
      /** The `cursor` of the previous page. Omit it to start with a snapshot. */
      since?: string | undefined;
      /** Maximum number of changes on the page. Default: `100`. */
      limit?: number | undefined;
      /** Seconds to wait if there is no change after `since`. The response comes at the first change. Default: `0`. */
      wait?: number | undefined;
    };
    body: undefined;
    result: Changes;
  };
  /** Stream changes. The changes as server-sent events. `event: changes` has the body of `GET /api/v1/changes` and its cursor as `id`. The first one arrives at once, so that you have a cursor. `event: reset` precedes a snapshot: discard your copy. `event: end` is the last event; its `reason` is `token_expired`, `token_revoked`, `max_age` (after 15 minutes), `shutdown` or `unavailable`. Then open a stream again, with a valid token and the last `id` as `Last-Event-ID`. After 20 seconds without an event, the server sends a comment. The browser’s `EventSource` cannot send the `Authorization` header; use `fetch`. */
  streamEvents: {
    method: 'GET';
    path: '/api/v1/events';
    query: {
      /** A `cursor`: the stream begins with the changes after it. Default: the stream starts at the present. */
      since?: string | undefined;
    };
    body: undefined;
    result: string;
  };
  /** Get the authenticated user. */
  readMe: {
    method: 'GET';
    path: '/api/v1/me';
    query: undefined;
    body: undefined;
    result: Me;
  };
  /** Erase everything of the user. Erases the tasks, lists, tags, trash, history, idempotency keys and API tokens of the user. This cannot be undone. Live updates of the user’s clients begin again with `reset`. The user’s account at the issuer remains. A repetition has the same result, so the request takes no `Idempotency-Key`. If it fails, repeat it: a part may be erased. */
  eraseMe: {
    method: 'DELETE';
    path: '/api/v1/me';
    query: undefined;
    body: undefined;
    result: void;
  };
  /** Export everything of the user. All lists, tasks, entries of the trash, changes of the history, and API tokens without their secrets, as lines of JSON with a `type`. A list precedes its tasks, and a task its subtasks. The last line has the type `end`; without it, the export is incomplete. Its `changed` says whether a task or list changed during the export; then send the request again, or read the changes since the `cursor` of the first line. A user can run 2 exports at the same time. */
  export: {
    method: 'GET';
    path: '/api/v1/export';
    query: undefined;
    body: undefined;
    result: string;
  };
  /** Import lines of an export. Creates the lists, tasks and entries of the trash that lines of an export have, all or none of them. They belong to the user of the token. Send a longer file in its order, at most 500 lines per request. Ids, versions and the times of creation, completion and deletion are those of the file; `updated_at` is the time of the import. A resource whose id the user has already stays as it is, so a repetition creates nothing twice. All changes of a request are one change set, which can be undone. */
  importLines: {
    method: 'POST';
    path: '/api/v1/import';
    query: {
      deleted?: DeletedAtImport | undefined;
    };
    body: string;
    result: ImportResult;
  };
  /** List API tokens. All API tokens of the user, the newest first, without their secrets. Expired ones are listed for 30 days. */
  listTokens: {
    method: 'GET';
    path: '/api/v1/tokens';
    query: undefined;
    body: undefined;
    result: ApiToken[];
  };
  /** Create an API token. A token for scripts and other programs, which acts for the user within its scopes. It has at most the scopes of the request’s own token. An API token cannot create another one. With the embedded issuer, the session of the request’s token must not have ended. The response is the only one that contains the token. */
  createToken: {
    method: 'POST';
    path: '/api/v1/tokens';
    query: undefined;
    body: ApiTokenCreate;
    result: CreatedApiToken;
  };
  /** Revoke an API token. The server rejects the token from now on. Other servers on the same database reject it within 60 seconds. An API token cannot revoke one. */
  deleteToken: {
    method: 'DELETE';
    path: `/api/v1/tokens/${string}`;
    query: undefined;
    body: undefined;
    result: void;
  };
}
