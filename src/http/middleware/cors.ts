/** Cross-origin requests from the configured origins, and from no others. */
import { cors } from 'hono/cors';
import { type Handler, headerOf } from '../request-context.ts';

/** What scripts in a browser may read of a response. */
const exposedHeaders = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'X-Request-Id',
  'WWW-Authenticate',
  'Change-Set',
  'Next-Cursor',
  'RateLimit',
  'RateLimit-Policy',
  'Idempotency-Replayed',
  'set-auth-token',
];

/** The request headers that the API reads. A preflight answers with those that the page asks for, too. */
const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'X-Request-Id',
];

/** A header name (RFC 9110, section 5.6.2). */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Adds the headers that a page asks for to those that it may send. Tracing libraries add headers of their own, such as
 * `traceparent`, `sentry-trace` and `x-datadog-trace-id`, and HTTP clients others, such as `X-Requested-With`. The
 * origin is trusted by then, and the API ignores headers that it does not know.
 */
function allowRequestedHeaders(preflight: Response, requested = ''): Response {
  const known = new Set(allowedHeaders.map((name) => name.toLowerCase()));
  const more = requested
    .split(',')
    .map((name) => name.trim())
    .filter((name) => headerName.test(name) && !known.has(name.toLowerCase()));
  preflight.headers.set('Access-Control-Allow-Headers', [...allowedHeaders, ...more].join(','));
  return preflight;
}

/** Wraps what answers requests; nothing where no origin is allowed. */
export function withCors(origins: readonly string[]): (handle: Handler) => Handler {
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
    if (!allowed.has(headerOf(context, 'origin') ?? '')) {
      // A cache must not give this response to an allowed origin (Fetch standard, "CORS protocol and HTTP caches").
      context.set('variesByOrigin', true);
      // A preflight is answered like any method that a path does not have.
      return handle(context);
    }
    const preflight = await allow(context, async () => {
      context.res = await handle(context);
    });
    if (!preflight) return context.res;
    return allowRequestedHeaders(preflight, headerOf(context, 'access-control-request-headers'));
  };
}
