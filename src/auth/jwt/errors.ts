/** Errors of token verification: 401 with the broken rule for the log, or 503 without keys. */
import { type ClaimMismatch, ProblemError } from '../../problems/problem.ts';

/** The challenge for every rejected token (RFC 6750, 3.1). The broken rule is in the log only. */
const challenge = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

/** Throws `token_invalid` unless the condition holds. `rule` is fixed text and never a part of the token. */
export function assertToken(holds: unknown, rule: string): asserts holds {
  if (!holds) throw new ProblemError('token_invalid', { reason: rule, headers: challenge });
}

/** Throws `token_invalid` unless a claim has the configured value. Both values are in the log and not in the response. */
export function assertClaim(holds: boolean, rule: string, mismatch: ClaimMismatch): void {
  if (!holds) throw new ProblemError('token_invalid', { reason: rule, mismatch, headers: challenge });
}

/** The error for a token that was valid until it expired. */
export function tokenExpired(rule: string): ProblemError {
  return new ProblemError('token_expired', { reason: rule, headers: challenge });
}

/** The error while no keys are available. `retryInMs`: milliseconds until the next fetch. */
export function keysUnavailable(retryInMs: number): ProblemError {
  return new ProblemError('identity_provider_unavailable', {
    reason: 'the keys of the issuer cannot be fetched',
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryInMs / 1000))) },
  });
}
