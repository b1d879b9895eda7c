/** What the checks know about the server: its states, what it has executed, and what it has removed. */
import type { Execution, SimulatedServer } from './server.ts';

export class ServerFacts {
  /** Whether numbers and versions have gone back, because a backup was restored. */
  wasRestored = false;
  readonly #server: SimulatedServer;
  readonly #known = new Set<string>();
  readonly #removals = new Map<string, number>();
  #position = '';

  constructor(server: SimulatedServer) {
    this.#server = server;
  }

  /** @returns whether the server has changed since the last call */
  observe(): boolean {
    const { position, state } = this.#server;
    if (position === this.#position) return false;
    this.#position = position;
    for (const [key, entry] of state) {
      this.#known.add(key);
      if (!entry.resource) this.#removals.set(key, Math.max(this.removedAt(key), entry.version));
    }
    return true;
  }

  /** The versions of the live resources at a cursor; undefined within a snapshot. */
  versionsAt(cursor: string): ReadonlyMap<string, number> | undefined {
    const state = this.#server.stateAt(cursor);
    if (!state) return undefined;
    const live = [...state].filter(([, { resource }]) => resource);
    return new Map(live.map(([key, { version }]) => [key, version]));
  }

  /** The executions of the request with this idempotency key. */
  executionsOf(key: string): readonly Execution[] {
    return this.#server.executions.get(key) ?? [];
  }

  /** The version of the last removal of a resource; 0 without one. */
  removedAt(key: string): number {
    return this.#removals.get(key) ?? 0;
  }

  /** Whether the server has, or had, the resource. */
  hasKnown(key: string): boolean {
    return this.#known.has(key);
  }
}
