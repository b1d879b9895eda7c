/** The public interface of the offline store. */
export { type Collection, NotFoundError } from './collection.ts';
export type { LiveQuery } from './live-query.ts';
export { memoryStorage } from './memory-storage.ts';
export type { Operation, StoredProblem, TasksOfDeletedList } from './operation.ts';
export { OtherUserError } from './reader.ts';
export type { ConnectionState, StoreStatus } from './status.ts';
export type { OfflineStorage, RecordChange, StoragePlace, StoredRecords } from './storage.ts';
export {
  createOfflineStore,
  type OfflineLists,
  type OfflineStore,
  type OfflineStoreOptions,
  type OfflineTasks,
} from './store.ts';
export { browserTabs, singleTab, type TabChannel, type Tabs } from './tabs.ts';
export type { Transport } from './transport.ts';
