/** Model of the server: the rules of the HTTP contract for tasks, lists, idempotency keys and changes, in memory. */
import { isEqual, type JsonObject, mergePatch } from '../src/offline/merge-patch.ts';
import type { Resource, ResourceType } from '../src/offline/operation.ts';
import type { ChangesPage } from '../src/offline/receive.ts';
import { lastPosition, newPositions, positionAt, siblingsIn } from './model-order.ts';
import { ModelStates, type NumberedState } from './model-states.ts';
import type { Execution, ServerParts, ServerRequest, ServerResponse, SimulatedServer } from './server.ts';

const keyLifetimeMs = 24 * 3_600_000;

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
  /** Every execution of a request with a key, also those that a restored backup has lost. */
  readonly executions = new Map<string, Execution[]>();
  readonly #states: ModelStates;
  readonly #now: () => number;
  readonly #onExecute: (key: string) => void;

  constructor({ random, now, onExecute }: ServerParts) {
    this.#states = new ModelStates(random);
    this.#now = now;
    this.#onExecute = onExecute;
  }

  get position(): string {
    return this.#states.position;
  }

  get state(): NumberedState {
    return this.#states.state;
  }

  stateAt(cursor: string): NumberedState | undefined {
    return this.#states.stateAt(cursor);
  }

  handle(request: ServerRequest): ServerResponse {
    if (Number(request.token) <= this.#now()) return problem(401, 'token_expired');
    if (request.path === '/api/v1/me') return { status: 200, body: { id: this.userId, scopes: null } };
    if (request.path === '/api/v1/changes') return { status: 200, body: this.#states.changes(request.query) };
    return this.#write(request);
  }

  streamPage(cursor: string | undefined, token: string): ChangesPage | ServerResponse | undefined {
    if (Number(token) <= this.#now()) return problem(401, 'token_expired');
    const page = this.#states.changes(cursor === undefined ? {} : { since: cursor });
    return page.changes.length === 0 && page.cursor === cursor && !page.reset ? undefined : page;
  }

  /** A write of a client without an offline store. */
  change(type: ResourceType, id: string, patch: JsonObject | 'delete' | 'restore'): void {
    const entry = this.state.get(`${type}/${id}`);
    if (patch === 'restore') {
      const place = type === 'task' && { parent_id: null, list_id: null };
      if (entry?.trashed) this.#states.put(type, id, { ...entry.trashed, ...place }, entry.version);
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

  forget(): void {
    this.#states.forget();
  }

  erase(): void {
    this.#states.erase();
  }

  backUp(): void {
    this.#states.backUp();
  }

  restore(): boolean {
    return this.#states.restore();
  }

  #write(request: ServerRequest): ServerResponse {
    const { key = '', method, path, body } = request;
    const fingerprint = `${method} ${path} ${body}`;
    const stored = this.#states.keys.get(key);
    if (stored && stored.at + keyLifetimeMs > this.#now()) {
      return stored.fingerprint === fingerprint ? stored.response : problem(422, 'idempotency_key_reused');
    }
    const [, type, id = '', move, tasks] =
      /^\/api\/v1\/(task|list)s(?:\/([^/?]+)(\/move)?)?(?:\?tasks=(\w+))?/.exec(path) ?? [];
    const kind = type as ResourceType;
    const fields = body === undefined ? {} : (JSON.parse(body) as JsonObject);
    let response: ServerResponse;
    const before = this.#states.seq;
    try {
      if (move) response = this.#move(kind, id, fields);
      else if (method === 'POST') response = this.#create(kind, fields as JsonObject & { id: string });
      else if (method === 'PATCH') response = this.#patch(kind, id, fields);
      else response = this.#delete(kind, id, tasks);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (this.#states.seq !== before) throw new Error('A refused write has changed something');
      if (!error.isOutcome) return error.response;
      response = error.response;
    }
    const at = this.#now();
    this.#states.keys.set(key, { fingerprint, response, at });
    const version = this.state.get(`${kind}/${id || fields.id}`)?.version ?? 0;
    this.executions.set(key, [...(this.executions.get(key) ?? []), { status: response.status, version, at }]);
    this.#onExecute(key);
    return response;
  }

  #create(type: ResourceType, { id, ...fields }: JsonObject & { readonly id: string }): ServerResponse {
    const entry = this.state.get(`${type}/${id}`);
    this.#validate(fields);
    const isSame =
      entry?.resource && Object.entries(fields).every(([name, value]) => isEqual(entry.resource?.[name], value));
    if (isSame) return { status: 200, body: entry.resource };
    if (entry) throw new Refusal(409, 'id_taken', true);
    const defaults = type === 'task' ? { status: 'Todo', list_id: null, parent_id: null, description: null } : {};
    const resource = { ...defaults, ...fields };
    this.#validatePlace(type, id, resource);
    const position = lastPosition(this.#siblings(type, id, resource));
    return { status: 201, body: this.#states.put(type, id, { ...resource, position }, 0) };
  }

  #patch(type: ResourceType, id: string, patch: JsonObject): ServerResponse {
    const resource = this.#existing(type, id);
    this.#validate(patch);
    const patched: Record<string, unknown> = { ...resource };
    for (const [name, value] of Object.entries(patch)) patched[name] = value && mergePatch(resource[name], value);
    if (isEqual(patched, resource)) return { status: 200, body: resource };
    if (patched.list_id !== resource.list_id || patched.parent_id !== resource.parent_id) {
      this.#validatePlace(type, id, patched);
      patched.position = patch.position ?? lastPosition(this.#siblings(type, id, patched));
    }
    const body = this.#states.put(type, id, patched, resource.version);
    this.#moveSubtasks(body);
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
        if (tasks === 'keep') this.#states.put('task', entry.id, { ...entry.resource, list_id: null }, entry.version);
        else this.#states.remove('task', entry.resource as Resource);
      }
    } else {
      for (const child of this.#childrenOf(id)) this.#delete('task', child.id, undefined);
    }
    this.#states.remove(type, resource);
    return { status: 204, body: undefined };
  }

  #move(type: ResourceType, id: string, { before, after, to, ...destination }: JsonObject): ServerResponse {
    const resource = this.#existing(type, id);
    const sibling = before ?? after;
    const beside = sibling === undefined ? undefined : this.state.get(`${type}/${sibling}`)?.resource;
    const parent = this.state.get(`task/${destination.parent_id}`)?.resource;
    this.#validate(destination);
    const placed: Record<string, unknown> = { ...resource };
    if (type === 'task') {
      const { list_id, parent_id } = beside ?? { ...resource, ...(parent && { list_id: parent.list_id }) };
      Object.assign(placed, { list_id, parent_id }, destination);
      this.#validatePlace(type, id, placed);
    }
    let siblings = this.#siblings(type, id, placed);
    const index = to ? (to === 'start' ? 0 : siblings.length) : siblings.indexOf(beside as Resource) + (after ? 1 : 0);
    if (!to && !siblings.includes(beside as Resource)) throw new Refusal(422, 'validation_failed');
    const isThere = placed.list_id === resource.list_id && placed.parent_id === resource.parent_id;
    const current = isThere ? resource.position : undefined;
    if (positionAt(siblings, index, current) === undefined) siblings = this.#renewPositions(type, siblings);
    placed.position = positionAt(siblings, index, current);
    if (isEqual(placed, resource)) return { status: 200, body: resource };
    const body = this.#states.put(type, id, placed, resource.version);
    this.#moveSubtasks(body);
    return { status: 200, body };
  }

  #renewPositions(type: ResourceType, siblings: readonly Resource[]): Resource[] {
    const positions = newPositions(siblings.length);
    return siblings.map((each, index) =>
      each.position === positions[index]
        ? each
        : this.#states.put(type, each.id, { ...each, position: positions[index] }, each.version),
    );
  }

  /** Subtasks follow their parent into another list. */
  #moveSubtasks({ id, list_id }: Resource): void {
    for (const child of this.#childrenOf(id)) {
      if (child.list_id !== list_id)
        this.#moveSubtasks(this.#states.put('task', child.id, { ...child, list_id }, child.version));
    }
  }

  #siblings(type: ResourceType, id: string, group: Readonly<Record<string, unknown>>): Resource[] {
    const entries = [...this.state.values()].filter((entry) => entry.type === type && entry.resource);
    const resources = entries.map(({ resource }) => resource as Resource);
    return siblingsIn(group, resources, id);
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

  #validate(fields: JsonObject): void {
    const isBad = [fields.title, fields.name].some((text) => typeof text === 'string' && text.trim() === '');
    const isLost = (kind: ResourceType, value: unknown) => value && !this.state.get(`${kind}/${value}`)?.resource;
    if (isBad || isLost('list', fields.list_id) || isLost('task', fields.parent_id)) {
      throw new Refusal(422, 'validation_failed');
    }
  }

  /** A parent is in the same list, and neither the task itself nor below it. */
  #validatePlace(type: ResourceType, id: string, { list_id, parent_id }: Readonly<Record<string, unknown>>): void {
    if (type === 'list' || parent_id === null) return;
    const parent = this.state.get(`task/${parent_id}`)?.resource;
    if (parent?.list_id !== list_id || this.#isBelow(parent_id as string, id)) {
      throw new Refusal(422, 'validation_failed');
    }
  }

  #isBelow(id: string, ancestor: string): boolean {
    if (id === ancestor) return true;
    const parent = this.state.get(`task/${id}`)?.resource?.parent_id;
    return typeof parent === 'string' && this.#isBelow(parent, ancestor);
  }
}
