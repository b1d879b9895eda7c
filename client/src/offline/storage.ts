/** The interface of storages: records with keys, and commits that are atomic and durable. */

/** A record that a commit writes. `undefined` deletes it. Values are JSON. */
export type RecordChange = readonly [key: string, value: unknown];

export interface StoredRecords {
  /** The number of commits so far. */
  readonly revision: number;
  readonly records: readonly RecordChange[];
}

/** The records of one user. Tabs of a browser share them. */
export interface OfflineStorage {
  read(): Promise<StoredRecords>;
  /** The number of commits so far. */
  readRevision(): Promise<number>;
  /**
   * Writes all of the changes or none. When it resolves to true, they are durable.
   *
   * @param revision the revision that the changes were decided on
   * @returns false if another tab has committed since, and nothing was written
   */
  commit(revision: number, changes: readonly RecordChange[]): Promise<boolean>;
  /** Deletes all records. */
  erase(): Promise<void>;
  close(): Promise<void>;
}

/** A place for the records of several users. */
export interface StoragePlace {
  /** The name of the records that all tabs of a browser share; null if each tab or process has its own. */
  readonly sharedName: string | null;
  /** Opens the records of a user, and no others. */
  open(userId: string): Promise<OfflineStorage>;
}
