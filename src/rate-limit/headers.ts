/** Header fields of rate limits, and the problem of a request above one. */
import { ProblemError } from '../problems/problem.ts';
import type { RateLimitResult } from './fixed-window.ts';

/**
 * The name of a limit in headers: requests per user or client, failed authentications, rejected passwords, and sign-ups and
 * requested e-mails per address.
 */
export type LimitPolicy = 'requests' | 'failures' | 'passwords' | 'sign_ups' | 'emails';

/** The header fields of draft-ietf-httpapi-ratelimit-headers, as alternating names and values. */
export function rateLimitHeaders(
  policy: LimitPolicy,
  { quota, windowSeconds, remaining, resetSeconds }: RateLimitResult,
): string[] {
  return [
    'RateLimit-Policy',
    `"${policy}";q=${quota};w=${windowSeconds}`,
    'RateLimit',
    `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  ];
}

/** @param detail says which limit was reached */
export function rateLimited(reason: string, detail: string, { resetSeconds }: RateLimitResult): ProblemError {
  return new ProblemError('rate_limited', { reason, detail, headers: { 'Retry-After': String(resetSeconds) } });
}
