/** Cross-origin requests from the configured origins, and from no others. */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { Env } from './context.ts';

/** What scripts in a browser may read of a response. */
const exposedHeaders = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'Idempotency-Replayed',
  'set-auth-token',
];

const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'X-Request-Id',
];

export function allowOrigins(origins: readonly string[]): MiddlewareHandler<Env> {
  const allowed = new Set(origins);
  const allow = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: allowedHeaders,
    exposeHeaders: exposedHeaders,
    // For the cookies of the embedded issuer.
    credentials: true,
    maxAge: 600,
  });
  // A pre-flight from anywhere else is answered like any method that a path does not have.
  return (context, next) => (allowed.has(context.req.header('origin') ?? '') ? allow(context, next) : next());
}
