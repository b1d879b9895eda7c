/** Responses with one versioned resource. */
import { publicPath } from '../http/base-path.ts';
import type { EntityTags } from '../http/request/parameters.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { entityTag, isCurrent } from './etag.ts';

/** A resource as clients receive it. */
export interface VersionedResource {
  readonly id: string;
  readonly version: number;
}

/** The outcome of a write: created (201), changed or already there (200), or deleted (204). */
export type WriteStatus = 200 | 201 | 204;

/**
 * The parts of a response to a write, in the form that an idempotency key stores.
 *
 * @param resource the resource after the write; undefined if the write deleted it
 * @param collection the path of the list, without the base path
 */
export function writeResponse(
  status: WriteStatus,
  resource: VersionedResource | undefined,
  collection: string,
  context: RequestContext,
) {
  if (!resource) return { status, headers: {}, body: null };
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      ETag: entityTag(resource.version),
      ...(status === 201 && { Location: publicPath(context, `${collection}/${resource.id}`) }),
    },
    body: JSON.stringify(resource),
  };
}

/** The response to a read: the resource, or 304 if the client has its version. */
export function readResponse(resource: VersionedResource, ifNoneMatch: EntityTags | undefined): Response {
  const etag = { ETag: entityTag(resource.version) };
  if (isCurrent(ifNoneMatch, resource.version)) return new Response(null, { status: 304, headers: etag });
  return jsonResponse(resource, etag);
}
