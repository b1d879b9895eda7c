/** Error responses as exceptions (RFC 9457). */
import type { FieldError, Problem, ProblemCode } from './generated/api.ts';

/**
 * The code of a problem. `unexpected_response` is the client's own: something between the client and the server answered,
 * for example a proxy with a page of HTML, or the sign-in page of a network.
 */
export type TodoProblemCode = ProblemCode | 'unexpected_response';

/** An error response. After a network failure there is none: requests reject with the error of `fetch`. */
export class TodoProblem extends Error {
  override readonly name = 'TodoProblem';
  declare readonly code: TodoProblemCode;
  /** The HTTP status, 400 or higher, except with the code `unexpected_response`. */
  declare readonly status: number;
  declare readonly title: string;
  /** The error in words for people, as in `message`. */
  declare readonly detail: string;
  /** All errors in the fields of the request, on `validation_failed` and failed batches; otherwise empty. */
  declare readonly errors: readonly FieldError[];
  /** On `version_mismatch`: the current version of the resource. */
  declare readonly currentVersion: number | undefined;
  /** The id of the request in the log of the server. */
  declare readonly requestId: string | undefined;
  /** Seconds to wait before a retry, from `Retry-After`. */
  declare readonly retryAfter: number | undefined;
  declare readonly headers: Headers;

  /** @param document the parsed body, if it is a problem of the API */
  constructor(status: number, headers: Headers, document?: Problem) {
    const detail =
      document?.detail ?? `The response with status ${status} is not from the API. Check the URL and the network.`;
    super(detail);
    this.code = document?.code ?? 'unexpected_response';
    this.status = status;
    this.title = document?.title ?? 'Unexpected response';
    this.detail = detail;
    this.errors = document?.errors ?? [];
    this.currentVersion = document?.current_version;
    this.requestId = document?.request_id;
    this.retryAfter = secondsOf(headers.get('Retry-After'));
    this.headers = headers;
  }
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3). */
function secondsOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
