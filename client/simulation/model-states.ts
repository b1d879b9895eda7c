/** The numbered states of the model server: its changes since a cursor, its backups, and its idempotency keys. */
import type { Resource, ResourceType } from '../src/offline/operation.ts';
import type { Change, ChangesPage } from '../src/offline/receive.ts';
import type { Random } from './random.ts';
import type { Entry, ServerResponse } from './server.ts';

export interface NumberedEntry extends Entry {
  readonly seq: number;
  /** The resource before its removal, in the trash. */
  readonly trashed?: Resource;
}

export type NumberedState = ReadonlyMap<string, NumberedEntry>;

/** The outcome of a request with an idempotency key. */
export interface Stored {
  readonly fingerprint: string;
  readonly response: ServerResponse;
  readonly at: number;
}

/** All that a backup has. */
interface Content {
  readonly seq: number;
  readonly forgotten: number;
  readonly states: readonly NumberedState[];
  readonly keys: ReadonlyMap<string, Stored>;
}

export class ModelStates {
  epoch = 0;
  seq = 0;
  forgotten = 0;
  /** The states by change number, of this epoch. */
  states: NumberedState[] = [new Map()];
  /** The states of earlier epochs. */
  readonly earlier = new Map<number, readonly NumberedState[]>();
  keys = new Map<string, Stored>();
  #backup: Content | undefined;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get position(): string {
    return `${this.epoch} ${this.seq}`;
  }

  get state(): NumberedState {
    return this.states[this.seq] as NumberedState;
  }

  /** The state at a cursor of this epoch or an earlier one; undefined if the cursor is within a snapshot. */
  stateAt(cursor: string): NumberedState | undefined {
    const [epoch, seq, head] = JSON.parse(cursor);
    if (head !== undefined) return undefined;
    return (epoch === this.epoch ? this.states : this.earlier.get(epoch))?.[seq];
  }

  /** Tombstones up to now are removed. */
  forget(): void {
    this.forgotten = this.seq;
    const kept = [...this.state].filter(([, entry]) => entry.resource || entry.trashed);
    this.states[this.seq] = new Map(kept);
  }

  /** Nothing is left, also no key. */
  erase(): void {
    this.#backup = undefined;
    this.#begin({ seq: 0, forgotten: 0, states: [new Map()], keys: new Map() });
  }

  backUp(): void {
    const { seq, forgotten } = this;
    this.#backup = { seq, forgotten, states: this.states.slice(0, seq + 1), keys: new Map(this.keys) };
  }

  restore(): boolean {
    if (!this.#backup) return false;
    this.#begin(this.#backup);
    return true;
  }

  /** Begins another epoch, in which cursors of the earlier ones are not served. */
  #begin({ seq, forgotten, states, keys }: Content): void {
    this.earlier.set(this.epoch, this.states);
    this.epoch += 1;
    this.seq = seq;
    this.forgotten = forgotten;
    this.states = [...states];
    this.keys = new Map(keys);
  }

  /** A page of changes, or of a snapshot. */
  changes({ since, limit = '100' }: Readonly<Record<string, string>>): ChangesPage {
    const parsed = since === undefined ? undefined : (JSON.parse(since) as [number, number, number?]);
    if (!parsed) return this.#page(0, this.seq, Number(limit), false);
    const [epoch, seq, head = 0] = parsed;
    const from = Math.max(seq, head);
    const isServed = epoch === this.epoch && this.forgotten <= from && from <= this.seq;
    if (!isServed) return this.#page(0, this.seq, Number(limit), true);
    return this.#page(seq, from, Number(limit), false);
  }

  /** @param removalsAfter the client needs no removals up to this number */
  #page(seq: number, removalsAfter: number, limit: number, reset: boolean): ChangesPage {
    const found = [...this.state.values()]
      .filter((entry) => entry.seq > (entry.resource ? seq : removalsAfter))
      .sort((one, other) => one.seq - other.seq);
    // Pages are short, so that snapshots have several.
    const page = found.slice(0, Math.min(limit, 1 + this.#random.below(6)));
    const hasMore = found.length > page.length;
    const end = hasMore ? (page.at(-1) as NumberedEntry).seq : this.seq;
    const cursor = JSON.stringify(end < removalsAfter ? [this.epoch, end, removalsAfter] : [this.epoch, end]);
    return { reset, changes: page.map(toChange), cursor, has_more: hasMore };
  }

  put(type: ResourceType, id: string, fields: object, version: number): Resource {
    const resource = { ...fields, id, version: version + 1 } as Resource;
    this.#append({ type, id, version: resource.version, resource });
    return resource;
  }

  remove(type: ResourceType, resource: Resource): void {
    const { id, version } = resource;
    this.#append({ type, id, version: version + 1, resource: null, trashed: resource });
  }

  #append(entry: Omit<NumberedEntry, 'seq'>): void {
    const next = new Map(this.state);
    this.seq += 1;
    next.set(`${entry.type}/${entry.id}`, { ...entry, seq: this.seq });
    this.states[this.seq] = next;
  }
}

function toChange({ type, id, version, resource }: Entry): Change {
  if (!resource) return { type, op: 'remove', id, version };
  return { type, op: 'put', [type]: resource } as unknown as Change;
}
