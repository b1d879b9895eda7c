/** TanStack DB: collections of the tasks and lists of an offline store. */
import type { CollectionConfig } from '@tanstack/db';
import type { Task, TaskCreate, TaskList, TaskListCreate, TaskListMove, TaskMove } from './generated/api.ts';
import { newId, realEnvironment } from './offline/environment.ts';
import { isObject, type JsonObject } from './offline/merge-patch.ts';
import type { ResourceType, TasksOfDeletedList } from './offline/operation.ts';
import type { OfflineStore } from './offline/store.ts';
import { newResource } from './offline/view.ts';

/** What an insert needs, and the resource that it becomes (https://standardschema.dev). */
export interface ResourceSchema<Input, Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => { readonly value: Output };
    readonly types?: { readonly input: Input; readonly output: Output };
  };
}

/** The writes that `collection.utils` has, because TanStack DB has none like them. */
export type ResourceUtils<Output, Move> = {
  /** `move` of the store: the promise resolves when the operation is stored on this device, and the collection shows it. */
  readonly move: (id: string, place: Move) => Promise<Output>;
};

export type ResourceCollectionOptions<Input, Output extends object, Move> = Omit<
  CollectionConfig<Output, string, ResourceSchema<Input, Output>, ResourceUtils<Output, Move>>,
  'utils'
> & { readonly schema: ResourceSchema<Input, Output>; readonly utils: ResourceUtils<Output, Move> };

/** The metadata of the deletion of a list: what happens to its tasks. Without it, a list with tasks is not deleted. */
export interface ListDeletion {
  readonly tasks?: TasksOfDeletedList;
}

/**
 * Options for `createCollection`: the tasks of the store. An insert needs the fields of `TaskCreate`.
 *
 * A transaction is persisted when its operations are stored on this device. If the server rejects one later, its change
 * disappears from the collection, and `store.status().rejected` has the operation.
 */
export function taskCollectionOptions(store: OfflineStore): ResourceCollectionOptions<TaskCreate, Task, TaskMove> {
  return collectionOptions(store, 'task', store.tasks as never);
}

/**
 * Options for `createCollection`: the lists of the store. An insert needs the fields of `TaskListCreate`. A deletion
 * accepts `ListDeletion` as its metadata.
 */
export function listCollectionOptions(
  store: OfflineStore,
): ResourceCollectionOptions<TaskListCreate, TaskList, TaskListMove> {
  return collectionOptions(store, 'list', store.lists as never);
}

interface Identified {
  readonly id: string;
}

/** The part of the store's collection that does not depend on the type of the resource. */
interface Resources<Output, Move> {
  query(): { get(): readonly Output[] };
  create(fields: object): Promise<unknown>;
  update(id: string, patch: object): Promise<unknown>;
  move(id: string, place: Move): Promise<Output>;
  delete(id: string, tasks?: TasksOfDeletedList): Promise<unknown>;
}

function collectionOptions<Input, Output extends Identified, Move>(
  store: OfflineStore,
  type: ResourceType,
  resources: Resources<Output, Move>,
): ResourceCollectionOptions<Input, Output, Move> {
  return {
    id: `todo-api/${type}`,
    getKey: ({ id }) => id,
    schema: {
      '~standard': {
        version: 1,
        vendor: 'todo-api-client',
        // The server validates the fields, because its limits may be newer than this client.
        validate: (value) => ({ value: complete(store, type, value as JsonObject) as never }),
      },
    },
    sync: {
      rowUpdateMode: 'full',
      sync({ begin, write, commit, markReady }) {
        const query = resources.query();
        let shown = new Map<string, Output>();
        const synchronize = () => {
          // The store keeps the identity of a resource until it changes.
          const current = new Map(query.get().map((resource) => [resource.id, resource]));
          const deleted = [...shown.keys()].filter((id) => !current.has(id));
          const written = [...current].filter(([id, resource]) => shown.get(id) !== resource);
          if (deleted.length + written.length > 0) {
            begin();
            for (const key of deleted) write({ type: 'delete', key });
            for (const [id, value] of written) write({ type: shown.has(id) ? 'update' : 'insert', value });
            commit();
          }
          shown = current;
        };
        synchronize();
        markReady();
        return store.subscribe(synchronize);
      },
    },
    // The store has shown an operation before its promise resolves, so the collection replaces its own state by the same one.
    onInsert: ({ transaction }) =>
      inOrder(transaction.mutations, ({ key, changes }) => resources.create({ ...(changes as object), id: key })),
    onUpdate: ({ transaction }) =>
      inOrder(transaction.mutations, ({ key, original, changes }) =>
        resources.update(key, patchOf(original as unknown as JsonObject, changes as JsonObject)),
      ),
    onDelete: ({ transaction }) =>
      inOrder(transaction.mutations, ({ key, metadata }) =>
        resources.delete(key, (metadata as ListDeletion | undefined)?.tasks),
      ),
    utils: { move: (id, place) => resources.move(id, place) },
  };
}

/** The resource that the store will show for these fields. A resource that is complete stays as it is. */
function complete(store: OfflineStore, type: ResourceType, fields: JsonObject): object {
  if (typeof fields.version === 'number') return fields;
  const id = fields.id ?? newId(realEnvironment);
  return newResource(type, { ...fields, id }, store.userId, new Date().toISOString());
}

async function inOrder<Mutation>(
  mutations: readonly Mutation[],
  write: (mutation: Mutation) => Promise<unknown>,
): Promise<void> {
  for (const mutation of mutations) await write(mutation);
}

/** A JSON Merge Patch (RFC 7396). Members that an object no longer has are cleared. */
function patchOf(original: JsonObject, changes: JsonObject): JsonObject {
  const fields = Object.entries(changes).map(([name, value]) => {
    const before = original[name];
    if (!isObject(before) || !isObject(value)) return [name, value];
    return [name, { ...Object.fromEntries(Object.keys(before).map((member) => [member, null])), ...value }];
  });
  return Object.fromEntries(fields);
}
