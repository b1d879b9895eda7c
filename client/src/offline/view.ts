/** The visible state: the confirmed resources with the queue applied. */
import { isEqual, type JsonObject, mergePatch } from './merge-patch.ts';
import { fieldsOf, keyOf, type Operation, type Resource, type ResourceType, resourceKey } from './operation.ts';
import { Draft, endPosition, followParents, maxLevels, moved } from './places.ts';
import type { Replica } from './replica.ts';

/** After all positions, also those of operations. */
const lastPosition = '~~';

const newTask = {
  description: null,
  status: 'Todo',
  priority: 'Medium',
  tags: [],
  list_id: null,
  parent_id: null,
  position: lastPosition,
  due: null,
  due_at: null,
  recurrence: null,
  series_id: null,
  completed_at: null,
};

const newList = { color: null, position: lastPosition, archived: false, task_count: 0 };

export class View {
  /** Changes with every change of the visible state. */
  version = 0;
  readonly #replica: Replica;
  readonly #userId: string;
  readonly #resources = { task: new Map<string, Resource>(), list: new Map<string, Resource>() };
  /** The keys of the resources whose visible state depends on that of others. */
  readonly #dependent = new Set<string>();

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

  /** Computes some resources again, and those that depend on others. Those that are equal keep their identity. */
  update(touched: Iterable<string>): void {
    this.version += 1;
    const drafts = this.#compute(new Set([...touched, ...this.#dependent]));
    this.#dependent.clear();
    for (const type of ['task', 'list'] as const) {
      const shown = this.#resources[type];
      for (const [id, resource] of drafts[type].written) {
        if (!resource) shown.delete(id);
        else if (!isEqual(shown.get(id), resource)) shown.set(id, resource);
      }
      for (const id of drafts[type].dependent) this.#dependent.add(resourceKey(type, id));
    }
  }

  rebuild(): void {
    const { resources, answers, queue } = this.#replica;
    const shown = (['task', 'list'] as const).flatMap((type) =>
      [...this.#resources[type].keys()].map((id) => resourceKey(type, id)),
    );
    this.update(new Set([...shown, ...resources.keys(), ...answers.keys(), ...queue.map(keyOf)]));
  }

  #compute(keys: ReadonlySet<string>): Record<ResourceType, Draft> {
    const replica = this.#replica;
    const drafts = { task: new Draft(this.#resources.task), list: new Draft(this.#resources.list) };
    const pending = replica.queue.filter(({ problem }) => !problem);
    // The place of a moved resource depends on the operations before the move, and on no later ones.
    const operations = pending.some(({ action }) => action === 'move')
      ? pending
      : [...keys].flatMap((key) => replica.pendingOf(key));
    for (const key of new Set([...keys, ...operations.map(keyOf)])) {
      const [type, id] = key.split('/') as [ResourceType, string];
      drafts[type].written.set(id, replica.confirmed(key));
    }
    for (const operation of operations) {
      const draft = drafts[operation.type];
      draft.written.set(operation.resourceId, this.#apply(draft, operation));
    }
    followParents(drafts.task);
    return drafts;
  }

  #apply(draft: Draft, operation: Operation): Resource | undefined {
    const resource = draft.get(operation.resourceId);
    switch (operation.action) {
      case 'delete':
        return undefined;
      case 'create':
        return resource ?? this.#create(operation);
      case 'move':
        return resource && moved(resource, operation, draft);
      case 'update':
        return resource && patched(resource, operation);
    }
  }

  #create(operation: Operation): Resource {
    const { at, type, resourceId, number } = operation;
    const fields = { position: endPosition(number), ...fieldsOf(operation), id: resourceId };
    return newResource(type, fields, this.#userId, at);
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
  // The server puts a task that changes its list or its parent at the end.
  const isElsewhere = ['list_id', 'parent_id'].some((name) => name in patch && patch[name] !== resource[name]);
  const position = isElsewhere ? endPosition(operation.number) : resource.position;
  const changed = { ...resource, position, ...Object.fromEntries(values), updated_at: operation.at };
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
