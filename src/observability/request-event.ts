/** What there is to tell of a request when it is over. */
import type { RequestContext, Route } from '../http/request-context.ts';
import type { RequestEvent } from './events.ts';

/**
 * @param status of its answer
 * @param start when its headers were read, on the clock of `performance.now()`
 * @param reason why it ended so, if no problem says it
 */
export function requestEvent(
  context: RequestContext,
  route: Route,
  status: number,
  start: number,
  reason: string | undefined,
): RequestEvent {
  return {
    type: 'request',
    requestId: context.get('requestId'),
    userId: context.get('principal')?.userId,
    method: context.req.method,
    route,
    status,
    seconds: (performance.now() - start) / 1_000,
    problem: context.get('problem'),
    reason,
  };
}
