/** Base path: the path of PUBLIC_URL. Every path of this server that a client receives begins with it. */
import type { Handler, Placement, RequestContext } from './request-context.ts';

/** All placements of a route: below the base path, and at the root for health checks and for proxies that strip the base path. */
export function placementsOf(basePath: string): readonly Placement[] {
  const atRoot = { basePath, stripped: basePath };
  return basePath === '' ? [atRoot] : [{ basePath, stripped: '' }, atRoot];
}

/** The path at which a route is registered for a placement. */
export function mountedAt({ basePath, stripped }: Placement, path: string): string {
  return stripped === basePath ? path : `${basePath}${path}`;
}

/** The placement of a request without a matching route. */
export function placementOfUnknown(basePath: string, path: string): Placement {
  const hasBasePath = path === basePath || path.startsWith(`${basePath}/`);
  return { basePath, stripped: hasBasePath ? '' : basePath };
}

/** Sets the placement of each request before its handler. */
export function withPlacement(placementOf: (path: string) => Placement, handler: Handler): Handler {
  return (context) => {
    context.set('placement', placementOf(context.req.path));
    return handler(context);
  };
}

/** A path of this server as clients see it. */
export function publicPath(context: RequestContext, path: string): string {
  return `${context.get('placement').basePath}${path}`;
}

/** Redirects the base path without its trailing slash to the index, so that relative links stay below the base path. */
export function redirectToIndex(context: RequestContext): Response {
  const { search } = new URL(context.req.url);
  return new Response(null, { status: 308, headers: { Location: `${publicPath(context, '/')}${search}` } });
}

/**
 * The path of the request as the client sent it: below the base path, without the query, and percent-encoded, so that it
 * is a URI reference.
 */
export function pathOf(context: RequestContext): string {
  return `${context.get('placement').stripped}${new URL(context.req.url).pathname}`;
}

/** The URL of the request with the path as the client sent it. */
export function urlOf(context: RequestContext): string {
  const { stripped } = context.get('placement');
  if (stripped === '') return context.req.url;
  const url = new URL(context.req.url);
  url.pathname = `${stripped}${url.pathname}`;
  return url.href;
}
