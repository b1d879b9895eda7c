/** Problems as HTTP responses (RFC 9457). */
import { type ProblemError, problemDocument, toProblem } from '../../problems/problem.ts';
import { pathOf } from '../base-path.ts';
import { ClientClosedError, clientClosedStatus } from '../node/client-closed.ts';
import type { Handler, RequestContext } from '../request-context.ts';

/** Answers with a problem where `handle` throws. */
export function withProblems(handle: Handler): Handler {
  return async (context) => {
    try {
      return await handle(context);
    } catch (error) {
      if (error instanceof ClientClosedError) return new Response(null, { status: clientClosedStatus });
      return respondWithProblem(error, context);
    }
  };
}

/** Answers any thrown value: a `ProblemError` as it says, everything else as `internal_error`. */
function respondWithProblem(error: unknown, context: RequestContext): Response {
  const problem = toProblem(error);
  context.set('problem', problem);
  return problemResponse(problem, pathOf(context), context.get('requestId'), context.get('placement').basePath);
}

/** @param basePath the path of PUBLIC_URL, below which the problem is explained */
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
