/** Storage in memory. It survives the store, but not the process. */
import type { OfflineStorage, RecordChange, StoragePlace } from './storage.ts';

/** A storage for tests, and for applications that need no offline data after a restart. */
export function memoryStorage(): StoragePlace {
  const users = new Map<string, OfflineStorage>();
  return {
    sharedName: null,
    async open(userId) {
      const storage = users.get(userId) ?? createMemoryStorage();
      users.set(userId, storage);
      return storage;
    },
  };
}

function createMemoryStorage(): OfflineStorage {
  const records = new Map<string, string>();
  let revision = 0;
  return {
    async read() {
      return { revision, records: [...records].map(([key, text]): RecordChange => [key, JSON.parse(text)]) };
    },
    async readRevision() {
      return revision;
    },
    async commit(expected, changes) {
      if (expected !== revision) return false;
      for (const [key, value] of changes) {
        if (value === undefined) records.delete(key);
        else records.set(key, JSON.stringify(value));
      }
      revision += 1;
      return true;
    },
    async erase() {
      records.clear();
      revision += 1;
    },
    async close() {},
  };
}
