/** Problems (RFC 9457): the error that the server throws, and the document that the client receives. */
import { firstErrors, maxLengths, truncated, truncatedReference } from './bounds.ts';
import { catalogue, type ProblemCode, problemType } from './catalogue.ts';

/** One error of an invalid request. `pointer` is a JSON pointer (RFC 6901) in a body, otherwise a name. */
export interface FieldError {
  readonly in: 'body' | 'query' | 'path' | 'header';
  readonly pointer: string;
  readonly message: string;
}

/** Extension members of a problem (RFC 9457, section 3.2). Clients ignore unknown members. */
export interface ProblemExtensions {
  /** On 412: the current version of the resource. */
  readonly current_version?: number;
  /** On errors of the embedded issuer: the error code of Better Auth. */
  readonly auth_code?: string;
  /** On errors of the embedded issuer: the message of Better Auth, which its clients display. */
  readonly message?: string;
}

/** The document of `application/problem+json`. */
export interface ProblemDocument extends ProblemExtensions {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly request_id: string;
  readonly errors?: readonly FieldError[];
}

/** A claim of a token with a valid signature that differs from the configuration of the server. */
export interface ClaimMismatch {
  readonly claim: string;
  /** The value in the token; undefined if the claim is absent. */
  readonly received: unknown;
  readonly configured: string;
}

export interface ProblemOptions {
  /** Replaces the catalogue's `detail`. Ignored for a status of 500 or more, so that nothing internal leaks. */
  readonly detail?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  /** The number of errors, if it is greater than the number of `errors`. */
  readonly errorCount?: number | undefined;
  readonly extensions?: ProblemExtensions | undefined;
  /** Response headers of this problem, for example `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For the log only: the cause in a few words, without secrets. */
  readonly reason?: string | undefined;
  /** For the log only: the values that caused the problem. */
  readonly mismatch?: ClaimMismatch | undefined;
  /** For the log and the metrics only: the security event of a 401 that is not about a bearer token. */
  readonly securityEvent?: 'sign_in_rejected' | undefined;
  /** For the log only. */
  readonly cause?: unknown;
}

/** An error that becomes a problem response. Any other error becomes `internal_error`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly errorCount: number;
  readonly extensions: ProblemExtensions;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: string | undefined;
  readonly mismatch: ClaimMismatch | undefined;
  readonly securityEvent: 'sign_in_rejected' | undefined;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const kind = catalogue[code];
    super(`${code}: ${options.reason ?? options.detail ?? kind.title}`, { cause: options.cause });
    this.code = code;
    this.status = kind.status;
    this.detail = kind.status >= 500 ? kind.detail : (options.detail ?? kind.detail);
    this.errors = options.errors;
    this.errorCount = options.errorCount ?? options.errors?.length ?? 0;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
    this.reason = options.reason;
    this.mismatch = options.mismatch;
    this.securityEvent = options.securityEvent;
  }
}

/**
 * A 422 problem that lists the errors of a request. The first one is its `detail`.
 *
 * @param errorCount the number of errors, if `errors` has only the first ones
 */
export function validationFailed(errors: readonly FieldError[], errorCount = errors.length): ProblemError {
  const [first] = errors;
  const detail = first && `${nameOf(first)}: ${first.message}`;
  return new ProblemError('validation_failed', { ...(detail && { detail }), errors, errorCount });
}

function nameOf({ pointer, in: part }: FieldError): string {
  return truncated(pointer.replace(/^\//, ''), maxLengths.pointer) || part;
}

/** Converts any thrown value to a problem. */
export function toProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError('internal_error', { cause: error });
}

/**
 * The document of a problem. Its size is bounded, whatever the request contains.
 *
 * @param instance the path of the request, without its query
 * @param basePath the path of PUBLIC_URL, the prefix of the problem's `type`
 */
export function problemDocument(
  problem: ProblemError,
  instance: string,
  requestId: string,
  basePath: string,
): ProblemDocument {
  const errors = problem.errors && firstErrors(problem.errors);
  const unlisted = problem.errorCount - (errors?.length ?? 0);
  const { auth_code, message } = problem.extensions;
  return {
    type: `${basePath}${problemType(problem.code)}`,
    title: catalogue[problem.code].title,
    status: problem.status,
    detail: truncated(problem.detail, maxLengths.detail) + (unlisted > 0 ? countOf(unlisted) : ''),
    instance: truncatedReference(instance),
    code: problem.code,
    request_id: requestId,
    ...problem.extensions,
    ...(auth_code !== undefined && { auth_code: truncated(auth_code, maxLengths.authCode) }),
    ...(message !== undefined && { message: truncated(message, maxLengths.detail) }),
    ...(errors && { errors }),
  };
}

function countOf(unlisted: number): string {
  return ` (and ${unlisted.toLocaleString('en')} more ${unlisted === 1 ? 'error' : 'errors'})`;
}
