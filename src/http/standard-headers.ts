/** Headers that every response carries. */
import type { MiddlewareHandler } from 'hono';
import { type Allowance, type LimitPolicy, windowMs } from '../limits/window.ts';
import type { Env } from './context.ts';

export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

const securityHeaderList = Object.entries(securityHeaders);

/** Onto Node's own response: to give them to a `Response` takes longer than many a request (`docs/performance.md`). */
export const standardHeaders: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  const { outgoing } = context.env;
  outgoing.setHeader('X-Request-Id', context.get('requestId'));
  for (const [name, value] of securityHeaderList) outgoing.setHeader(name, value);
  if (context.get('principal')) outgoing.setHeader('Cache-Control', 'no-store');
  const allowance = context.get('allowance');
  if (allowance) for (const [name, value] of rateLimitHeaders(...allowance)) outgoing.setHeader(name, value);
};

/** The header fields of the IETF's draft-ietf-httpapi-ratelimit-headers. */
function rateLimitHeaders(policy: LimitPolicy, { quota, remaining, resetSeconds }: Allowance): [string, string][] {
  return [
    ['RateLimit-Policy', `"${policy}";q=${quota};w=${windowMs / 1000}`],
    ['RateLimit', `"${policy}";r=${Math.max(0, remaining)};t=${resetSeconds}`],
  ];
}
