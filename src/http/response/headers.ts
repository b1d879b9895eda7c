/** Standard headers of every response. */
import type { RequestContext } from '../request-context.ts';

export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

const securityHeaderList = Object.entries(securityHeaders).flat();

/** Passes the headers to the server. Adding them to a `Response` takes longer than many requests (`docs/performance.md`). */
export function setStandardHeaders(context: RequestContext): void {
  const headers = ['X-Request-Id', context.get('requestId'), ...securityHeaderList];
  if (context.get('principal')) headers.push('Cache-Control', context.get('cacheControl') ?? 'no-store');
  // A second field line with the same name extends the first one (RFC 9110, section 5.3).
  if (context.get('variesByOrigin')) headers.push('Vary', 'Origin');
  const rateLimitHeaders = context.get('rateLimitHeaders');
  if (rateLimitHeaders) headers.push(...rateLimitHeaders);
  context.env.addResponseHeaders(headers);
}
