/** Headers that every response carries. */
import { type Allowance, type LimitPolicy, windowMs } from '../limits/window.ts';
import type { RequestContext } from './context.ts';

export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

const securityHeaderList = Object.entries(securityHeaders).flat();

/** Onto Node's own response: to give them to a `Response` takes longer than many a request (`docs/performance.md`). */
export function setStandardHeaders(context: RequestContext): void {
  const headers = ['X-Request-Id', context.get('requestId'), ...securityHeaderList];
  if (context.get('principal')) headers.push('Cache-Control', 'no-store');
  // A second line with this name adds to the first (RFC 9110, section 5.3).
  if (context.get('variesByOrigin')) headers.push('Vary', 'Origin');
  const allowance = context.get('allowance');
  if (allowance) headers.push(...rateLimitHeaders(...allowance));
  context.env.outgoing.standardHeaders = headers;
}

/** The header fields of the IETF's draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders(policy: LimitPolicy, { quota, remaining, resetSeconds }: Allowance): string[] {
  return [
    'RateLimit-Policy',
    `"${policy}";q=${quota};w=${windowMs / 1000}`,
    'RateLimit',
    `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`,
  ];
}
