/** Request ids. The response and the log line of a request carry the same id. */
import { randomUUID } from 'node:crypto';
import { headerOf, type RequestContext } from '../request-context.ts';

/** The ids that are accepted from clients and proxies. Other characters could forge a part of a log line. */
const wellFormed = /^[\w\-=]{1,255}$/;

/** Keeps a well-formed `X-Request-Id`, and generates an id otherwise. */
export function assignRequestId(context: RequestContext): void {
  const given = headerOf(context, 'x-request-id') ?? '';
  context.set('requestId', wellFormed.test(given) ? given : randomUUID());
}
