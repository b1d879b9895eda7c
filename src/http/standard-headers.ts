/** Headers that every response carries. */
import type { MiddlewareHandler } from 'hono';
import type { Env } from './context.ts';

export const standardHeaders: MiddlewareHandler<Env> = async (context, next) => {
  await next();
  const { headers } = context.res;
  headers.set('X-Request-Id', context.get('requestId'));
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('X-Frame-Options', 'DENY');
  headers.set('Referrer-Policy', 'no-referrer');
  if (context.get('principal')) headers.set('Cache-Control', 'no-store');
};
