/** Map with two generations. It drops old entries without iterating over them. */

/**
 * Keeps the entries that were set since the rotation before the last one. Each rotation drops the older generation at
 * once. Deleting entries one by one from the front of a `Map` leaves holes, and each search for its first entry skips all
 * of them (`docs/performance.md`).
 */
export class GenerationalCache<Key, Value> {
  #recent = new Map<Key, Value>();
  #older = new Map<Key, Value>();

  /** Number of entries that were set since the last rotation. */
  get size(): number {
    return this.#recent.size;
  }

  /** Number of entries of both generations. An entry of both counts twice. */
  get total(): number {
    return this.#recent.size + this.#older.size;
  }

  get(key: Key): Value | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }

  set(key: Key, value: Value): void {
    this.#recent.set(key, value);
  }

  delete(key: Key): void {
    this.#recent.delete(key);
    this.#older.delete(key);
  }

  /** Starts a new generation, and drops the older one. */
  rotate(): void {
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}
