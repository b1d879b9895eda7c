/** What travels with a request through the middleware. */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { Principal } from '../principal.ts';
import type { ProblemError } from '../problems/problem.ts';
import type { BufferedServerResponse } from './node/server-response.ts';

/** How a route stands below the base path. Some proxies keep that path in what they hand on, others take it off. */
export interface Placement {
  /** The path of PUBLIC_URL, without a slash at its end; empty where it has none. */
  readonly basePath: string;
  /** What a proxy has taken off the path of the request: the base path, or nothing. */
  readonly stripped: string;
}

export interface Env {
  /** What Node has of the request. */
  Bindings: { incoming: IncomingMessage; outgoing: BufferedServerResponse };
  Variables: {
    requestId: string;
    placement: Placement;
    /** Set by the bearer middleware on every operation that needs a token. */
    principal: Principal;
    /** The bytes of the body, as they were sent; empty without one. */
    body: Uint8Array;
    /** Names and values of the rate-limit headers, in turn. Set if the request was counted against a limit. */
    rateLimitHeaders: readonly string[];
    /** Set where the response depends on the `Origin` and no header says so yet. */
    variesByOrigin: boolean;
    /** What made the answer an error, for the log. */
    problem: ProblemError;
  };
}

export type RequestContext = Context<Env>;

/** The pattern of a path, such as `/api/v1/tasks/:id`; undefined for paths that nothing is at. */
export type Route = string | undefined;

/** Answers a request. What is around all of them wraps one in another (`src/app.ts`). */
export type Handler = (context: RequestContext) => Response | Promise<Response>;

/**
 * A header of a request; one that was sent several times is joined by commas.
 *
 * @param name in small letters
 */
export function headerOf({ env }: Pick<RequestContext, 'env'>, name: string): string | undefined {
  // Only of `set-cookie`, which no request has, does Node make an array.
  return env.incoming.headers[name] as string | undefined;
}

/**
 * A check that stands before an operation, and throws a `ProblemError` where it must not be done. Middleware would cost
 * more than most checks do (`docs/performance.md`).
 */
export type PreHandler = (context: RequestContext) => void | Promise<void>;
