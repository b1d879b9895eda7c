/** What there is to tell of a request when it is over. */
import { matchedRoutes } from 'hono/route';
import type { RequestContext } from '../http/context.ts';
import type { RequestEvent } from './events.ts';

/**
 * @param status of its answer
 * @param start when its headers were read, on the clock of `performance.now()`
 */
export function requestEvent(context: RequestContext, status: number, start: number): RequestEvent {
  return {
    type: 'request',
    requestId: context.get('requestId'),
    userId: context.get('principal')?.userId,
    method: context.req.method,
    route: routeOf(context),
    status,
    seconds: (performance.now() - start) / 1_000,
    problem: context.get('problem'),
  };
}

/** The pattern of the route that answered; undefined for a path that has none. */
export function routeOf(context: RequestContext): string | undefined {
  return matchedRoutes(context)[0]?.path;
}
