/** One line in the log for each request. */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Env } from '../http/context.ts';
import type { Log } from './log.ts';

export function logRequests(log: Log): MiddlewareHandler<Env> {
  return async (context, next) => {
    const start = performance.now();
    await next();
    const { method } = context.req;
    const { status } = context.res;
    const problem = context.get('problem');
    const line = {
      request_id: context.get('requestId'),
      method,
      // The route and not the path: an id in a log would tell of what a user has.
      route: routePath(context, -1),
      status,
      duration_ms: Math.round((performance.now() - start) * 100) / 100,
      ...(problem && { code: problem.code, ...(problem.reason && { reason: problem.reason }) }),
      ...(status >= 500 && problem?.cause ? { err: problem.cause } : {}),
    };
    if (status >= 500) log.error(line, 'request');
    else log.info(line, 'request');
  };
}
