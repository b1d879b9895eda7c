/** The offline store: tasks and lists that can be read and written without a connection, and that follow the server. */
import type {
  Task,
  TaskCreate,
  TaskList,
  TaskListCreate,
  TaskListMove,
  TaskListPatch,
  TaskMove,
  TaskPatch,
} from '../generated/api.ts';
import { type Collection, ResourceCollection } from './collection.ts';
import { type Environment, newId, realEnvironment } from './environment.ts';
import { Leader } from './leader.ts';
import { isEqual, type JsonObject } from './merge-patch.ts';
import type { Operation, TasksOfDeletedList } from './operation.ts';
import { metaKey } from './replica.ts';
import { dismissOperation, retryOperation } from './settle.ts';
import { type CommitMessage, SharedReplica } from './shared-replica.ts';
import { type Connection, connecting, connectionAfter, type StoreStatus, statusOf } from './status.ts';
import type { StoragePlace } from './storage.ts';
import { browserTabs, onReturn, singleTab, type Tabs } from './tabs.ts';
import type { Transport } from './transport.ts';
import { View } from './view.ts';

/** Milliseconds between two looks at the storage. A tab that ends right after its commit sends no message about it. */
const refreshMs = 15_000;

export interface OfflineStoreOptions {
  /** A client whose tokens belong to this user. */
  readonly client: Transport;
  readonly storage: StoragePlace;
  /** The id of the user, as `GET /api/v1/me` returns it. Each user has separate records. */
  readonly userId: string;
  /** The IANA time zone of the user. The next occurrence of a recurring task depends on it. */
  readonly timeZone?: string;
  /** By default the tabs of the browser if they share the storage, and otherwise this process. */
  readonly tabs?: Tabs;
  readonly environment?: Environment;
}

export type OfflineTasks = Collection<Task, TaskCreate, TaskPatch, TaskMove>;

export interface OfflineLists
  extends Omit<Collection<TaskList, TaskListCreate, TaskListPatch, TaskListMove>, 'delete'> {
  /**
   * Moves the list to the trash.
   *
   * @param tasks whether its tasks are deleted with it, or kept in the inbox; without it, a list with tasks is not deleted
   */
  delete(id: string, tasks?: TasksOfDeletedList): Promise<void>;
}

type TabMessage =
  | CommitMessage
  | { readonly kind: 'connection'; readonly connection: Connection }
  | { readonly kind: 'joined' }
  | { readonly kind: 'erased' };

export interface OfflineStore {
  readonly userId: string;
  readonly tasks: OfflineTasks;
  readonly lists: OfflineLists;
  /** The state of synchronization. It is the same object until it changes. */
  readonly status: () => StoreStatus;
  /** All operations that the server has not confirmed, in their order. It is the same array until it changes. */
  readonly operations: () => readonly Operation[];
  /** Calls the listener after every change. @returns a function that ends it */
  readonly subscribe: (listener: () => void) => () => void;
  /**
   * Sends a rejected operation again, after those that are in the queue, with the operations that depend on it.
   *
   * @param fields replace the fields that the server has refused; the others stay
   * @throws Error if the operation is not rejected
   */
  retry(operationId: string, fields?: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * Discards a rejected operation, with the operations that depend on it.
   *
   * @throws Error if the operation is not rejected
   */
  dismiss(operationId: string): Promise<void>;
  /** Tries at once to reach the server, for example when the device is online again. Browsers do so by themselves. */
  reconnect(): void;
  /** Ends the store in this tab. The records stay. */
  close(): Promise<void>;
  /** Ends the store in all tabs and deletes the records of the user, also operations that were not sent. */
  erase(): Promise<void>;
}

/**
 * Opens the records of a user.
 *
 * @throws Error if the storage has the records of another user
 */
export async function createOfflineStore(options: OfflineStoreOptions): Promise<OfflineStore> {
  const { client, userId, timeZone, environment = realEnvironment } = options;
  const { sharedName } = options.storage;
  const { tabs = sharedName === null ? singleTab : browserTabs } = options;
  const storage = await options.storage.open(userId);
  const name = `${sharedName}/${userId}`;
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  let connection = connecting;
  let leader: Leader | undefined;

  const channel = tabs.connect(name, receive);
  const shared = new SharedReplica(storage, channel, onReplicaChange);
  const view = new View(shared.replica, userId);
  let status = statusOf(connection, []);
  try {
    await openRecords(shared, userId);
  } catch (error) {
    channel.close();
    await storage.close();
    throw error;
  }

  const subscribe = (listener: () => void) => {
    // The same function can be subscribed twice.
    const entry = () => listener();
    listeners.add(entry);
    return () => void listeners.delete(entry);
  };

  function notify(): void {
    const next = statusOf(connection, shared.replica.queue);
    if (!isEqual(status, next)) status = next;
    for (const listener of listeners) callSafely(listener);
  }

  function onReplicaChange(touched: ReadonlySet<string> | undefined): void {
    if (touched) view.update(touched);
    else view.rebuild();
    leader?.noteChange();
    notify();
  }

  function setConnection(next: Connection): void {
    const isSame = next.connection === connection.connection && next.failure === connection.failure;
    connection = next;
    if (!isSame) notify();
  }

  function onLeaderConnection(error: unknown): void {
    setConnection(connectionAfter(error));
    channel.post({ kind: 'connection', connection } satisfies TabMessage);
  }

  function receive(message: unknown): void {
    const received = message as TabMessage;
    if (received.kind === 'commit') shared.receive(received).catch(() => {});
    else if (received.kind === 'connection') setConnection(received.connection);
    else if (received.kind === 'erased') void close();
    else if (leader) channel.post({ kind: 'connection', connection } satisfies TabMessage);
  }

  async function lead(): Promise<void> {
    if (ending.signal.aborted) return;
    leader = new Leader({ shared, transport: client, environment, userId, onConnection: onLeaderConnection });
    await leader.run();
  }

  async function refreshRepeatedly(): Promise<void> {
    while (!ending.signal.aborted) {
      await environment.sleep(refreshMs, ending.signal);
      // A failure of the storage is reported by the next write.
      if (!ending.signal.aborted) await shared.refresh().catch(() => {});
    }
  }

  void refreshRepeatedly();
  const stopListening = onReturn(() => {
    leader?.reconnect();
    shared.refresh().catch(() => {});
  });
  const leading = tabs.elect(name, lead, ending.signal);
  channel.post({ kind: 'joined' } satisfies TabMessage);

  async function close(): Promise<void> {
    if (ending.signal.aborted) return;
    ending.abort();
    leader?.stop();
    stopListening();
    await leading;
    await shared.close();
    channel.close();
    await storage.close();
  }

  const parts = { shared, view, environment, timeZone, subscribe };
  return {
    userId,
    tasks: new ResourceCollection('task', parts) as unknown as OfflineTasks,
    lists: new ResourceCollection('list', parts) as unknown as OfflineLists,
    status: () => status,
    operations: () => shared.replica.queue,
    subscribe,
    retry: (operationId, fields = {}) =>
      shared.commit((replica) => retryOperation(replica, operationId, fields as JsonObject, () => newId(environment))),
    dismiss: (operationId) => shared.commit((replica) => dismissOperation(replica, operationId)),
    reconnect: () => leader?.reconnect(),
    close,
    async erase() {
      channel.post({ kind: 'erased' } satisfies TabMessage);
      await storage.erase();
      await close();
    },
  };
}

/** An exception of the application is reported, but a commit does not fail because of it. */
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    void Promise.reject(error);
  }
}

/** @throws Error if the records belong to another user */
async function openRecords(shared: SharedReplica, userId: string): Promise<void> {
  await shared.load();
  await shared.commit(({ meta }) => {
    if (meta && meta.userId !== userId) {
      throw new Error(`The storage has the records of the user ${meta.userId}, not of ${userId}. Erase it first.`);
    }
    return meta ? [] : [[metaKey, { userId, cursor: null }]];
  });
}
