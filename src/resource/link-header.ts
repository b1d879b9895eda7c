/** The `Link` header of a page (RFC 8288). */
import { publicPath } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';

/**
 * Links to the first page and, if there is a cursor, to the next one. They keep the other parameters of the query.
 *
 * @param path the path of the list, without the base path
 * @param cursor the beginning of the next page; undefined on the last one
 */
export function linkHeader(context: RequestContext, path: string, cursor: string | undefined): string {
  const { url } = context.req;
  const start = url.indexOf('?');
  const parameters = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  parameters.delete('cursor');
  parameters.delete('skip');
  const target = publicPath(context, path);
  const link = (relation: string) => `<${target}${parameters.size > 0 ? `?${parameters}` : ''}>; rel="${relation}"`;
  const first = link('first');
  if (cursor === undefined) return first;
  parameters.set('cursor', cursor);
  return `${link('next')}, ${first}`;
}
