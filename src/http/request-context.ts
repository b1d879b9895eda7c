/** Request context: the state of a request that middleware and handlers share. */
import type { Context } from 'hono';
import type { Principal } from '../principal.ts';
import type { ProblemError } from '../problems/problem.ts';
import type { RequestPort } from './request-port.ts';

/** The position of a route below the base path. Some proxies forward that path, and others strip it. */
export interface Placement {
  /** The path of PUBLIC_URL without a trailing slash; empty if there is none. */
  readonly basePath: string;
  /** The prefix that a proxy has stripped from the path of the request: the base path or an empty string. */
  readonly stripped: string;
}

export interface Env {
  Bindings: RequestPort;
  Variables: {
    requestId: string;
    placement: Placement;
    /** Set by authentication, on every operation that needs a token. */
    principal: Principal;
    /** The bytes of the body as sent; empty without a body. */
    body: Uint8Array;
    /** Alternating names and values of the rate limit headers. Set if the request counts towards a limit. */
    rateLimitHeaders: readonly string[];
    /** Replaces `no-store` as the `Cache-Control` header of a response to an authenticated request. */
    cacheControl: string;
    /** Set if the response depends on `Origin` and no `Vary` header states it yet. */
    variesByOrigin: boolean;
    /** The problem of an error response, for the log. */
    problem: ProblemError;
    /** The tool that a request to the MCP server calls, for the log. */
    tool: string;
  };
}

export type RequestContext = Context<Env>;

/** The pattern of a path, such as `/problems/:code`; undefined for unknown paths. */
export type Route = string | undefined;

/** Responds to a request. */
export type Handler = (context: RequestContext) => Response | Promise<Response>;

/** Wraps the next handler of a route. It runs once per route at start (`middleware/compose.ts`). */
export type Middleware = (route: Route, next: Handler) => Handler;

/**
 * A check before an operation. It throws a `ProblemError` if the operation must not run. Middleware of Hono would cost
 * more than most checks (`docs/performance.md`).
 */
export type PreHandler = (context: RequestContext) => void | Promise<void>;

/**
 * A header of a request, without the `Headers` object that Hono would create. Repeated headers are joined with commas.
 *
 * @param name in lower case
 */
export function headerOf({ env }: Pick<RequestContext, 'env'>, name: string): string | undefined {
  return env.header(name);
}
