/** A problem as it is thrown inside the server and as it is written for the client (RFC 9457). */
import { catalogue, type ProblemCode, problemType } from './catalogue.ts';

/** One fault of an invalid request. `pointer` is a JSON pointer (RFC 6901) in a body, a name elsewhere. */
export interface FieldError {
  readonly in: 'body' | 'query' | 'path' | 'header';
  readonly pointer: string;
  readonly message: string;
}

/** Extension members of a problem (RFC 9457, section 3.2). Clients ignore those that they do not know. */
export interface ProblemExtensions {
  /** On 412: the version that the resource has now. */
  readonly current_version?: number;
  /** On errors of the embedded issuer: Better Auth's own error code. */
  readonly auth_code?: string;
  /** On errors of the embedded issuer: Better Auth's own message, where its clients look for it. */
  readonly message?: string;
}

/** What is sent as `application/problem+json`. */
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

/** A claim of a well-signed token that is not what the server is configured with. */
export interface ClaimMismatch {
  readonly claim: string;
  /** What the token has; undefined where it has no such claim. */
  readonly received: unknown;
  readonly configured: string;
}

export interface ProblemOptions {
  /** Said to the client instead of the catalogue's `detail`; ignored from status 500 up, where nothing may leak. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly extensions?: ProblemExtensions;
  /** Response headers that belong to this problem, `Retry-After` say. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only: why this happened, in a few words without anything secret. */
  readonly reason?: string;
  /** For the log only: the values behind the reason. */
  readonly mismatch?: ClaimMismatch;
  /** For the log only. */
  readonly cause?: unknown;
}

/** The one kind of error that the server answers as it stands; anything else becomes `internal_error`. */
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
  }
}

/** A request with faults in it: 422 that lists them all, the first one as its `detail`. */
export function validationFailed(faults: readonly FieldError[]): ProblemError {
  const [first] = faults;
  const detail = first && `${first.pointer.replace(/^\//, '') || first.in}: ${first.message}`;
  return new ProblemError('validation_failed', { ...(detail && { detail }), errors: faults });
}

/** Any thrown value as a problem. */
export function toProblem(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : new ProblemError('internal_error', { cause: error });
}

/**
 * The document for the client.
 *
 * @param instance the path of the request, without its query
 * @param basePath the path of PUBLIC_URL, below which the problem is explained
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
