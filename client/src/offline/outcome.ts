/** The outcome of a request that has sent an operation: what the sender does next. */
import { TodoProblem } from '../problem.ts';
import type { JsonResponse } from '../request.ts';
import type { Operation, Resource, StoredProblem } from './operation.ts';

export type Outcome =
  | { readonly kind: 'confirmed'; readonly resource: Resource | null }
  /** The server has refused it, and would refuse it again. */
  | { readonly kind: 'rejected'; readonly problem: StoredProblem }
  /** The resource exists or existed already, so an earlier attempt was executed. The changes have its state. */
  | { readonly kind: 'executedBefore' }
  /** Neither this operation nor another one can be executed now. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number }
  /** Only this operation, and those that depend on it, must wait. */
  | { readonly kind: 'postponed'; readonly retryAfterMs: number };

/** @param response a successful response, perhaps of something between the client and the server */
export function outcomeOfResponse(operation: Operation, { status, body }: JsonResponse): Outcome {
  if (operation.action === 'delete') return status === 204 ? { kind: 'confirmed', resource: null } : unavailable();
  const resource = body as Resource | undefined;
  if (resource?.id !== operation.resourceId || typeof resource.version !== 'number') return unavailable();
  return { kind: 'confirmed', resource };
}

/** @param error what the request has thrown */
export function outcomeOfError(operation: Operation, error: unknown): Outcome {
  // A network failure, or a token that could not be read.
  if (!(error instanceof TodoProblem)) return unavailable();
  const { status, code } = error;
  const retryAfterMs = (error.retryAfter ?? 0) * 1000;
  if (code === 'request_in_progress' || code === 'quota_exceeded') return { kind: 'postponed', retryAfterMs };
  // These can be the fault of one operation. The others must not wait for it.
  if (code === 'internal_error' || code === 'timeout') return { kind: 'postponed', retryAfterMs };
  if (code === 'unexpected_response' || status === 401 || status === 429 || status >= 500) {
    return { kind: 'unavailable', retryAfterMs };
  }
  if (operation.action === 'create' && code === 'id_taken') return { kind: 'executedBefore' };
  if (operation.action === 'delete' && /^(task|list)_not_found$/.test(code))
    return { kind: 'confirmed', resource: null };
  return { kind: 'rejected', problem: storedProblem(error) };
}

function unavailable(): Outcome {
  return { kind: 'unavailable', retryAfterMs: 0 };
}

export function storedProblem({ status, code, detail, errors }: TodoProblem): StoredProblem {
  return { status, code, detail, ...(errors.length > 0 && { errors: [...errors] as never }) };
}
