/** Tells of each request when it is over. */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Env, RequestContext } from '../http/context.ts';
import type { Recorder } from './events.ts';

export function recordRequests(record: Recorder): MiddlewareHandler<Env> {
  return async (context, next) => {
    const start = performance.now();
    await next();
    record({
      type: 'request',
      requestId: context.get('requestId'),
      userId: context.get('principal')?.userId,
      method: context.req.method,
      route: routeOf(context),
      status: context.res.status,
      seconds: (performance.now() - start) / 1_000,
      problem: context.get('problem'),
    });
  };
}

/** The pattern of the route that answered; undefined for a path that has none. */
export function routeOf(context: RequestContext): string | undefined {
  // A pre-flight is answered by middleware, which stands before the routes that it is about.
  return [routePath(context), routePath(context, -1)].find((path) => path !== '/*');
}
