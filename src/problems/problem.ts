/** Problems (RFC 9457): the error that the server throws, and the document that the client receives. */
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
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly extensions?: ProblemExtensions;
  /** Response headers of this problem, for example `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only: the cause in a few words, without secrets. */
  readonly reason?: string;
  /** For the log only: the values that caused the problem. */
  readonly mismatch?: ClaimMismatch;
  /** For the log and the metrics only: the security event of a 401 that is not about a bearer token. */
  readonly securityEvent?: 'sign_in_refused';
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
  readonly extensions: ProblemExtensions;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: string | undefined;
  readonly mismatch: ClaimMismatch | undefined;
  readonly securityEvent: 'sign_in_refused' | undefined;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const kind = catalogue[code];
    super(`${code}: ${options.reason ?? options.detail ?? kind.title}`, { cause: options.cause });
    this.code = code;
    this.status = kind.status;
    this.detail = kind.status >= 500 ? kind.detail : (options.detail ?? kind.detail);
    this.errors = options.errors;
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
    this.reason = options.reason;
    this.mismatch = options.mismatch;
    this.securityEvent = options.securityEvent;
  }
}

/** A 422 problem that lists all errors of a request. The first one is its `detail`. */
export function validationFailed(errors: readonly FieldError[]): ProblemError {
  const [first] = errors;
  const detail = first && `${first.pointer.replace(/^\//, '') || first.in}: ${first.message}`;
  return new ProblemError('validation_failed', { ...(detail && { detail }), errors });
}

/** Converts any thrown value to a problem. */
export function toProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError('internal_error', { cause: error });
}

/**
 * The document of a problem.
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
  return {
    type: `${basePath}${problemType(problem.code)}`,
    title: catalogue[problem.code].title,
    status: problem.status,
    detail: problem.detail,
    instance,
    code: problem.code,
    request_id: requestId,
    ...problem.extensions,
    ...(problem.errors && { errors: problem.errors }),
  };
}
