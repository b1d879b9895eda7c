/** Headers that every response carries. */
import type { MiddlewareHandler } from 'hono';
import type { Env } from './context.ts';

export const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

export const standardHeaders: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  const { headers } = context.res;
  headers.set('X-Request-Id', context.get('requestId'));
  for (const [name, value] of Object.entries(securityHeaders)) headers.set(name, value);
  if (context.get('principal')) headers.set('Cache-Control', 'no-store');
};
