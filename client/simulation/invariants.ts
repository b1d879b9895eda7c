/** What must hold at every durable commit of a device, and at every execution. A violation ends the simulation. */
import { keyOf, type Operation } from '../src/offline/operation.ts';
import type { Replica } from '../src/offline/replica.ts';
import type { RecordChange } from '../src/offline/storage.ts';
import type { ServerFacts } from './server-facts.ts';

export class Violation extends Error {
  override readonly name = 'Violation';
}

const dayMs = 24 * 3_600_000;

/** The checks of one device. */
export class DeviceChecks {
  /** The version of each resource that the device has shown as confirmed. It shows no older one. */
  readonly #floors = new Map<string, number>();
  /** Operations that the user has discarded or sent again. */
  readonly settledByUser = new Set<string>();
  /** All operations that were stored, by their idempotency key. */
  readonly stored = new Map<string, Operation>();
  /** The place of each stored operation in the order of all of them. */
  readonly #places = new Map<string, number>();
  /** The place of the last executed operation of each resource. */
  readonly #lastPlaces = new Map<string, number>();
  readonly facts: ServerFacts;
  readonly #name: string;

  constructor(name: string, facts: ServerFacts) {
    this.#name = name;
    this.facts = facts;
  }

  checkCommit(before: Replica, after: Replica, changes: readonly RecordChange[]): void {
    const isNewPosition = after.cursor !== before.cursor || changes.some(([key]) => key.startsWith('resource/'));
    if (isNewPosition && after.cursor !== null) this.#checkBase(after);
    for (const operation of after.queue) {
      if (!this.stored.has(operation.key)) this.#places.set(operation.key, this.#places.size);
      this.stored.set(operation.key, operation);
    }
    const left = before.queue.filter(({ key }) => !after.queue.some((operation) => operation.key === key));
    for (const operation of left) this.#checkLeft(operation, before);
    for (const operation of after.queue) this.#checkRejected(operation, before);
    if (!this.facts.wasRestored) this.#checkFloors(before, after);
  }

  /** What was acknowledged to the user is on the disk, or was executed before. */
  checkAcknowledged(resourceId: string): void {
    const isStored = [...this.stored.values()].some((operation) => operation.resourceId === resourceId);
    const isKnown = ['task', 'list'].some((type) => this.facts.hasKnown(`${type}/${resourceId}`));
    if (!isStored && !isKnown) throw this.#violation(`A write of ${resourceId} was acknowledged, but is not stored`);
  }

  /**
   * Each operation is executed once, and the operations on a resource in the order in which they were stored.
   *
   * @param isPending whether it is in the queue; a request that was on its way for long can be executed after its rejection
   */
  checkExecution(operation: Operation, isPending: boolean): void {
    const { action, resourceId, key } = operation;
    const executions = this.facts.executionsOf(key);
    const [first, ...others] = executions;
    const last = executions.at(-1);
    if (!first || !last) return;
    if (others.length > 0 && !this.facts.wasRestored) {
      if (last.at - first.at < dayMs) throw this.#violation(`${action} ${resourceId} was executed twice`);
      const created = executions.filter(({ status }) => status === 201);
      if (created.length > 1) throw this.#violation(`${resourceId} was created twice`);
    }
    if (others.length > 0 || first.status >= 400 || !isPending) return;
    const place = this.#places.get(key) as number;
    if (place < (this.#lastPlaces.get(keyOf(operation)) ?? 0)) {
      throw this.#violation(`The operations on ${resourceId} were executed in another order`);
    }
    this.#lastPlaces.set(keyOf(operation), place);
  }

  /** The base equals the server's state at its cursor. */
  #checkBase({ cursor, resources }: Replica): void {
    const expected = this.facts.versionsAt(cursor as string);
    if (!expected) throw this.#violation(`The base has the cursor ${cursor}, which is within a snapshot`);
    const versions = [...resources].map(([key, { version }]) => [key, version] as const);
    const isSame =
      versions.length === expected.size && versions.every(([key, version]) => expected.get(key) === version);
    if (!isSame) {
      const found = JSON.stringify(Object.fromEntries(versions.sort()));
      throw this.#violation(
        `The base differs from the server at ${cursor}: ${found} instead of ${JSON.stringify(Object.fromEntries([...expected].sort()))}`,
      );
    }
  }

  /** An operation waits for the creations of the resources that it names. */
  #checkRejected({ problem, causedBy, body, key, ...operation }: Operation, before: Replica): void {
    const wasPending = before.queue.some((each) => each.key === key && !each.problem);
    if (!problem || causedBy || !wasPending) return;
    const named = Object.values(JSON.parse(body ?? '{}'));
    const creation = before.queue.find(
      (each) =>
        each.action === 'create' && !each.problem && each.number < operation.number && named.includes(each.resourceId),
    );
    if (creation) throw this.#violation(`A write was sent before the creation of ${creation.resourceId}`);
  }

  /** An operation leaves the queue after it was executed, or by the user. */
  #checkLeft(operation: Operation, before: Replica): void {
    const { action, key, problem } = operation;
    if (problem && this.settledByUser.has(operation.id)) return;
    const executions = this.facts.executionsOf(key);
    const isExecuted = executions.some(({ status }) => status < 300);
    const isGone = action === 'delete' && executions.some(({ status }) => status === 404);
    const isProven = action === 'create' && this.facts.hasKnown(keyOf(operation));
    if (!isExecuted && !isGone && !isProven) {
      throw this.#violation(`${describe(operation)} has left the queue, but the server has not executed it`);
    }
    const version = executions.at(-1)?.version ?? 0;
    const resource = keyOf(operation);
    // Another device had deleted the resource, so it was not shown, and has restored it.
    if ((action === 'update' || action === 'move') && !before.confirmed(resource)) return;
    this.#raiseFloor(resource, version);
  }

  /** What was shown as confirmed does not become older. */
  #checkFloors(before: Replica, after: Replica): void {
    for (const key of before.resources.keys()) {
      // An answer that may be newer than a snapshot without the resource stays until the next delta.
      if (!after.resources.has(key) && !after.answers.has(key)) this.#raiseFloor(key, this.facts.removedAt(key));
    }
    for (const key of this.#floors.keys()) this.#checkFloor(after, key);
    for (const replica of [before, after]) {
      for (const key of [...replica.resources.keys(), ...replica.answers.keys()]) {
        this.#checkFloor(after, key);
        this.#raiseFloor(key, after.confirmed(key)?.version ?? 0);
      }
    }
  }

  #raiseFloor(key: string, version: number): void {
    this.#floors.set(key, Math.max(this.#floors.get(key) ?? 0, version));
  }

  #checkFloor(replica: Replica, key: string): void {
    const floor = this.#floors.get(key) ?? 0;
    const resource = replica.confirmed(key);
    if (resource ? resource.version >= floor : this.facts.removedAt(key) >= floor || floor === 0) return;
    // An own deletion hides the resource until the changes show whether another device has restored it.
    if (replica.answers.get(key)?.resource === null) return;
    const found = resource ? `version ${resource.version}` : 'nothing';
    throw this.#violation(`${key} was shown with version ${floor}, and is shown with ${found} now`);
  }

  #violation(message: string): Violation {
    return new Violation(`${this.#name}: ${message}`);
  }
}

export function describe({ action, type, resourceId, key }: Operation): string {
  return `The operation ${action} ${type} ${resourceId} (${key})`;
}
