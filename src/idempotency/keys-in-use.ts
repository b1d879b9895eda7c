/**
 * The idempotency keys that requests of this process hold, including requests that wait for a connection. The lock of a
 * key in the database covers the requests that have one.
 */
import type { UserDatabase } from '../database/user-database.ts';

/** The keys in use on each database: the owner and the key. */
const keysInUse = new WeakMap<UserDatabase, Set<string>>();

export interface HeldKey {
  release(): void;
}

/** Returns null if another request of this process holds the key. */
export function holdKey(database: UserDatabase, ownerId: string, key: string): HeldKey | null {
  const inUse = keysInUse.get(database) ?? new Set();
  keysInUse.set(database, inUse);
  // A key has no line break.
  const entry = `${key}\n${ownerId}`;
  if (inUse.has(entry)) return null;
  inUse.add(entry);
  return { release: () => void inUse.delete(entry) };
}
