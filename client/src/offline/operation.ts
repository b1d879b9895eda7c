/** Operations: the user's writes, in the order in which the server must receive them. */
import type { Json, JsonObject } from './merge-patch.ts';

export type ResourceType = 'task' | 'list';

/** A resource, as the API returns it. */
export interface Resource {
  readonly id: string;
  readonly version: number;
  readonly [field: string]: unknown;
}

/** A problem (RFC 9457) that the server has answered, in the form that is stored. */
export interface StoredProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly Json[];
}

/** What happens to the tasks of a deleted list. */
export type TasksOfDeletedList = 'delete' | 'keep';

export interface Operation {
  readonly id: string;
  /** Its place in the queue. */
  readonly number: number;
  /** The `Idempotency-Key`, by which the server recognizes a repeated request. */
  readonly key: string;
  readonly action: 'create' | 'update' | 'move' | 'delete';
  readonly type: ResourceType;
  readonly resourceId: string;
  /** The ids that it depends on: its resource, and the list, the parent and the sibling that it names. */
  readonly ids: readonly string[];
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** The exact text of the body. A repeated request must have the same bytes. */
  readonly body: string | null;
  /** When the user made it: an RFC 3339 timestamp, by the clock of the device. */
  readonly at: string;
  readonly tasks?: TasksOfDeletedList;
  /** Why it was rejected. Absent if it is pending. */
  readonly problem?: StoredProblem;
  /** The id of the rejected creation that it depends on. */
  readonly causedBy?: string;
}

/** The key of a resource among those of all types. */
export function resourceKey(type: ResourceType, id: string): string {
  return `${type}/${id}`;
}

export function keyOf({ type, resourceId }: Operation): string {
  return resourceKey(type, resourceId);
}

const collections = { task: '/api/v1/tasks', list: '/api/v1/lists' } as const;

const methods = { create: 'POST', update: 'PATCH', move: 'POST', delete: 'DELETE' } as const;

/** What the parts of the store know when they make an operation. */
export interface OperationInput {
  readonly id: string;
  readonly number: number;
  readonly key: string;
  readonly action: Operation['action'];
  readonly type: ResourceType;
  readonly resourceId: string;
  readonly fields?: JsonObject;
  readonly at: string;
  readonly tasks?: TasksOfDeletedList | undefined;
  /** The IANA time zone of the user. */
  readonly timeZone?: string | undefined;
}

export function createOperation({ fields, tasks, timeZone, ...input }: OperationInput): Operation {
  const { action, type, resourceId } = input;
  const collection = collections[type];
  // The day on which a recurring task is completed is that of the user.
  const zone = timeZone && type === 'task' && action === 'update' ? `?time_zone=${encodeURIComponent(timeZone)}` : '';
  const query = tasks ? `?tasks=${tasks}` : zone;
  const sent = action === 'create' ? { id: resourceId, ...fields } : fields;
  return {
    ...input,
    ids: idsOf(resourceId, fields),
    method: methods[action],
    path: action === 'create' ? collection : `${collection}/${resourceId}${action === 'move' ? '/move' : query}`,
    body: sent ? JSON.stringify(sent) : null,
    ...(tasks && { tasks }),
  };
}

/** The fields that an operation writes. */
export function fieldsOf({ body }: Operation): JsonObject {
  return body ? JSON.parse(body) : {};
}

/** The ids that an operation with these fields depends on. */
export function idsOf(resourceId: string, { list_id, parent_id, before, after }: JsonObject = {}): string[] {
  return [resourceId, list_id, parent_id, before, after].filter((id) => typeof id === 'string');
}
