/**
 * The copy of the stored records in memory: the confirmed resources, and the queue of operations.
 *
 * `resources` is the server's state at `cursor`, exactly. `answers` has the outcomes of own operations that are newer.
 */
import { isEqual } from './merge-patch.ts';
import { keyOf, type Operation, type Resource } from './operation.ts';
import type { RecordChange, StoredRecords } from './storage.ts';

/** The resource after an own operation. An entry ends when the changes of the server must contain that operation. */
export interface Answer {
  /** null if the operation deleted it. */
  readonly resource: Resource | null;
  /** The revision of the commit that stored this answer. */
  readonly revision: number;
  /** Whether the tasks of a deleted list are kept. */
  readonly tasks?: 'delete' | 'keep';
}

/** The record with what is known about the whole copy. */
export interface Meta {
  readonly userId: string;
  /** The position in the user's changes; null before the first snapshot. */
  readonly cursor: string | null;
}

export const metaKey = 'meta';
export const resourceRecord = (key: string) => `resource/${key}`;
export const answerRecord = (key: string) => `answer/${key}`;
/** Numbers are padded, so that storages that sort keys sort operations. */
export const operationRecord = ({ number }: Operation) => `operation/${String(number).padStart(12, '0')}`;

export class Replica {
  readonly resources = new Map<string, Resource>();
  readonly answers = new Map<string, Answer>();
  revision = 0;
  meta: Meta | undefined;
  #operations = new Map<string, Operation>();
  #queue: readonly Operation[] = [];
  #isQueueCurrent = true;
  #byResource: Map<string, Operation[]> | undefined;

  /** All operations, in their order. It is the same array until they change. */
  get queue(): readonly Operation[] {
    if (!this.#isQueueCurrent) {
      const queue = [...this.#operations.values()].sort((one, other) => one.number - other.number);
      if (!isEqual(queue, this.#queue)) this.#queue = queue;
      this.#isQueueCurrent = true;
    }
    return this.#queue;
  }

  get cursor(): string | null {
    return this.meta?.cursor ?? null;
  }

  /** Replaces everything. */
  load({ revision, records }: StoredRecords): void {
    this.resources.clear();
    this.answers.clear();
    this.#operations.clear();
    this.#noteQueue();
    this.meta = undefined;
    this.apply(revision, records);
  }

  /** @returns the keys of the resources whose visible state may differ now */
  apply(revision: number, changes: readonly RecordChange[]): Set<string> {
    const touched = new Set<string>();
    for (const [record, value] of changes) this.#write(record, value, touched);
    this.revision = revision;
    return touched;
  }

  #write(record: string, value: unknown, touched: Set<string>): void {
    const kind = record.slice(0, record.indexOf('/'));
    const key = record.slice(record.indexOf('/') + 1);
    if (record === metaKey) this.meta = value as Meta | undefined;
    else if (kind === 'resource') set(this.resources, key, value as Resource | undefined);
    else if (kind === 'answer') set(this.answers, key, value as Answer | undefined);
    else if (kind === 'operation') {
      const before = this.#operations.get(key);
      const after = value as Operation | undefined;
      set(this.#operations, key, after);
      this.#noteQueue();
      for (const operation of [before, after]) if (operation) touched.add(keyOf(operation));
    }
    if (kind === 'resource' || kind === 'answer') touched.add(key);
  }

  #noteQueue(): void {
    this.#isQueueCurrent = false;
    this.#byResource = undefined;
  }

  /** The resource as the server has confirmed it. */
  confirmed(key: string): Resource | undefined {
    const answer = this.answers.get(key);
    return answer ? (answer.resource ?? undefined) : this.resources.get(key);
  }

  /** The pending operations on a resource, in their order. */
  pendingOf(key: string): readonly Operation[] {
    if (!this.#byResource) {
      this.#byResource = new Map();
      for (const operation of this.queue.filter(({ problem }) => !problem)) {
        const list = this.#byResource.get(keyOf(operation));
        if (list) list.push(operation);
        else this.#byResource.set(keyOf(operation), [operation]);
      }
    }
    return this.#byResource.get(key) ?? [];
  }

  /** The operation, if it is still in the queue as this attempt. */
  current({ id, key }: Operation): Operation | undefined {
    return this.queue.find((operation) => operation.id === id && operation.key === key && !operation.problem);
  }

  get nextNumber(): number {
    return (this.queue.at(-1)?.number ?? 0) + 1;
  }
}

function set<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
