/** Catalogue of problems: the closed list of error codes. A code is never removed or reused with another meaning. */
import { type NotFoundCode, notFoundDetails } from '../vocabulary.ts';
import { maxErrors } from './bounds.ts';

/** The operations that can respond with a problem although their routes do not name it. */
export type AppliesTo = 'all' | 'body' | 'token' | 'scope' | 'named';

/** A kind of problem, as served at `/problems/{code}` and in every error response. */
export interface ProblemKind {
  /** The HTTP status of this problem. */
  readonly status: number;
  /** A short summary, the same for every occurrence (RFC 9457, section 3.1.3). */
  readonly title: string;
  /** The default `detail` of an occurrence. */
  readonly detail: string;
  /** How the developer of the client can fix it. */
  readonly remedy: string;
  /** All operations, those with a body, with a token or with a scope, or only those that name the problem. */
  readonly appliesTo: AppliesTo;
  /** The response headers of every occurrence: name to description. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The request header, in lower case, without which an operation does not send `headers`. */
  readonly headersNeed?: string;
  /** Whether the problem is a result of a write, which its idempotency record stores and replays like a success. */
  readonly isOutcome?: boolean;
}

const challenge = { 'WWW-Authenticate': 'The scheme to use, and the error of the token (RFC 6750).' };
const scopeChallenge = { 'WWW-Authenticate': 'The error, and the required scope if a scope is missing (RFC 6750).' };
const retryAfter = { 'Retry-After': 'Seconds to wait before a retry.' };

const resourceNotFound = {
  status: 404,
  title: 'Resource not found',
  remedy:
    'The resource was deleted, never existed, or belongs to another user. The response is the same in these cases. Reload the list.',
  appliesTo: 'named',
  isOutcome: true,
} as const satisfies Omit<ProblemKind, 'detail'>;

const resourceProblems = Object.fromEntries(
  Object.entries(notFoundDetails).map(([code, detail]) => [code, { ...resourceNotFound, detail }]),
) as Readonly<Record<NotFoundCode, ProblemKind>>;

const kinds = {
  malformed_request: {
    status: 400,
    title: 'Malformed request',
    detail: 'The request could not be parsed.',
    remedy:
      'Send well-formed HTTP and a body that is one JSON document (RFC 8259) in UTF-8. Serialize it with a JSON library instead of joining strings.',
    appliesTo: 'all',
  },
  token_missing: {
    status: 401,
    title: 'Token required',
    detail: 'Send a token in the Authorization header, as "Bearer <token>".',
    remedy:
      'Send exactly one header "Authorization: Bearer <token>", with a JWT or an API token. Tokens in the query, the body or a cookie are ignored.',
    appliesTo: 'token',
    headers: challenge,
  },
  token_invalid: {
    status: 401,
    title: 'Invalid credentials or token',
    detail: 'The token is not valid.',
    remedy:
      'With the embedded issuer, check the address and the password, or sign in again, because the session may have ended. With another issuer, get a new token from the issuer that this server is configured for. Create a new API token instead of one that was deleted. If new tokens are rejected too, compare their iss, aud and alg with the server’s configuration. The server’s log names the rule that failed.',
    appliesTo: 'token',
    headers: challenge,
  },
  token_expired: {
    status: 401,
    title: 'Token expired',
    detail: 'The token has expired.',
    remedy: 'Get a new token from the issuer, or create a new API token, and send the request again.',
    appliesTo: 'token',
    headers: challenge,
  },
  insufficient_scope: {
    status: 403,
    title: 'Insufficient scope',
    detail: 'The scopes of the token do not allow this operation.',
    remedy:
      'Request a token from the issuer whose scope claim contains the scope that the WWW-Authenticate header names, or a token without a scope claim.',
    appliesTo: 'scope',
    headers: scopeChallenge,
  },
  api_token_not_allowed: {
    status: 403,
    title: 'API token not allowed',
    detail: 'An API token cannot create or delete API tokens.',
    remedy:
      'Sign in, and send the request with a token of the issuer. A leaked API token can therefore not renew itself.',
    appliesTo: 'named',
    headers: scopeChallenge,
  },
  origin_not_allowed: {
    status: 403,
    title: 'Origin not allowed',
    detail: 'Pages of this origin must not use the MCP server.',
    remedy:
      'Add the origin of the page to CORS_ORIGINS, if you trust it. Clients that are no browsers do not send an Origin header.',
    appliesTo: 'named',
  },
  not_found: {
    status: 404,
    title: 'Path not found',
    detail: 'There is nothing at this path.',
    remedy: 'Compare the path with the paths in /openapi.json. Paths are case-sensitive and have no trailing slash.',
    appliesTo: 'named',
  },
  ...resourceProblems,
  change_set_not_found: {
    status: 404,
    title: 'Change set not found',
    detail: 'You have no change set with this id that can be undone.',
    remedy:
      'Use the id in the Change-Set header of the response to a write. The server keeps change sets for some time, and permanent deletion removes them at once. A request that changed nothing has none, and so has another user’s.',
    appliesTo: 'named',
    isOutcome: true,
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not support this method.',
    remedy: 'Use one of the methods in the Allow header.',
    appliesTo: 'named',
    headers: { Allow: 'The methods of the path.' },
  },
  id_taken: {
    status: 409,
    title: 'Id already in use',
    detail: 'You already have a resource with this id, and it differs from the one in the request.',
    remedy: 'Read the stored resource and update it, or create yours with a new UUID.',
    appliesTo: 'named',
    isOutcome: true,
  },
  list_not_empty: {
    status: 409,
    title: 'List not empty',
    detail: 'The list is not empty, so it was not deleted.',
    remedy:
      'Send the query parameter that says what happens to its contents, which the detail names. Or move or delete them first.',
    appliesTo: 'named',
    isOutcome: true,
  },
  undo_conflict: {
    status: 409,
    title: 'Undo conflict',
    detail: 'Later changes concern the same fields, so nothing was undone.',
    remedy:
      'The list "errors" names the resources and their changed fields. Undo the later changes first, or set the fields to the values that you want. The history of a resource has its earlier values.',
    appliesTo: 'named',
    isOutcome: true,
  },
  request_in_progress: {
    status: 409,
    title: 'Request in progress',
    detail: 'A request with this Idempotency-Key is still in progress.',
    remedy:
      'Wait for the seconds in Retry-After, then send the same request again. It gets the response to the first request.',
    appliesTo: 'named',
    headers: retryAfter,
  },
  version_mismatch: {
    status: 412,
    title: 'Resource changed',
    detail: 'The resource no longer has the version in If-Match.',
    remedy: 'Read the resource again, apply the change to its current version, and send it with the new ETag.',
    appliesTo: 'named',
    // A batch has no entity tag: its problem contains the version of one of its resources.
    headers: { ETag: 'The current version of the resource.' },
    headersNeed: 'if-match',
    isOutcome: true,
  },
  payload_too_large: {
    status: 413,
    title: 'Body too large',
    detail: 'The body exceeds the limit of this operation.',
    remedy:
      'The detail contains the limit in KiB (1024 bytes). The limit of a write fits the largest valid resource, even if every character is escaped. Shorten the texts, or send fewer operations per batch.',
    appliesTo: 'body',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body as application/json in UTF-8.',
    remedy:
      'Send "Content-Type: application/json" (for PATCH also "application/merge-patch+json"), in UTF-8 and without a Content-Encoding.',
    appliesTo: 'body',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'The request is not valid.',
    remedy: `The list "errors" contains the first errors, at most ${maxErrors}, with their locations: a JSON pointer in a body, or a name in the query, path or headers. If there are more, the detail has their number. Fix all of them and send the request again.`,
    appliesTo: 'all',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key was used for another request in the last 24 hours.',
    remedy:
      'Generate a new key, for example a UUID, for each request. Reuse a key only to retry with the same method, path and body, byte for byte.',
    appliesTo: 'named',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    detail: 'There were too many requests.',
    remedy: 'Wait for the seconds in Retry-After, then send the request again. Spread further requests over time.',
    appliesTo: 'token',
    headers: retryAfter,
  },
  quota_exceeded: {
    status: 429,
    title: 'Quota exceeded',
    detail: 'The request would exceed a quota of the user.',
    remedy:
      'The detail names the quota and its value. Delete what the quota counts, or send the write without an Idempotency-Key if the quota is that of stored responses. The server changed nothing, and there is no Retry-After, because waiting does not free a quota of resources. The operator of the server sets the quotas.',
    appliesTo: 'named',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'The server failed to process this request. Its log has the cause under this request_id.',
    remedy: 'Try again later. If the error persists, report the request_id to the operator of the server.',
    appliesTo: 'all',
  },
  database_unavailable: {
    status: 503,
    title: 'Database unavailable',
    detail: 'The database is temporarily unavailable. The request itself is not the cause.',
    remedy:
      'Send the same request again after the seconds in Retry-After. A write may have been applied. With the same Idempotency-Key, or with your own id, a retry does not apply it twice.',
    appliesTo: 'token',
    headers: retryAfter,
  },
  identity_provider_unavailable: {
    status: 503,
    title: 'Identity provider unavailable',
    detail: 'The keys that verify tokens are temporarily unavailable. The request itself is not the cause.',
    remedy: 'Send the same request again after the seconds in Retry-After.',
    appliesTo: 'token',
    headers: retryAfter,
  },
  overloaded: {
    status: 503,
    title: 'Server overloaded',
    detail: 'The server has too many requests in progress. The request itself is not the cause.',
    remedy: 'Send the same request again after the seconds in Retry-After.',
    appliesTo: 'token',
    headers: retryAfter,
  },
  timeout: {
    status: 504,
    title: 'Timeout',
    detail: 'The operation timed out. A write may or may not have been applied.',
    remedy:
      'Wait for the seconds in Retry-After. Read the current state before you retry a write, or retry it in a way that is safe to repeat.',
    appliesTo: 'token',
    headers: retryAfter,
  },
} as const satisfies Record<string, ProblemKind>;

/** A code of the closed list. */
export type ProblemCode = keyof typeof kinds;

export const catalogue: Readonly<Record<ProblemCode, ProblemKind>> = kinds;

export const problemCodes = Object.keys(catalogue) as ProblemCode[];

/** The relative URI that identifies and explains a problem: `/problems/validation-failed`. */
export function problemType(code: ProblemCode): string {
  return `/problems/${code.replaceAll('_', '-')}`;
}
