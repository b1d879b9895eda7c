/** Storage in the browser: one IndexedDB database per user, which all tabs of the application share. */
import type { OfflineStorage, RecordChange, StoragePlace } from './storage.ts';

export interface IndexedDbOptions {
  /** The beginning of the names of the databases. Default: `todo-api`. */
  readonly name?: string;
}

const store = 'records';

/** The key of the record with the number of commits. No other key begins with this character. */
const revisionKey = '#revision';

/** @returns a place whose records survive the tab and the browser */
export function indexedDbStorage({ name = 'todo-api' }: IndexedDbOptions = {}): StoragePlace {
  return {
    sharedName: name,
    async open(userId) {
      return createStorage(await openDatabase(`${name}/${userId}`));
    },
  };
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store);
  return resultOf(request);
}

function createStorage(database: IDBDatabase): OfflineStorage {
  // A later version of the application opens the database with another schema.
  database.onversionchange = () => database.close();

  /** Resolves when the transaction is on the disk, and rejects if it was rolled back. */
  async function write<Result>(change: (records: IDBObjectStore) => Promise<Result>): Promise<Result> {
    const transaction = database.transaction(store, 'readwrite', { durability: 'strict' });
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was aborted'));
    });
    const [result] = await Promise.all([change(transaction.objectStore(store)), ended]);
    return result;
  }

  const readable = () => database.transaction(store, 'readonly').objectStore(store);
  const revisionIn = async (records: IDBObjectStore) => ((await resultOf(records.get(revisionKey))) as number) ?? 0;

  return {
    async read() {
      const records = readable();
      const [revision, keys, values] = await Promise.all([
        revisionIn(records),
        resultOf(records.getAllKeys()),
        resultOf(records.getAll()),
      ]);
      const pairs = keys.map((key, index): RecordChange => [key as string, values[index]]);
      return { revision, records: pairs.filter(([key]) => key !== revisionKey) };
    },

    readRevision: () => revisionIn(readable()),

    commit: (expected, changes) =>
      write(async (records) => {
        // Transactions that write run one after another, also those of other tabs.
        if ((await revisionIn(records)) !== expected) return false;
        for (const [key, value] of changes) {
          if (value === undefined) records.delete(key);
          else records.put(value, key);
        }
        records.put(expected + 1, revisionKey);
        return true;
      }),

    erase: () =>
      write(async (records) => {
        const revision = await revisionIn(records);
        records.clear();
        // The next commit of another tab must fail.
        records.put(revision + 1, revisionKey);
      }),

    async close() {
      database.close();
    },
  };
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
