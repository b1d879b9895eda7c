/** The event of a request that ended. */
import type { RequestContext, Route } from '../http/request-context.ts';
import type { ProblemError } from '../problems/problem.ts';
import type { RequestEvent, StreamEvent } from './events.ts';

/**
 * @param status status of the response
 * @param start time when the headers were read, on the clock of `performance.now()`
 * @param reason reason for the status, if there is no problem that has it
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
    tool: context.get('tool'),
    status,
    seconds: (performance.now() - start) / 1_000,
    problem: context.get('problem'),
    reason,
  };
}

/** The event of a stream that ended. The other parameters are as for a request. */
export function streamEvent(
  context: RequestContext,
  start: number,
  reason: string,
  problem: ProblemError | undefined,
): StreamEvent {
  const requestId = context.get('requestId');
  const { userId } = context.get('principal');
  return { type: 'stream_ended', requestId, userId, seconds: (performance.now() - start) / 1_000, reason, problem };
}
