/** The closed list of problems a client can meet. A code is never removed or reused for another meaning. */

/** What every entry of the catalogue says; served at `/problems/{code}` and rendered into every error. */
export interface ProblemKind {
  /** The HTTP status that this problem always has. */
  readonly status: number;
  /** A short summary, the same for every occurrence (RFC 9457, section 3.1.3). */
  readonly title: string;
  /** The `detail` of an occurrence that has nothing more specific to say. */
  readonly detail: string;
  /** What the client's developer can do about it. */
  readonly remedy: string;
}

export const catalogue = {
  malformed_request: {
    status: 400,
    title: 'The request could not be read',
    detail: 'The request could not be read.',
    remedy:
      'Send well-formed HTTP, and a body that is one JSON document (RFC 8259) in UTF-8. Serialise it with a JSON library rather than by joining strings.',
  },
  token_missing: {
    status: 401,
    title: 'A token is needed',
    detail: 'Send a token in the Authorization header, as "Bearer <JWT>".',
    remedy:
      'Send exactly one header "Authorization: Bearer <JWT>". Tokens in the query, the body or a cookie are not looked at.',
  },
  token_invalid: {
    status: 401,
    title: 'The credentials or the token are not valid',
    detail: 'The token was refused.',
    remedy:
      'At the embedded issuer, compare the address and the password, or sign in again: the session may have ended. Elsewhere, get a new token from the issuer that this server is configured for. If new tokens are refused too, compare their iss, aud and alg with the server’s configuration; the server’s log names the rule that failed.',
  },
  token_expired: {
    status: 401,
    title: 'The token has expired',
    detail: 'The token has expired.',
    remedy: 'Get a new token from the issuer and send the request again.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The token does not allow this',
    detail: 'The token’s scopes do not allow this operation.',
    remedy:
      'Ask the issuer for a token whose scope claim holds tasks:read for reading and tasks:write for writing, or for one without a scope claim.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this path',
    detail: 'There is nothing at this path.',
    remedy: 'Compare the path with those in /openapi.json. Paths are case-sensitive and have no trailing slash.',
  },
  task_not_found: {
    status: 404,
    title: 'There is no such task',
    detail: 'You have no task with this id.',
    remedy:
      'The task was deleted, never existed, or belongs to somebody else: the three are not told apart. Reload the list.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    detail: 'This path does not answer this method.',
    remedy: 'Use one of the methods named in the Allow header.',
  },
  id_taken: {
    status: 409,
    title: 'The id is taken',
    detail: 'You already have a task with this id, and it differs from the one sent.',
    remedy: 'Read the stored task and update it, or create yours under a new UUID.',
  },
  request_in_progress: {
    status: 409,
    title: 'The same request is under way',
    detail: 'A request with this Idempotency-Key is still under way.',
    remedy: 'Send the same request again after the seconds in Retry-After: it will get the first one’s answer.',
  },
  version_mismatch: {
    status: 412,
    title: 'The task has changed',
    detail: 'The task is no longer the version that If-Match names.',
    remedy: 'Read the task again, apply the change to what it is now, and send it with the new ETag.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    detail: 'The body is larger than this operation accepts.',
    remedy:
      'The detail names the limit in KiB (1024 bytes). The limit for tasks fits the largest valid task, even if every character is escaped. Shorten the texts, or send fewer operations in one batch.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The media type is not supported',
    detail: 'Send the body as application/json in UTF-8.',
    remedy:
      'Send "Content-Type: application/json" (for PATCH also "application/merge-patch+json"), in UTF-8 and without a Content-Encoding.',
  },
  validation_failed: {
    status: 422,
    title: 'The request is not valid',
    detail: 'The request is not valid.',
    remedy:
      'The list "errors" names every fault with its place: a JSON pointer in a body, a name in the query, path or headers. Mend them all and send it again.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key is used',
    detail: 'This Idempotency-Key was used for another request in the last 24 hours.',
    remedy:
      'Make a new key, a UUID for example, for each request; use a key again only to repeat the same method, path and body, byte for byte.',
  },
  rate_limited: {
    status: 429,
    title: 'Too much at a time',
    detail: 'There were too many requests.',
    remedy: 'Wait for the seconds in Retry-After, then send the request again, and spread requests out from then on.',
  },
  internal_error: {
    status: 500,
    title: 'The server failed',
    detail: 'The server failed to answer this request. Its log tells more under this request_id.',
    remedy: 'Try again later. If it stays, report the request_id to whoever runs the server.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database is not available',
    detail: 'The database is not available at the moment. Nothing is wrong with the request.',
    remedy:
      'Send the same request again after the seconds in Retry-After. A write may have been done nevertheless: with the same Idempotency-Key, or an id of your own, it is not done twice.',
  },
  identity_provider_unavailable: {
    status: 503,
    title: 'The identity provider is not available',
    detail: 'The keys to verify tokens with cannot be fetched at the moment. Nothing is wrong with the request.',
    remedy: 'Send the same request again after the seconds in Retry-After.',
  },
  overloaded: {
    status: 503,
    title: 'The server is overloaded',
    detail: 'The server has more to do than it can take. Nothing is wrong with the request.',
    remedy: 'Send the same request again after the seconds in Retry-After.',
  },
  timeout: {
    status: 504,
    title: 'The answer took too long',
    detail: 'The answer took too long. A write may or may not have happened.',
    remedy:
      'Wait for the seconds in Retry-After. Read the state before repeating a write, or repeat it in a way that is safe to repeat.',
  },
} as const satisfies Record<string, ProblemKind>;

/** A code of the closed list. */
export type ProblemCode = keyof typeof catalogue;

export const problemCodes = Object.keys(catalogue) as ProblemCode[];

/** The relative URI that identifies and explains a problem: `/problems/validation-failed`. */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.replaceAll('_', '-')}`;
}
