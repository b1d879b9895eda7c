/** What happens in the server that its operators may want to know: a closed list. */
import type { ProblemError } from '../problems/problem.ts';

/** Tells the log and the metrics of an event. */
export type EmitEvent = (event: ServerEvent) => void;

export type ServerEvent = RequestEvent | VerificationEvent | KeyEvent | QueryEvent | RetryEvent;

/** A request was answered. */
export interface RequestEvent {
  readonly type: 'request';
  readonly requestId: string;
  /** Undefined where nobody could be told by a token. */
  readonly userId?: string | undefined;
  /** Undefined where the request could not be read; what it then asked for is not known either. */
  readonly method?: string | undefined;
  /** The pattern of the route and not the path: an id would tell of what a user has. Undefined where there is none. */
  readonly route?: string | undefined;
  readonly status: number;
  /** Undefined where the request could not be read. */
  readonly seconds?: number | undefined;
  /** What made the answer an error. */
  readonly problem?: ProblemError | undefined;
  /** Why it ended so, if no problem says it. */
  readonly reason?: string | undefined;
}

/** How a look at a token ended. `remembered` is a good one that was verified a moment before. */
export type VerificationOutcome = 'verified' | 'remembered' | 'refused' | 'unavailable';

export interface VerificationEvent {
  readonly type: 'token_verification';
  readonly outcome: VerificationOutcome;
}

/** The keys to verify tokens with were fetched, or could not be. */
export type KeyEvent =
  | {
      readonly type: 'keys_fetched';
      readonly usable: number;
      readonly unused: readonly { readonly kid: string | null; readonly reason: string }[];
    }
  | { readonly type: 'keys_fetch_failed'; readonly error: unknown; readonly retryInMs: number };

/** The database answered a round trip on a user's data, or failed to. */
export interface QueryEvent {
  readonly type: 'exchange';
  readonly statements: number;
  readonly outcome: 'ok' | 'error';
  readonly seconds: number;
}

/** The database undid something for the sake of something else at the same time, and it is tried again. */
export interface RetryEvent {
  readonly type: 'retry';
}

/** Something of an event that concerns security: its name, and why it happened, in fixed words. */
export interface SecurityEvent {
  readonly name: SecurityEventName;
  readonly reason: string;
}

export type SecurityEventName = keyof typeof securityEvents;

/** What each of them means, for people. */
export const securityEvents = {
  token_refused: 'A request was refused for its token; `reason` is the rule that it broke, or `token_missing`.',
  sign_in_refused: 'The embedded issuer refused a password or a session; `reason` is its own code.',
  scope_refused: 'A good token did not allow what was asked; `reason` is `insufficient_scope`.',
  limit_reached:
    'There were too many requests; `reason` is the limit: of `requests` by a user, of `failures` by an address.',
  keys_fetch_failed: 'The keys to verify tokens with could not be fetched; tokens are verified with those at hand.',
  keys_unused: 'Among the keys that were fetched are some that break a rule; `unused` in the log says which.',
} as const;

/** The routes of the embedded issuer, whose 401 is about a password or a session and not about a bearer token. */
const issuerRoute = /^\/api\/auth\//;

/** What in an event concerns security. Problems are the one source for requests, so that nothing must be told twice. */
export function securityEventOf(event: ServerEvent): SecurityEvent | undefined {
  if (event.type === 'keys_fetch_failed') return { name: 'keys_fetch_failed', reason: 'keys_fetch_failed' };
  if (event.type === 'keys_fetched' && event.unused.length > 0) return { name: 'keys_unused', reason: 'keys_unused' };
  if (event.type !== 'request' || !event.problem) return undefined;
  const { status, code, reason = code } = event.problem;
  switch (status) {
    case 401:
      return { name: issuerRoute.test(event.route ?? '') ? 'sign_in_refused' : 'token_refused', reason };
    case 403:
      return { name: 'scope_refused', reason };
    case 429:
      return { name: 'limit_reached', reason };
    default:
      return undefined;
  }
}
