/** The real application, in this process and on the embedded database, as the server of a world. */
import { createHmac } from 'node:crypto';
import { createApp } from '../../src/app.ts';
import { resetEpochs } from '../../src/changes/reset-epochs.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Driver } from '../../src/database/driver.ts';
import { openDriver } from '../../src/database/open-driver.ts';
import { createFetchHandler } from '../../src/http/fetch-handler.ts';
import { createLog } from '../../src/observability/log.ts';
import { createServices } from '../../src/services.ts';
import type { JsonObject } from '../src/offline/merge-patch.ts';
import type { Resource, ResourceType } from '../src/offline/operation.ts';
import type { ChangesPage } from '../src/offline/receive.ts';
import type {
  CreateServer,
  Entry,
  Execution,
  ServerParts,
  ServerRequest,
  ServerResponse,
  ServerState,
  SimulatedServer,
} from './server.ts';

const secret = 'Rk3vX9qLm2Zt7Wc5Yb8Nf4Hd6Jp1Sg0aEuViTo';

type SendToApp = (request: Request) => Promise<Response>;

export interface App {
  /** Creates the server of a world, for a user of its own. */
  readonly createServer: CreateServer;
  close(): Promise<void>;
}

/** @param opened an embedded database; by default a new one, which needs the built worker */
export async function startApp(opened?: Driver): Promise<App> {
  const config = loadConfig({
    DATABASE_URL: 'pglite:memory',
    AUTH_MODE: 'shared-secret',
    BETTER_AUTH_SECRET: secret,
    RATE_LIMIT_PER_MINUTE: '0',
    AUTH_FAILURES_PER_MINUTE: '0',
  });
  const driver = opened ?? (await openDriver(config.database, () => {}));
  const services = await createServices(config, { driver, log: createLog('silent') });
  await services.prepare();
  const send = createFetchHandler(createApp(services));
  let users = 0;
  return {
    createServer(parts) {
      users += 1;
      return new AppServer(`user-${users}`, send, driver, parts);
    },
    close: () => services.close(),
  };
}

class AppServer implements SimulatedServer {
  readonly userId: string;
  state: ServerState = new Map();
  position = '';
  readonly executions = new Map<string, Execution[]>();
  readonly #states = new Map<string, ServerState>();
  readonly #send: SendToApp;
  readonly #driver: Driver;
  readonly #parts: ServerParts;

  constructor(userId: string, send: SendToApp, driver: Driver, parts: ServerParts) {
    this.userId = userId;
    this.#send = send;
    this.#driver = driver;
    this.#parts = parts;
  }

  stateAt(cursor: string): ServerState | undefined {
    return this.#states.get(cursor);
  }

  async handle(request: ServerRequest): Promise<ServerResponse> {
    if (this.position === '') await this.#observe();
    const { response, isReplayed } = await this.#exchange(request);
    if (request.key !== undefined) await this.#observe();
    // Other outcomes are not stored under the key.
    const isOutcome = response.status < 300 || [404, 409].includes(response.status);
    if (request.key !== undefined && isOutcome && !isReplayed)
      this.#noteExecution(request.key, request, response.status);
    return response;
  }

  async streamPage(cursor: string | undefined, token: string): Promise<ChangesPage | ServerResponse | undefined> {
    const query: Record<string, string> = cursor === undefined ? {} : { since: cursor };
    const response = await this.#get('/api/v1/changes', query, token);
    if (response.status !== 200) return response;
    const page = response.body as ChangesPage;
    return page.changes.length === 0 && page.cursor === cursor && !page.reset ? undefined : page;
  }

  async create(type: ResourceType, id: string, fields: JsonObject): Promise<void> {
    await this.#write('POST', `/api/v1/${type}s`, { id, ...fields });
  }

  async change(type: ResourceType, id: string, patch: JsonObject | 'delete' | 'restore'): Promise<void> {
    if (patch === 'restore') await this.#write('POST', `/api/v1/trash/${id}/restore`);
    else if (patch === 'delete') await this.#write('DELETE', `/api/v1/${type}s/${id}`);
    else await this.#write('PATCH', `/api/v1/${type}s/${id}`, patch);
  }

  /** The application forgets removals after 400 days. */
  forget(): void {}

  backUp(): void {}

  async erase(): Promise<void> {
    const request = { method: 'DELETE', path: '/api/v1/me', query: {}, body: undefined, key: undefined };
    await this.#exchange({ ...request, token: this.#validToken() });
    await this.#observeAnew();
  }

  /** As after a restored backup, no earlier cursor is served. */
  async restore(): Promise<boolean> {
    await resetEpochs(this.#driver);
    await this.#observeAnew();
    return false;
  }

  async #observeAnew(): Promise<void> {
    this.position = '';
    this.state = new Map();
    await this.#observe();
  }

  async #write(method: string, path: string, body?: JsonObject): Promise<void> {
    const text = body && JSON.stringify(body);
    await this.#exchange({ method, path, query: {}, body: text, key: undefined, token: this.#validToken() });
    await this.#observe();
  }

  /** Reads the changes since the last call. */
  async #observe(): Promise<void> {
    const state = new Map(this.state);
    for (;;) {
      const query: Record<string, string> = this.position === '' ? {} : { since: this.position };
      const { body } = await this.#get('/api/v1/changes', { ...query, limit: '500' }, this.#validToken());
      const page = body as ChangesPage;
      for (const change of page.changes) {
        const entry = entryOf(change as never);
        state.set(`${entry.type}/${entry.id}`, entry);
      }
      this.position = page.cursor;
      if (!page.has_more) break;
    }
    if (this.#states.has(this.position)) return;
    this.state = state;
    this.#states.set(this.position, state);
  }

  #noteExecution(key: string, { path, body }: ServerRequest, status: number): void {
    const [, type, pathId] = /^\/api\/v1\/(task|list)s(?:\/([^/?]+))?/.exec(path) ?? [];
    const id = pathId ?? JSON.parse(body ?? '{}').id;
    const version = this.state.get(`${type}/${id}`)?.version ?? 0;
    const execution = { status, version, at: this.#parts.now() };
    this.executions.set(key, [...(this.executions.get(key) ?? []), execution]);
    this.#parts.onExecute(key);
  }

  async #get(path: string, query: Readonly<Record<string, string>>, token: string): Promise<ServerResponse> {
    const { response } = await this.#exchange({ method: 'GET', path, query, body: undefined, key: undefined, token });
    return response;
  }

  async #exchange({ method, path, query, body, key, token }: ServerRequest) {
    const search = new URLSearchParams(query).toString();
    const request = new Request(`http://app.test${path}${search && `?${search}`}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.#jwt(Number(token) > this.#parts.now())}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
      },
      ...(body !== undefined && { body }),
    });
    const { status, headers, ...received } = await this.#send(request).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }));
    const response: ServerResponse = { status, body: received.text ? JSON.parse(received.text) : undefined };
    return { response, isReplayed: headers.get('Idempotency-Replayed') === 'true' };
  }

  #validToken(): string {
    return String(this.#parts.now() + 1);
  }

  #jwt(isValid: boolean): string {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + (isValid ? 900 : -900);
    const content = `${encode({ alg: 'HS256' })}.${encode({ sub: this.userId, exp })}`;
    return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
  }
}

type Received = { readonly type: ResourceType } & (
  | ({ readonly op: 'put' } & Readonly<Record<ResourceType, Resource>>)
  | { readonly op: 'remove'; readonly id: string; readonly version: number }
);

function entryOf(change: Received): Entry {
  const { type } = change;
  if (change.op === 'remove') return { type, id: change.id, version: change.version, resource: null };
  const resource = change[type];
  return { type, id: resource.id, version: resource.version, resource };
}
