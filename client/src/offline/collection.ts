/** The resources of one type, with their writes. */
import { type Environment, newId } from './environment.ts';
import { byPosition, createLiveQuery, type LiveQuery } from './live-query.ts';
import type { JsonObject } from './merge-patch.ts';
import { createOperation, type OperationInput, type Resource, type ResourceType } from './operation.ts';
import { operationRecord, type Replica } from './replica.ts';
import { changedFields } from './settle.ts';
import type { SharedReplica } from './shared-replica.ts';
import type { View } from './view.ts';

export interface Collection<Item, Create, Patch, Move> {
  /** The resource with all own changes; undefined if it does not exist. It is the same object until it changes. */
  get(id: string): Item | undefined;
  /**
   * A live query.
   *
   * @param filter which resources; by default all of them
   * @param compare their order; by default the manual one
   */
  query(filter?: (item: Item) => boolean, compare?: (one: Item, other: Item) => number): LiveQuery<Item>;
  /**
   * Creates a resource. The promise resolves when the operation is stored on this device.
   *
   * @param fields with an `id`, if it must be known before: a new UUID
   * @throws Error if the id exists on this device
   */
  create(fields: Create): Promise<Item>;
  /**
   * Writes the fields of a JSON Merge Patch that differ from the current ones. The promise resolves when the operation is
   * stored on this device.
   *
   * @throws NotFoundError if the resource does not exist on this device
   */
  update(id: string, patch: Patch): Promise<Item>;
  /**
   * Moves the resource to a place: directly before or after a sibling, or to the start or the end. The promise resolves when
   * the operation is stored on this device. Until the server has confirmed it, `position` is provisional.
   *
   * @param place as in the API; without `list_id` and `parent_id`, the place is beside the sibling, wherever that is then
   * @throws NotFoundError if the resource or the sibling does not exist on this device
   */
  move(id: string, place: Move): Promise<Item>;
  /**
   * Moves the resource to the trash. The promise resolves when the operation is stored on this device.
   *
   * @throws NotFoundError if the resource does not exist on this device
   */
  delete(id: string): Promise<void>;
}

/** The resource does not exist on this device, for example because another device has deleted it. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  constructor(type: ResourceType, id: string) {
    super(`There is no ${type} ${id} on this device. It was deleted, or its creation was rejected.`);
  }
}

export interface CollectionParts {
  readonly shared: SharedReplica;
  readonly view: View;
  readonly environment: Environment;
  readonly timeZone: string | undefined;
  readonly subscribe: (listener: () => void) => () => void;
}

type NewOperation = Pick<OperationInput, 'action' | 'resourceId' | 'fields' | 'tasks'>;

/** Items, bodies and patches are those of the API. The caller gives them their types. */
export class ResourceCollection {
  readonly #type: ResourceType;
  readonly #parts: CollectionParts;

  constructor(type: ResourceType, parts: CollectionParts) {
    this.#type = type;
    this.#parts = parts;
  }

  get(id: string): Resource | undefined {
    return this.#parts.view.get(this.#type, id);
  }

  query(
    filter: (item: never) => boolean = () => true,
    compare: (one: never, other: never) => number = byPosition,
  ): LiveQuery<Resource> {
    const { view, subscribe } = this.#parts;
    const select = () =>
      view
        .all(this.#type)
        .filter((item) => filter(item as never))
        .sort(compare as () => number);
    return createLiveQuery(() => view.version, select, subscribe);
  }

  async create(fields: JsonObject): Promise<Resource> {
    const resourceId = typeof fields.id === 'string' ? fields.id : newId(this.#parts.environment);
    await this.#enqueue(() => {
      if (this.get(resourceId))
        throw new Error(`The ${this.#type} ${resourceId} exists already. Create it with a new id.`);
      return { action: 'create', resourceId, fields };
    });
    return this.get(resourceId) as Resource;
  }

  async update(id: string, patch: JsonObject): Promise<Resource> {
    await this.#enqueue(() => {
      const fields = changedFields(this.#existing(id), patch);
      return Object.keys(fields).length > 0 && { action: 'update', resourceId: id, fields };
    });
    return this.#existing(id);
  }

  async move(id: string, place: JsonObject): Promise<Resource> {
    await this.#enqueue(() => {
      this.#existing(id);
      const sibling = place.before ?? place.after;
      if (sibling !== undefined) this.#existing(sibling as string);
      return sibling !== id && { action: 'move', resourceId: id, fields: place };
    });
    return this.#existing(id);
  }

  async delete(id: string, tasks?: 'delete' | 'keep'): Promise<void> {
    await this.#enqueue(() => {
      this.#existing(id);
      return { action: 'delete', resourceId: id, tasks };
    });
  }

  /** @throws NotFoundError */
  #existing(id: string): Resource {
    const resource = this.get(id);
    if (!resource) throw new NotFoundError(this.#type, id);
    return resource;
  }

  /** @param decide returns false if there is nothing to do; it is called again if another tab has committed */
  async #enqueue(decide: () => NewOperation | false): Promise<void> {
    const { shared, environment, timeZone } = this.#parts;
    const id = newId(environment);
    const key = newId(environment);
    await shared.commit((replica: Replica) => {
      const decided = decide();
      if (!decided) return [];
      const at = new Date(environment.now()).toISOString();
      const operation = createOperation({
        ...decided,
        id,
        key,
        number: replica.nextNumber,
        type: this.#type,
        at,
        timeZone,
      });
      return [[operationRecord(operation), operation]];
    });
  }
}
