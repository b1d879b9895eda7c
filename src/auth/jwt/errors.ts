/** How a token is refused: 401 with the broken rule for the log, or 503 while it cannot be judged. */
import { type ClaimMismatch, ProblemError } from '../../problems/problem.ts';

/** The challenge of every refused token (RFC 6750, 3.1). What is wrong stays in the log: a client need not know. */
const challenge = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

/** Refuses the token with `token_invalid` unless the rule holds. `rule` is fixed text, never a part of the token. */
export function assertToken(holds: unknown, rule: string): asserts holds {
  if (!holds) throw new ProblemError('token_invalid', { reason: rule, headers: challenge });
}

/** Refuses a well-signed token unless a claim is what is configured; the log gets both values, the client neither. */
export function mustEqual(holds: boolean, rule: string, mismatch: ClaimMismatch): void {
  if (!holds) throw new ProblemError('token_invalid', { reason: rule, mismatch, headers: challenge });
}

/** A token that was good until its `exp` (RFC 7519, 4.1.4). */
export function tokenExpired(): ProblemError {
  return new ProblemError('token_expired', { reason: 'exp must not be past (RFC 7519, 4.1.4)', headers: challenge });
}

/** The keys cannot be had for now. `retryInMs`: milliseconds until they are asked for again. */
export function keysUnavailable(retryInMs: number): ProblemError {
  return new ProblemError('identity_provider_unavailable', {
    reason: 'the keys to verify tokens with cannot be fetched',
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryInMs / 1000))) },
  });
}
