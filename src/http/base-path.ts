/** The path of PUBLIC_URL, below which clients see the server: all that the server says of its own paths begins with it. */
import type { Placement, RequestContext } from './request-context.ts';

/** Every placement of a route: below the base path, and at the root for proxies that take it off and for health checks. */
export function placementsOf(basePath: string): readonly Placement[] {
  const atRoot = { basePath, stripped: basePath };
  return basePath === '' ? [atRoot] : [{ basePath, stripped: '' }, atRoot];
}

/** The path that a route of this placement is mounted at. */
export function mountedAt({ basePath, stripped }: Placement, path: string): string {
  return stripped === basePath ? path : `${basePath}${path}`;
}

/** The placement of a request that no route answers. */
export function placementOfUnknown(basePath: string, path: string): Placement {
  const isKept = path === basePath || path.startsWith(`${basePath}/`);
  return { basePath, stripped: isKept ? '' : basePath };
}

/** A path of this server as clients see it. */
export function publicPath(context: RequestContext, path: string): string {
  return `${context.get('placement').basePath}${path}`;
}

/**
 * The path of the request as the client sent it: below the base path, percent-encoded so that it is a URI reference, and
 * without the query.
 */
export function pathOf(context: RequestContext): string {
  return `${context.get('placement').stripped}${new URL(context.req.url).pathname}`;
}

/** The URL of the request with the path that the client sent. */
export function urlOf(context: RequestContext): string {
  const { stripped } = context.get('placement');
  if (stripped === '') return context.req.url;
  const url = new URL(context.req.url);
  url.pathname = `${stripped}${url.pathname}`;
  return url.href;
}
