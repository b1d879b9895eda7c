/** Problems as HTTP responses (RFC 9457). */
import { type ProblemError, problemDocument, toProblem } from '../problems/problem.ts';
import { pathOf, type RequestContext } from './context.ts';

/** Answers any thrown value: a `ProblemError` as it says, everything else as `internal_error`. */
export function respondWithProblem(error: unknown, context: RequestContext): Response {
  const problem = toProblem(error);
  context.set('problem', problem);
  return problemResponse(problem, pathOf(context), context.get('requestId'));
}

export function problemResponse(problem: ProblemError, instance: string, requestId: string): Response {
  return new Response(JSON.stringify(problemDocument(problem, instance, requestId)), {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
  });
}
