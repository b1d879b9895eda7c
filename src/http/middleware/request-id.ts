/** A name for each request, by which its answer and its line in the log are found together. */
import { randomUUID } from 'node:crypto';
import { headerOf, type RequestContext } from '../request-context.ts';

/** What a client or a proxy may call a request: nothing that could be taken for something else in a log. */
const wellFormed = /^[\w\-=]{1,255}$/;

/** Keeps a well-formed `X-Request-Id`; where there is none, makes one. */
export function assignRequestId(context: RequestContext): void {
  const given = headerOf(context, 'x-request-id') ?? '';
  context.set('requestId', wellFormed.test(given) ? given : randomUUID());
}
