/** Better Auth's errors as problems of this API, with what its own clients read. */
import type { ProblemCode } from '../../problems/catalogue.ts';
import { type FieldError, ProblemError, validationFailed } from '../../problems/problem.ts';

/** What Better Auth puts into the body of an error. */
interface AuthError {
  readonly code?: string;
  readonly message?: string;
}

/** Its refusals of where a request comes from, which a browser says in a header. */
const originCodes = new Set(['INVALID_ORIGIN', 'MISSING_OR_NULL_ORIGIN', 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED']);

/** Details instead of messages that do not say what is wrong or what to do. */
const details: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'There is no valid session. Sign in, and send the session’s cookie or its token.',
  FAILED_TO_CREATE_USER:
    'The user could not be stored: another request has just signed up with this address, or the address is too long.',
  SESSION_NOT_FRESH: 'The session is too old for this. Sign in again.',
};

/** The problem for a response of Better Auth with status 400 or higher. */
export async function authProblem(response: Response): Promise<ProblemError> {
  const error = (await response.json().catch(() => ({}))) as AuthError;
  const code = problemCode(response.status, error.code);
  const reason = error.code ?? `the issuer answered ${response.status}`;
  if (code === 'internal_error') return new ProblemError(code, { reason });

  const { message } = error;
  const faults = code === 'validation_failed' ? faultsOf(error) : undefined;
  const detail = details[error.code ?? (response.status === 401 ? 'UNAUTHORIZED' : '')] ?? detailOf(faults) ?? message;
  return new ProblemError(code, {
    reason,
    ...(detail && { detail }),
    ...(faults && { errors: faults }),
    extensions: { ...(error.code && { auth_code: error.code }), ...(message && { message }) },
    ...(code === 'token_invalid' && { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }),
  });
}

/**
 * The same problem with a `message`, which Better Auth's clients show: problems that are not Better Auth's have their
 * `detail` there.
 */
export function withMessage(problem: ProblemError): ProblemError {
  if (problem.extensions.message !== undefined) return problem;
  const { code, detail, errors, headers, reason, cause } = problem;
  const extensions = { ...problem.extensions, message: detail };
  return new ProblemError(code, {
    detail,
    extensions,
    headers,
    cause,
    ...(errors && { errors }),
    ...(reason && { reason }),
  });
}

/** Its 403 is about an origin or a URL that is not allowed, not about a scope: the request was not valid. */
function problemCode(status: number, authCode: string | undefined): ProblemCode {
  if (status >= 500) return 'internal_error';
  if (status === 401 || authCode === 'SESSION_NOT_FRESH') return 'token_invalid';
  // With a code of its own, something that the request names does not exist.
  if (status === 404 && (authCode === undefined || authCode === 'NOT_FOUND')) return 'not_found';
  return 'validation_failed';
}

/** The first fault with its place, if Better Auth names one. */
function detailOf(faults: readonly FieldError[] | undefined): string | undefined {
  return faults?.[0]?.pointer ? validationFailed(faults).detail : undefined;
}

/** Where the faults of a request are: Better Auth's validation names each place, as in `[body.email] Invalid input`. */
function faultsOf({ code = '', message = 'The request is not valid.' }: AuthError): FieldError[] {
  if (originCodes.has(code)) return [{ in: 'header', pointer: 'Origin', message }];
  if (code !== 'VALIDATION_ERROR') return [{ in: 'body', pointer: '', message }];
  return message.split(/; (?=\[(?:body|query)[.\]])/).map((part): FieldError => {
    const [, place = 'body', path = '', said = part] = /^\[(body|query)(?:\.([^\]]*))?\] (.*)$/s.exec(part) ?? [];
    return place === 'query'
      ? { in: 'query', pointer: path, message: said }
      : { in: 'body', pointer: path && `/${path.replaceAll('.', '/')}`, message: said };
  });
}
