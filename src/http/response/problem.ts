/** Problem responses (RFC 9457). */
import { type ProblemError, problemDocument, toProblem } from '../../problems/problem.ts';
import { pathOf } from '../base-path.ts';
import { ClientClosedError, clientClosedStatus } from '../client-closed.ts';
import type { Middleware, RequestContext } from '../request-context.ts';

/**
 * Middleware that responds with a problem if a handler throws: a `ProblemError` as it is, any other error as
 * `internal_error`.
 */
export const respondWithProblems: Middleware = (_route, next) => async (context) => {
  try {
    return await next(context);
  } catch (error) {
    if (error instanceof ClientClosedError) return new Response(null, { status: clientClosedStatus });
    return respondTo(error, context);
  }
};

function respondTo(error: unknown, context: RequestContext): Response {
  const problem = toProblem(error);
  context.set('problem', problem);
  return problemResponse(problem, pathOf(context), context.get('requestId'), context.get('placement').basePath);
}

/**
 * @param instance the path of the request, without its query
 * @param basePath the path of PUBLIC_URL, the prefix of the problem's `type`
 */
export function problemResponse(
  problem: ProblemError,
  instance: string,
  requestId: string,
  basePath: string,
): Response {
  return new Response(JSON.stringify(problemDocument(problem, instance, requestId, basePath)), {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
  });
}
