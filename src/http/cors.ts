/** Cross-origin requests from the configured origins, and from no others. */
import { cors } from 'hono/cors';
import { type Handle, headerOf } from './context.ts';

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

/** Wraps what answers requests; nothing where no origin is allowed. */
export function allowOrigins(origins: readonly string[]): (handle: Handle) => Handle {
  if (origins.length === 0) return (handle) => handle;
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
  return (handle) => async (context) => {
    // A pre-flight from anywhere else is answered like any method that a path does not have.
    if (!allowed.has(headerOf(context, 'origin') ?? '')) return handle(context);
    const preflight = await allow(context, async () => {
      context.res = await handle(context);
    });
    return preflight ?? context.res;
  };
}
