/** Tells of each request when it is over. */
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
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

/** The pattern that the path of a request matched; undefined where it matched nothing but middleware. */
export function routeOf(context: RequestContext): string | undefined {
  const path = matchedRoutes(context).at(-1)?.path;
  return path === '/*' ? undefined : path;
}
