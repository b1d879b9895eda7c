/** The visible state: the confirmed resources with the queue applied. */
import { isEqual, type JsonObject, mergePatch } from './merge-patch.ts';
import { fieldsOf, type Operation, type Resource, type ResourceType, resourceKey } from './operation.ts';
import type { Replica } from './replica.ts';

/** Greater than all positions, which have only ASCII letters and digits: the server puts new resources at the end. */
export const endPosition = '~';

/** Greater than the number of levels of subtasks. */
const maxLevels = 10;

const newTask = {
  description: null,
  status: 'Todo',
  priority: 'Medium',
  tags: [],
  list_id: null,
  parent_id: null,
  position: endPosition,
  due: null,
  due_at: null,
  recurrence: null,
  series_id: null,
  completed_at: null,
};

const newList = { color: null, position: endPosition, archived: false, task_count: 0 };

export class View {
  /** Changes with every change of the visible state. */
  version = 0;
  readonly #replica: Replica;
  readonly #userId: string;
  readonly #resources = { task: new Map<string, Resource>(), list: new Map<string, Resource>() };

  constructor(replica: Replica, userId: string) {
    this.#replica = replica;
    this.#userId = userId;
    this.rebuild();
  }

  get(type: ResourceType, id: string): Resource | undefined {
    const resource = this.#resources[type].get(id);
    return resource && this.#isShown(type, resource) ? resource : undefined;
  }

  all(type: ResourceType): Resource[] {
    return [...this.#resources[type].values()].filter((resource) => this.#isShown(type, resource));
  }

  /** Computes some resources again. Those that are equal keep their identity. */
  update(touched: Iterable<string>): void {
    this.version += 1;
    for (const key of touched) {
      const [type, id] = key.split('/') as [ResourceType, string];
      const resource = this.#compute(key);
      if (!resource) this.#resources[type].delete(id);
      else if (!isEqual(this.#resources[type].get(id), resource)) this.#resources[type].set(id, resource);
    }
  }

  rebuild(): void {
    const { resources, answers, queue } = this.#replica;
    const shown = (['task', 'list'] as const).flatMap((type) =>
      [...this.#resources[type].keys()].map((id) => resourceKey(type, id)),
    );
    const operated = queue.map(({ type, resourceId }) => resourceKey(type, resourceId));
    this.update(new Set([...shown, ...resources.keys(), ...answers.keys(), ...operated]));
  }

  #compute(key: string): Resource | undefined {
    const pending = this.#replica.pendingOf(key);
    return pending.reduce<Resource | undefined>(
      (resource, operation) => this.#apply(resource, operation),
      this.#replica.confirmed(key),
    );
  }

  #apply(resource: Resource | undefined, operation: Operation): Resource | undefined {
    if (operation.action === 'delete') return undefined;
    if (operation.action === 'create') return resource ?? this.#create(operation);
    return resource && patched(resource, operation);
  }

  #create(operation: Operation): Resource {
    const { at, type, resourceId } = operation;
    return newResource(type, { ...fieldsOf(operation), id: resourceId }, this.#userId, at);
  }

  /**
   * A task whose parent is being deleted is not shown, because the server deletes subtasks with it. The same holds for a
   * list, unless its tasks are kept.
   */
  #isShown(type: ResourceType, resource: Resource, level = 0): boolean {
    if (type === 'list') return true;
    const { list_id: listId, parent_id: parentId } = resource as { list_id?: string | null; parent_id?: string | null };
    if (listId && this.#deletionOf('list', listId)?.tasks === 'delete') return false;
    if (!parentId) return true;
    if (this.#deletionOf('task', parentId)) return false;
    const parent = this.#resources.task.get(parentId);
    // Moves of two devices can make a cycle before the server rejects one of them.
    return !parent || level > maxLevels || this.#isShown('task', parent, level + 1);
  }

  /** The deletion that the server has not yet sent as a change. */
  #deletionOf(type: ResourceType, id: string): { readonly tasks?: string } | undefined {
    const key = resourceKey(type, id);
    const answer = this.#replica.answers.get(key);
    return (
      this.#replica.pendingOf(key).find(({ action }) => action === 'delete') ??
      (answer?.resource === null ? answer : undefined)
    );
  }
}

/**
 * The resource before the server has confirmed its creation.
 *
 * @param fields of the creation, with the id
 * @param at an RFC 3339 timestamp
 */
export function newResource(type: ResourceType, fields: JsonObject, userId: string, at: string): Resource {
  const defaults = type === 'task' ? { ...newTask, owner_id: userId } : newList;
  const completed = withCompletion({ ...defaults, ...fields }, at);
  return { ...completed, version: 0, created_at: at, updated_at: at } as unknown as Resource;
}

function patched(resource: Resource, operation: Operation): Resource {
  const patch = fieldsOf(operation);
  const values = Object.entries(patch).map(([name, value]) => [name, patchedField(resource[name], value)]);
  const changed = { ...resource, ...Object.fromEntries(values), updated_at: operation.at };
  return withCompletion(changed, operation.at) as Resource;
}

/** A field that is cleared has null, and is not absent as after a merge patch of the whole resource. */
function patchedField(before: unknown, value: JsonObject[string]): unknown {
  return value === null ? null : mergePatch(before, value);
}

function withCompletion(fields: Record<string, unknown>, at: string): Record<string, unknown> {
  if (!('completed_at' in fields)) return fields;
  return { ...fields, completed_at: fields.status === 'Done' ? (fields.completed_at ?? at) : null };
}
