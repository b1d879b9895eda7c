/** Responses with a body that stays the same while the server runs. */
import { hash } from 'node:crypto';
import type { EntityTags } from '../request/parameters.ts';

/** A body with its entity tag, computed once. */
export interface StaticBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
}

export function staticBody(content: string | Uint8Array): StaticBody {
  const bytes = Uint8Array.from(typeof content === 'string' ? Buffer.from(content) : content);
  return { bytes, etag: `"${hash('sha256', bytes, 'base64url').slice(0, 16)}"` };
}

/** The body, or 304 without it if the client has it already. */
export function staticResponse(
  { bytes, etag }: StaticBody,
  headers: Readonly<Record<string, string>>,
  ifNoneMatch: EntityTags | undefined,
): Response {
  const { 'Content-Type': _, ...others } = headers;
  if (namesTag(ifNoneMatch, etag)) return new Response(null, { status: 304, headers: { ...others, ETag: etag } });
  return new Response(bytes, { headers: { ...headers, ETag: etag } });
}

/** Whether an `If-None-Match` names the entity tag, by weak comparison (RFC 9110, section 13.1.2). */
export function namesTag(tags: EntityTags | undefined, etag: string): boolean {
  if (tags === undefined) return false;
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === etag);
}
