/** The network between a tab and the server: it delays, drops, repeats and reorders, and cuts connections after a write. */
import type { Changes, Problem, RequestOptions } from '../src/index.ts';
import type { ChangesPage } from '../src/offline/receive.ts';
import type { Transport } from '../src/offline/transport.ts';
import { TodoProblem } from '../src/problem.ts';
import type { Device, TabOwner } from './device.ts';
import type { NetworkFaults } from './faults.ts';
import { problem } from './model-server.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { ServerRequest, ServerResponse, SimulatedServer } from './server.ts';

const timeoutMs = 60_000;

export interface NetworkParts {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly server: SimulatedServer;
  readonly faults: NetworkFaults;
  /** A new token. */
  readonly newToken: () => string;
  readonly onRequest: (device: Device, request: ServerRequest) => void;
  /** Resolves when the server may have changed. */
  readonly changed: () => Promise<void>;
}

interface Arrival {
  readonly request: ServerRequest;
  readonly handle: () => ServerResponse | Promise<ServerResponse>;
}

/** The response to `GET /api/v1/me`. */
const otherUser: ServerResponse = { status: 200, body: { id: 'other-user', scopes: null } };

export class Network {
  readonly #parts: NetworkParts;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  transportOf(device: Device, owner: TabOwner): Transport {
    return {
      request: async (options) => {
        const first = await this.#send(device, owner, options);
        // As the client does, the request is sent again with a new token.
        if (first.status === 401) device.token = this.#parts.newToken();
        const { status, body, retryAfter } = first.status === 401 ? await this.#send(device, owner, options) : first;
        const headers = new Headers(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) });
        if (status >= 400) throw new TodoProblem(status, headers, body as Problem);
        return { status, headers, body };
      },
      events: (options = {}) => this.#events(device, owner, options.since, options.signal as AbortSignal),
    };
  }

  #send(device: Device, owner: TabOwner, options: RequestOptions): Promise<ServerResponse> {
    const { scheduler, random, server, faults, onRequest } = this.#parts;
    const request: ServerRequest = {
      method: options.method,
      path: options.path,
      query: definedQuery(options.query ?? {}),
      body: options.body,
      key: options.headers?.['Idempotency-Key'],
      token: device.token,
    };
    const label = `${owner.name} ${request.method} ${request.path}`;
    if (options.signal?.aborted) return Promise.reject(new TypeError('aborted'));
    onRequest(device, request);
    const isOfOtherUser = device.isOfOtherUser;
    return new Promise((resolve, reject) => {
      const timer = scheduler.after(timeoutMs, `${label} timeout`, owner, () => fail('no response'));
      const abort = () => fail('aborted');
      const end = () => {
        timer.isCancelled = true;
        options.signal?.removeEventListener('abort', abort);
      };
      const fail = (message: string) => {
        end();
        reject(new TypeError(message));
      };
      const settle = (response: ServerResponse) => {
        end();
        resolve(response);
      };
      options.signal?.addEventListener('abort', abort);
      if (!device.isOnline || random.chance(faults.refused)) {
        scheduler.add(`${label} refused`, owner, () => fail('refused'));
        return;
      }
      if (random.chance(faults.lost)) return;
      const handle = () => (isOfOtherUser ? otherUser : server.handle(request));
      const arrive = () => this.#arrive(device, owner, label, { request, handle }, settle, fail);
      // The request does not end with the tab that has sent it.
      if (random.chance(faults.late)) scheduler.after(random.below(3 * timeoutMs), `${label} late`, undefined, arrive);
      else scheduler.add(label, undefined, arrive);
      if (random.chance(faults.repeated)) scheduler.add(`${label} repeated`, undefined, arrive);
    });
  }

  async #arrive(
    device: Device,
    owner: TabOwner,
    label: string,
    { request, handle }: Arrival,
    settle: (response: ServerResponse) => void,
    fail: (message: string) => void,
  ): Promise<void> {
    const { scheduler, random, faults } = this.#parts;
    const response = this.#failure(request) ?? (await handle());
    if (random.chance(faults.lost)) return;
    if (!device.isOnline || random.chance(faults.cut)) {
      scheduler.add(`${label} cut`, owner, () => fail('cut'));
    } else {
      scheduler.add(`${label} ${response.status}`, owner, () => settle(response));
    }
  }

  /** A failure of the server before it has done anything. */
  #failure({ method }: ServerRequest): ServerResponse | undefined {
    const { random, faults } = this.#parts;
    if (random.chance(faults.unavailable)) {
      return random.pick([
        problem(503, 'overloaded', 2),
        problem(429, 'rate_limited', 5),
        problem(502, 'unexpected_response'),
      ]);
    }
    if (method === 'GET' || !random.chance(faults.failing)) return undefined;
    return random.pick([
      problem(500, 'internal_error'),
      problem(409, 'request_in_progress', 1),
      problem(429, 'quota_exceeded'),
    ]);
  }

  async *#events(
    device: Device,
    owner: TabOwner,
    since: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Changes, void, undefined> {
    const { random, faults } = this.#parts;
    let cursor = since;
    let earlier = since;
    let isFirst = true;
    for (;;) {
      const from = random.chance(faults.repeatedPage) ? earlier : cursor;
      const page = await this.#streamPage(device, owner, from, isFirst, signal);
      isFirst = false;
      earlier = cursor;
      cursor = page.cursor;
      yield page as unknown as Changes;
    }
  }

  async #streamPage(
    device: Device,
    owner: TabOwner,
    cursor: string | undefined,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<ChangesPage> {
    const { scheduler, random, server, faults, changed } = this.#parts;
    const label = `${owner.name} stream`;
    for (;;) {
      const answer = await new Promise<ChangesPage | ServerResponse | undefined>((resolve, reject) => {
        const abort = () => reject(new Error('aborted'));
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort);
        const read = async () => {
          const page = await server.streamPage(cursor, device.token);
          // The page is on its way: it can be old when it arrives.
          scheduler.add(`${label} page`, owner, () => {
            signal.removeEventListener('abort', abort);
            resolve(page);
          });
        };
        const open = () => scheduler.add(`${label} read`, owner, read);
        if (isFirst) open();
        else {
          const keepAlive = new AbortController();
          const silence = scheduler.sleep(20_000, keepAlive.signal, owner);
          void Promise.race([changed(), silence]).then(() => {
            keepAlive.abort();
            open();
          });
        }
      });
      if (!device.isOnline || random.chance(faults.cut)) {
        // The client opens the stream again by itself.
        await scheduler.sleep(1_000, signal, owner);
        if (!random.chance(0.5)) throw new TypeError('cut');
      } else if (answer && 'status' in answer) {
        device.token = this.#parts.newToken();
        throw new TodoProblem(answer.status, new Headers(), answer.body as Problem);
      } else if (answer) {
        return answer;
      } else if (isFirst && cursor) {
        return { reset: false, changes: [], cursor, has_more: false };
      }
    }
  }
}

function definedQuery(query: NonNullable<RequestOptions['query']>): Record<string, string> {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
