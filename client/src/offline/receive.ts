/** What changes of the server change in the replica. */
import { keyOf, type Resource, type ResourceType, resourceKey } from './operation.ts';
import {
  type Answer,
  answerRecord,
  type Meta,
  metaKey,
  operationRecord,
  type Replica,
  resourceRecord,
} from './replica.ts';
import type { RecordChange } from './storage.ts';

/** A change, as `GET /api/v1/changes` has it. */
export interface Change {
  readonly type: string;
  readonly op: 'put' | 'remove';
  readonly id?: string;
  readonly version?: number;
  readonly task?: Resource;
  readonly list?: Resource;
}

export interface ChangesPage {
  readonly reset: boolean;
  readonly changes: readonly Change[];
  readonly cursor: string;
  readonly has_more: boolean;
}

/** The state of a resource after its last change, or its removal. */
export interface Received {
  readonly resource: Resource | null;
  readonly version: number;
}

/** Pages from one position to another one, up to a page after which there are no more. */
export interface Delta {
  /** The position before the first page; null for a snapshot. */
  readonly since: string | null;
  /** Whether it has every resource, so that all others are gone. */
  readonly isSnapshot: boolean;
  readonly received: ReadonlyMap<string, Received>;
  readonly cursor: string;
  /** The revision of the replica when the last page was requested. The delta has all that was confirmed up to then. */
  readonly requestedAt: number;
}

/** Collects pages to a delta, so that the replica always is a state that the server had. */
export class DeltaPages {
  readonly since: string | null;
  readonly received = new Map<string, Received>();
  cursor: string | null;
  isSnapshot: boolean;

  constructor(cursor: string | null) {
    this.since = cursor;
    this.cursor = cursor;
    this.isSnapshot = cursor === null;
  }

  /** The next page is the first one of a snapshot. */
  restart(): void {
    this.received.clear();
    this.cursor = null;
    this.isSnapshot = true;
  }

  add({ reset, changes, cursor }: ChangesPage): void {
    if (reset) this.restart();
    for (const change of changes) this.#add(change);
    this.cursor = cursor;
  }

  #add(change: Change): void {
    // Later versions of the API have further resources.
    if (change.type !== 'task' && change.type !== 'list') return;
    const { id = '', version = 0 } = change.op === 'put' ? (change[change.type] ?? {}) : change;
    const resource = change.op === 'put' ? (change[change.type] ?? null) : null;
    this.received.set(resourceKey(change.type as ResourceType, id), { resource, version });
  }

  complete(requestedAt: number): Delta {
    const { since, received, cursor, isSnapshot } = this;
    return { since, received, cursor: cursor as string, isSnapshot, requestedAt };
  }
}

/** The changes of one commit; none if the replica has moved on from the position of the delta. */
export function receiveDelta(replica: Replica, userId: string, delta: Delta): RecordChange[] {
  if (replica.cursor !== delta.since) return [];
  const meta: Meta = { userId, cursor: delta.cursor };
  const changes = [
    ...(delta.isSnapshot ? missingResources(replica, delta) : []),
    ...[...delta.received].flatMap(([key, received]) => receivedResource(replica, key, received, delta)),
    ...endedAnswers(replica, delta),
    ...provenCreations(replica, delta),
  ];
  if (changes.length === 0 && delta.cursor === replica.cursor) return [];
  return [...changes, [metaKey, meta]];
}

function missingResources(replica: Replica, { received }: Delta): RecordChange[] {
  const missing = [...replica.resources.keys()].filter((key) => !received.get(key)?.resource);
  return missing.map((key) => [resourceRecord(key), undefined]);
}

function receivedResource(
  replica: Replica,
  key: string,
  { resource, version }: Received,
  { isSnapshot }: Delta,
): RecordChange[] {
  const stored = replica.resources.get(key);
  if (!resource) return stored && !isSnapshot ? [[resourceRecord(key), undefined]] : [];
  // A change can arrive twice. After a restored backup, a snapshot has smaller versions than before.
  if (stored && !isSnapshot && stored.version >= version) return [];
  return [[resourceRecord(key), resource]];
}

/** The answers that the delta contains. */
function endedAnswers(replica: Replica, { received, requestedAt }: Delta): RecordChange[] {
  const ended = [...replica.answers].filter(
    ([key, answer]) => answer.revision <= requestedAt || isContained(answer, received.get(key)),
  );
  return ended.map(([key]) => [answerRecord(key), undefined]);
}

/** A `put` after a deletion can be older than the deletion, or of a restored resource. The next delta decides. */
function isContained({ resource }: Answer, received: Received | undefined): boolean {
  if (!received) return false;
  return resource ? resource.version <= received.version : !received.resource;
}

/** Creations whose resource the server has, or had: they were executed, although no response has arrived. */
function provenCreations(replica: Replica, { received }: Delta): RecordChange[] {
  return replica.queue
    .filter((operation) => operation.action === 'create' && received.has(keyOf(operation)))
    .map((operation) => [operationRecord(operation), undefined]);
}
