/** Model of the server: the rules of the HTTP contract for tasks, lists, idempotency keys and changes, in memory. */
import { isEqual, type JsonObject, mergePatch } from '../src/offline/merge-patch.ts';
import type { Resource, ResourceType } from '../src/offline/operation.ts';
import type { Change, ChangesPage } from '../src/offline/receive.ts';
import type { Random } from './random.ts';
import type { Entry, Execution, ServerParts, ServerRequest, ServerResponse, SimulatedServer } from './server.ts';

const keyLifetimeMs = 24 * 3_600_000;

interface NumberedEntry extends Entry {
  readonly seq: number;
  /** The resource before its removal, in the trash. */
  readonly trashed?: Resource;
}

type NumberedState = ReadonlyMap<string, NumberedEntry>;

interface Stored {
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

/** An error that has an effect neither on the resources nor on the key. */
class Refusal extends Error {
  readonly response: ServerResponse;
  readonly isOutcome: boolean;
  constructor(status: number, code: string, isOutcome = false) {
    super(code);
    this.response = problem(status, code);
    this.isOutcome = isOutcome;
  }
}

export function problem(status: number, code: string, retryAfter?: number): ServerResponse {
  const body = { type: '', title: code, status, detail: code, instance: '', code, request_id: '' };
  return { status, body, ...(retryAfter !== undefined && { retryAfter }) };
}

export class ModelServer implements SimulatedServer {
  readonly userId = 'user';
  epoch = 0;
  seq = 0;
  forgotten = 0;
  /** The states by change number, of this epoch. */
  states: NumberedState[] = [new Map()];
  /** The states of earlier epochs. */
  readonly earlier = new Map<number, readonly NumberedState[]>();
  keys = new Map<string, Stored>();
  #backup: Content | undefined;
  /** Every execution of a request with a key, also those that a restored backup has lost. */
  readonly executions = new Map<string, Execution[]>();
  readonly #random: Random;
  readonly #now: () => number;
  readonly #onExecute: (key: string) => void;

  constructor({ random, now, onExecute }: ServerParts) {
    this.#random = random;
    this.#now = now;
    this.#onExecute = onExecute;
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

  handle(request: ServerRequest): ServerResponse {
    if (Number(request.token) <= this.#now()) return problem(401, 'token_expired');
    if (request.path === '/api/v1/me') return { status: 200, body: { id: this.userId, scopes: null } };
    if (request.path === '/api/v1/changes') return this.#changes(request.query);
    return this.#write(request);
  }

  streamPage(cursor: string | undefined, token: string): ChangesPage | ServerResponse | undefined {
    if (Number(token) <= this.#now()) return problem(401, 'token_expired');
    const page = this.#changes(cursor === undefined ? {} : { since: cursor }).body as ChangesPage;
    return page.changes.length === 0 && page.cursor === cursor && !page.reset ? undefined : page;
  }

  /** A write of a client without an offline store. */
  change(type: ResourceType, id: string, patch: JsonObject | 'delete' | 'restore'): void {
    const entry = this.state.get(`${type}/${id}`);
    if (patch === 'restore') {
      if (entry?.trashed) this.#put(type, id, { ...entry.trashed, parent_id: null, list_id: null }, entry.version);
    } else {
      try {
        if (patch === 'delete') this.#delete(type, id, undefined);
        else this.#patch(type, id, patch);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    }
  }

  create(type: ResourceType, id: string, fields: JsonObject): void {
    this.#create(type, { id, ...fields });
  }

  /** Tombstones up to now are removed. */
  forget(): void {
    this.forgotten = this.seq;
    const kept = [...this.state].filter(([, entry]) => entry.resource || entry.trashed);
    this.states[this.seq] = new Map(kept);
  }

  backUp(): void {
    const { seq, forgotten } = this;
    this.#backup = { seq, forgotten, states: this.states.slice(0, seq + 1), keys: new Map(this.keys) };
  }

  restore(): boolean {
    if (!this.#backup) return false;
    const { seq, forgotten, states, keys } = this.#backup;
    this.earlier.set(this.epoch, this.states);
    this.epoch += 1;
    this.seq = seq;
    this.forgotten = forgotten;
    this.states = [...states];
    this.keys = new Map(keys);
    return true;
  }

  #changes({ since, limit = '100' }: Readonly<Record<string, string>>): ServerResponse {
    const parsed = since === undefined ? undefined : (JSON.parse(since) as [number, number, number?]);
    if (!parsed) return { status: 200, body: this.#page(0, this.seq, Number(limit), false) };
    const [epoch, seq, head = 0] = parsed;
    const from = Math.max(seq, head);
    const isServed = epoch === this.epoch && this.forgotten <= from && from <= this.seq;
    if (!isServed) return { status: 200, body: this.#page(0, this.seq, Number(limit), true) };
    return { status: 200, body: this.#page(seq, from, Number(limit), false) };
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

  #write(request: ServerRequest): ServerResponse {
    const { key = '', method, path, body } = request;
    const fingerprint = `${method} ${path} ${body}`;
    const stored = this.keys.get(key);
    if (stored && stored.at + keyLifetimeMs > this.#now()) {
      return stored.fingerprint === fingerprint ? stored.response : problem(422, 'idempotency_key_reused');
    }
    const [, type, id = '', tasks] = /^\/api\/v1\/(task|list)s(?:\/([^?]+))?(?:\?tasks=(\w+))?/.exec(path) ?? [];
    const kind = type as ResourceType;
    const fields = body === undefined ? {} : (JSON.parse(body) as JsonObject);
    let response: ServerResponse;
    const before = this.seq;
    try {
      if (method === 'POST') response = this.#create(kind, fields as JsonObject & { id: string });
      else if (method === 'PATCH') response = this.#patch(kind, id, fields);
      else response = this.#delete(kind, id, tasks);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.seq !== before) throw new Error('A refused write has changed something');
      if (!error.isOutcome) return error.response;
      response = error.response;
    }
    const at = this.#now();
    this.keys.set(key, { fingerprint, response, at });
    const version = this.state.get(`${kind}/${id || fields.id}`)?.version ?? 0;
    this.executions.set(key, [...(this.executions.get(key) ?? []), { status: response.status, version, at }]);
    this.#onExecute(key);
    return response;
  }

  #create(type: ResourceType, { id, ...fields }: JsonObject & { readonly id: string }): ServerResponse {
    const entry = this.state.get(`${type}/${id}`);
    this.#validate(type, fields);
    const isSame =
      entry?.resource && Object.entries(fields).every(([name, value]) => isEqual(entry.resource?.[name], value));
    if (isSame) return { status: 200, body: entry.resource };
    if (entry) throw new Refusal(409, 'id_taken', true);
    const defaults = type === 'task' ? { status: 'Todo', list_id: null, parent_id: null, description: null } : {};
    return { status: 201, body: this.#put(type, id, { ...defaults, ...fields, id, version: 1 }, 0) };
  }

  #patch(type: ResourceType, id: string, patch: JsonObject): ServerResponse {
    const resource = this.#existing(type, id);
    this.#validate(type, patch, id);
    const patched: Record<string, unknown> = { ...resource };
    for (const [name, value] of Object.entries(patch)) patched[name] = value && mergePatch(resource[name], value);
    if (isEqual(patched, resource)) return { status: 200, body: resource };
    const body = this.#put(type, id, patched, resource.version);
    if (patch.status === 'Done') {
      for (const child of this.#childrenOf(id)) {
        if (child.status !== 'Done') this.#patch('task', child.id, { status: 'Done' });
      }
    }
    return { status: 200, body };
  }

  #delete(type: ResourceType, id: string, tasks: string | undefined): ServerResponse {
    const resource = this.#existing(type, id);
    if (type === 'list') {
      const contained = [...this.state.values()].filter((entry) => entry.resource?.list_id === id);
      if (contained.length > 0 && !tasks) throw new Refusal(409, 'list_not_empty', true);
      for (const entry of contained) {
        if (tasks === 'keep') this.#put('task', entry.id, { ...entry.resource, list_id: null }, entry.version);
        else this.#remove('task', entry.resource as Resource);
      }
    } else {
      for (const child of this.#childrenOf(id)) this.#delete('task', child.id, undefined);
    }
    this.#remove(type, resource);
    return { status: 204, body: undefined };
  }

  #childrenOf(id: string): Resource[] {
    const entries = [...this.state.values()].filter((entry) => entry.resource?.parent_id === id);
    return entries.map((entry) => entry.resource as Resource);
  }

  #existing(type: ResourceType, id: string): Resource {
    const resource = this.state.get(`${type}/${id}`)?.resource;
    if (!resource) throw new Refusal(404, `${type}_not_found`, true);
    return resource;
  }

  #validate(type: ResourceType, fields: JsonObject, id?: string): void {
    const isBad = [fields.title, fields.name].some((text) => typeof text === 'string' && text.trim() === '');
    const isLost = (kind: ResourceType, value: unknown) => value && !this.state.get(`${kind}/${value}`)?.resource;
    if (isBad || isLost('list', fields.list_id) || isLost('task', fields.parent_id)) {
      throw new Refusal(422, 'validation_failed');
    }
    if (type === 'task' && id && fields.parent_id && this.#isBelow(fields.parent_id as string, id)) {
      throw new Refusal(422, 'validation_failed');
    }
  }

  #isBelow(id: string, ancestor: string): boolean {
    if (id === ancestor) return true;
    const parent = this.state.get(`task/${id}`)?.resource?.parent_id;
    return typeof parent === 'string' && this.#isBelow(parent, ancestor);
  }

  #put(type: ResourceType, id: string, fields: object, version: number): Resource {
    const resource = { ...fields, id, version: version + 1 } as Resource;
    this.#append({ type, id, version: resource.version, resource });
    return resource;
  }

  #remove(type: ResourceType, resource: Resource): void {
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
