/** Cross-origin resource sharing (CORS) for the configured origins. */
import { cors } from 'hono/cors';
import { headerOf, type Middleware } from '../request-context.ts';

/** The response headers that scripts in a browser can read. */
const exposedHeaders = [
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'X-Request-Id',
  'WWW-Authenticate',
  'Change-Set',
  'Next-Cursor',
  'Content-Disposition',
  'RateLimit',
  'RateLimit-Policy',
  'Idempotency-Replayed',
  'set-auth-token',
];

/** The request headers that the API reads. A preflight response also allows the headers that the page requests. */
const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Request-Id',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
  'Mcp-Method',
  'Mcp-Name',
];

/** A header name (RFC 9110, section 5.6.2). */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Allows the headers that a page requests. Tracing libraries add their own headers, such as `traceparent`,
 * `sentry-trace` and `x-datadog-trace-id`. HTTP clients add others, such as `X-Requested-With`. The origin is already
 * trusted, and the API ignores unknown headers.
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

/** Allows requests from these origins. Without origins, the middleware does nothing. */
export function allowOrigins(origins: readonly string[]): Middleware {
  if (origins.length === 0) return (_route, next) => next;
  const allowed = new Set(origins);
  const handleCors = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: allowedHeaders,
    exposeHeaders: exposedHeaders,
    // For the cookies of the embedded issuer.
    credentials: true,
    maxAge: 600,
  });
  return (_route, next) => async (context) => {
    if (!allowed.has(headerOf(context, 'origin') ?? '')) {
      // A cache must not send this response to an allowed origin (Fetch standard, "CORS protocol and HTTP caches").
      context.set('variesByOrigin', true);
      // A preflight is handled like any method that the path does not have.
      return next(context);
    }
    const preflight = await handleCors(context, async () => {
      context.res = await next(context);
    });
    if (!preflight) return context.res;
    return allowRequestedHeaders(preflight, headerOf(context, 'access-control-request-headers'));
  };
}
