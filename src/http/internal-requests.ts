/** Requests of the server to its own operations, on behalf of a request that is authenticated and counted already. */
import { Hono } from 'hono';
import type { Env, Handler, PreHandler, RequestContext } from './request-context.ts';
import type { RequestPort } from './request-port.ts';
import { respondWithProblems } from './response/problem.ts';
import type { Operation, RouteDefinition } from './route.ts';
import { registerRoutes } from './router/register-routes.ts';
import { SingleMatchRouter } from './router/single-match-router.ts';

export interface InternalRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** The path with its query, without the base path. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: object | undefined;
}

/** Sends a request as the user of another one. A problem of its response is also that of the other request, for the log. */
export type SendInternally = (outer: RequestContext, request: InternalRequest) => Promise<Response>;

const encoder = new TextEncoder();

/** A request without a connection of its own. */
class InternalPort implements RequestPort {
  readonly outer: RequestContext;
  readonly isAnswered = false;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #bytes: Uint8Array | undefined;

  constructor(outer: RequestContext, { headers = {}, body }: InternalRequest) {
    this.outer = outer;
    this.#bytes = body && encoder.encode(JSON.stringify(body));
    this.#headers = { ...headers, ...(body && { 'content-type': 'application/json' }) };
  }

  get peerAddress(): string {
    return this.outer.env.peerAddress;
  }

  get isClosed(): boolean {
    return this.outer.env.isClosed;
  }

  header(name: string): string | undefined {
    return this.#headers[name];
  }

  async *body(): AsyncIterable<Uint8Array> {
    if (this.#bytes) yield this.#bytes;
  }

  /** The response of the other request has its own standard headers. */
  addResponseHeaders(): void {}

  onResponseClosed(callback: () => void): void {
    this.outer.env.onResponseClosed(callback);
  }

  cutResponse(failBody: () => void): void {
    failBody();
  }
}

/**
 * Registers operations for internal requests. They have the same body limits, validation, idempotency and problems as
 * requests from outside.
 *
 * @param preHandlersFor returns the checks of an operation that follow authentication and the rate limit
 */
export function internalRequests(
  operations: readonly Operation[],
  preHandlersFor: (route: RouteDefinition) => readonly PreHandler[],
): SendInternally {
  const app = new Hono<Env>({ router: new SingleMatchRouter() });
  const register = (path: string, handlers: Readonly<Record<string, Handler>>) => {
    for (const [method, handler] of Object.entries(handlers)) app.on(method, path, asOuter(path, handler));
  };
  registerRoutes(register, operations, preHandlersFor);
  return async (outer, request) => {
    const url = new URL(request.target, outer.req.url);
    return app.fetch(new Request(url, { method: request.method }), new InternalPort(outer, request));
  };
}

/** Gives a request the user, the id and the placement of the other one. */
function asOuter(path: string, handler: Handler): Handler {
  const handle = respondWithProblems(path, handler);
  return async (context) => {
    const { outer } = context.env as InternalPort;
    context.set('principal', outer.get('principal'));
    context.set('requestId', outer.get('requestId'));
    context.set('placement', { ...outer.get('placement'), stripped: '' });
    const response = await handle(context);
    const problem = context.get('problem');
    if (problem) outer.set('problem', problem);
    return response;
  };
}
