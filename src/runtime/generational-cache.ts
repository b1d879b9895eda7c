/** A map that forgets what was put into it long ago. */

/**
 * Keeps what was set since the last turn, and between that one and the turn before. What is older goes all at once: to
 * delete one after the other from the front of a `Map` leaves holes, and each look for its first entry goes past all of
 * them (`docs/performance.md`).
 */
export class GenerationalCache<Key, Value> {
  #recent = new Map<Key, Value>();
  #older = new Map<Key, Value>();

  /** How many were set since the last turn. */
  get size(): number {
    return this.#recent.size;
  }

  get(key: Key): Value | undefined {
    return this.#recent.get(key) ?? this.#older.get(key);
  }

  set(key: Key, value: Value): void {
    this.#recent.set(key, value);
  }

  rotate(): void {
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}
