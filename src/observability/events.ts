/** The closed list of events that the server reports to its operators. */
import type { KeyEvent } from '../auth/jwt/key-source.ts';
import type { VerificationOutcome } from '../auth/jwt/verifier.ts';
import type { ProblemError } from '../problems/problem.ts';

/** Reports an event to the log and the metrics. */
export type EmitEvent = (event: ServerEvent) => void;

export type ServerEvent =
  | RequestEvent
  | StreamEvent
  | VerificationEvent
  | KeyEvent
  | RoundTripEvent
  | RetryEvent
  | ConnectionEvent;

/** A request ended. */
export interface RequestEvent {
  readonly type: 'request';
  readonly requestId: string;
  /** Undefined if the request was not authenticated. */
  readonly userId?: string | undefined;
  /** Undefined if the request could not be parsed. */
  readonly method?: string | undefined;
  /** The pattern of the route, not the path, because ids in a path are user data. Undefined without a route. */
  readonly route?: string | undefined;
  /** The tool that a request to the MCP server calls. */
  readonly tool?: string | undefined;
  readonly status: number;
  /** Undefined if the request could not be parsed. */
  readonly seconds?: number | undefined;
  /** The problem in the response. */
  readonly problem?: ProblemError | undefined;
  /** The reason for the status, if there is no problem that has it. */
  readonly reason?: string | undefined;
}

/** An event stream ended. The event of its request was reported when the stream began. */
export interface StreamEvent {
  readonly type: 'stream_ended';
  readonly requestId: string;
  readonly userId: string;
  readonly seconds: number;
  /** `token_expired`, `token_revoked`, `max_age`, `shutdown`, `unavailable` or `client_closed`. */
  readonly reason: string;
  /** The problem because of which the changes are unavailable. */
  readonly problem?: ProblemError | undefined;
}

/** The verification of a token ended. */
export interface VerificationEvent {
  readonly type: 'token_verification';
  readonly outcome: VerificationOutcome;
}

/** A database round trip on user data ended. */
export interface RoundTripEvent {
  readonly type: 'round_trip';
  readonly statements: number;
  readonly outcome: 'ok' | 'error';
  readonly seconds: number;
}

/** A transaction was rolled back by a serialization failure or a deadlock, and is retried. */
export interface RetryEvent {
  readonly type: 'retry';
}

/** The server closed a connection because of a limit. */
export interface ConnectionEvent {
  readonly type: 'connection_closed';
  readonly reason: keyof typeof closeReasons;
}

/** The reasons for which the server closes a connection before the client does. */
export const closeReasons = {
  response_unread: 'the client did not read its response, or read it too slowly',
  too_many_idle: 'there were too many idle connections',
  too_many_connections: 'there were too many connections, and this one had waited longest for its client',
  too_many_bytes: 'unread responses and unfinished requests had too many bytes',
  pipelining: 'too many requests waited for the response to an earlier one',
} as const;

/** The part of an event that concerns security: its name and, as fixed text, its reason. */
export interface SecurityEvent {
  readonly name: SecurityEventName;
  readonly reason: string;
}

export type SecurityEventName = keyof typeof securityEvents;

/** The meaning of each security event, for the documentation. */
export const securityEvents = {
  token_rejected: 'A token was rejected; `reason` is the rule that it breaks, or `token_missing`.',
  sign_in_rejected: 'The embedded issuer rejected a password or a session; `reason` is its own code.',
  scope_rejected:
    'A valid token does not allow the operation, or a page of another origin used the MCP server; `reason` is the code of the problem.',
  limit_reached:
    'There were too many requests, or a quota is used up; `reason` is the limit: `requests` per minute and user, `concurrency` per user, open event `streams` per user, `failures` per address, rejected `passwords` per account and address, `sign_ups` and requested `emails` per address, or the code of the problem.',
  keys_fetch_failed: 'The keys of the issuer could not be fetched; tokens are verified with the cached keys.',
  keys_unused: 'Some of the fetched keys break a rule; `unused` in the log lists them.',
} as const;

/** The security event in an event, if there is one. For a request, its problem is the only source. */
export function securityEventOf(event: ServerEvent): SecurityEvent | undefined {
  if (event.type === 'keys_fetch_failed') return { name: 'keys_fetch_failed', reason: 'keys_fetch_failed' };
  if (event.type === 'keys_fetched' && event.unused.length > 0) return { name: 'keys_unused', reason: 'keys_unused' };
  if (event.type !== 'request' || !event.problem) return undefined;
  const { status, code, securityEvent, reason = code } = event.problem;
  switch (status) {
    case 401:
      return { name: securityEvent ?? 'token_rejected', reason };
    case 403:
      return { name: 'scope_rejected', reason };
    case 429:
      return { name: 'limit_reached', reason };
    default:
      return undefined;
  }
}
