/** Conversion of Better Auth's errors to problems of this API, with the members that its clients read. */
import { typeMessage } from '../../http/request/validation-errors.ts';
import type { ProblemCode } from '../../problems/catalogue.ts';
import { type FieldError, ProblemError, validationFailed } from '../../problems/problem.ts';

/** The body of a Better Auth error. */
interface AuthError {
  readonly code?: string;
  readonly message?: string;
}

/** Its codes for a rejected origin of the request, which browsers send in a header. */
const originCodes = new Set(['INVALID_ORIGIN', 'MISSING_OR_NULL_ORIGIN', 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED']);

/** Its codes for a token of an e-mail that is not valid. The session of the request is valid. */
const linkCodes = new Set(['INVALID_TOKEN', 'TOKEN_EXPIRED', 'USER_NOT_FOUND', 'INVALID_USER']);

/** Details that replace messages without a fix. */
const details: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'There is no valid session. Sign in, and send the session’s cookie or its token.',
  SESSION_NOT_FRESH: 'The session is too old for this. Sign in again.',
  INVALID_TOKEN: 'The link is not valid, or was used before. Request a new one.',
  TOKEN_EXPIRED: 'The link has expired. Request a new one.',
  USER_NOT_FOUND: 'The link is for an address that no account has any more.',
  INVALID_CALLBACK_URL: notAllowed('callbackURL'),
  INVALID_REDIRECT_URL: notAllowed('redirectTo'),
  INVALID_ERROR_CALLBACK_URL: notAllowed('errorCallbackURL'),
  INVALID_NEW_USER_CALLBACK_URL: notAllowed('newUserCallbackURL'),
  INVALID_CODE: 'The code is wrong, has expired, or was used before. Enter the next one.',
  SECOND_FACTOR_UNREADABLE:
    'BETTER_AUTH_SECRET has changed since the second factor was set up, so no code is valid. Ask the operator to end it.',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'Too many codes were wrong. Sign in with the password again.',
  ACCOUNT_TEMPORARILY_LOCKED: 'Too many codes were wrong. Try again after 15 minutes.',
};

function notAllowed(field: string): string {
  return `${field}: is a page of an origin that is not allowed. Add the origin to CORS_ORIGINS`;
}

/** The problem for a response of Better Auth with status 400 or higher. */
export async function authProblem(response: Response): Promise<ProblemError> {
  const error = (await response.json().catch(() => ({}))) as AuthError;
  const code = problemCode(response.status, error.code);
  const reason = error.code ?? `the issuer responded with ${response.status}`;
  if (code === 'internal_error') return new ProblemError(code, { reason });

  const { message } = error;
  const fieldErrors = code === 'validation_failed' ? toFieldErrors(error) : undefined;
  const detail =
    details[error.code ?? (response.status === 401 ? 'UNAUTHORIZED' : '')] ?? detailOf(fieldErrors) ?? message;
  return new ProblemError(code, {
    reason,
    ...(detail && { detail }),
    ...(fieldErrors && { errors: fieldErrors }),
    extensions: { ...(error.code && { auth_code: error.code }), ...(message && { message }) },
    ...(code === 'token_invalid' && { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }),
    // The only one is that of a locked second factor.
    ...(code === 'rate_limited' && { headers: { 'Retry-After': '900' } }),
  });
}

/**
 * Adapts a problem to the issuer's endpoints. It gets a `message`, which Better Auth's clients show: the `detail` unless
 * Better Auth has its own. A 401 there is about a password or a session, and not about a bearer token.
 */
export function toIssuerProblem(problem: ProblemError): ProblemError {
  return new ProblemError(problem.code, {
    ...problem,
    cause: problem.cause,
    extensions: { message: problem.detail, ...problem.extensions },
    ...(problem.status === 401 && { securityEvent: 'sign_in_rejected' }),
  });
}

/** Better Auth sends 403 for an origin or a URL that is not allowed, not for a scope: the request is not valid. */
function problemCode(status: number, authCode: string | undefined): ProblemCode {
  if (status >= 500) return 'internal_error';
  if (linkCodes.has(authCode ?? '')) return 'validation_failed';
  if (status === 429) return 'rate_limited';
  if (status === 401 || authCode === 'SESSION_NOT_FRESH') return 'token_invalid';
  // With another code, 404 is about an item that the body names: the request is not valid.
  if (status === 404 && (authCode === undefined || authCode === 'NOT_FOUND')) return 'not_found';
  return 'validation_failed';
}

/** The first error with its location, if Better Auth names one. */
function detailOf(fieldErrors: readonly FieldError[] | undefined): string | undefined {
  return fieldErrors?.[0]?.pointer ? validationFailed(fieldErrors).detail : undefined;
}

/** The errors of a request. Better Auth's validation names each location, for example `[body.email] Invalid input`. */
function toFieldErrors({ code = '', message = 'The request is not valid.' }: AuthError): FieldError[] {
  if (originCodes.has(code)) return [{ in: 'header', pointer: 'Origin', message }];
  if (code !== 'VALIDATION_ERROR') return [{ in: 'body', pointer: '', message }];
  return message.split(/; (?=\[(?:body|query)[.\]])/).map((part): FieldError => {
    const [, location = 'body', path = '', text = part] = /^\[(body|query)(?:\.([^\]]*))?\] (.*)$/s.exec(part) ?? [];
    const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(text) ?? [];
    const reason = expected ? typeMessage(expected, received === 'undefined') : text;
    return location === 'query'
      ? { in: 'query', pointer: path, message: reason }
      : { in: 'body', pointer: path && `/${path.replaceAll('.', '/')}`, message: reason };
  });
}
