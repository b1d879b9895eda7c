/** Preconditions of writes on versioned resources: `If-Match` (RFC 9110, section 13.1.1) and `if_version`. */
import type { EntityTags } from '../http/request/parameters.ts';
import { ProblemError } from '../problems/problem.ts';
import { entityTag } from './etag.ts';

/** The largest version that PostgreSQL's integer holds. */
export const maxVersion = 2_147_483_647;

/** The versions that a write may change; null for any. */
export type AllowedVersions = readonly number[] | null;

/** The versions that an `If-Match` allows, by strong comparison. A tag that is not from this server matches nothing. */
export function allowedVersions(tags: EntityTags | undefined): AllowedVersions {
  if (tags === undefined || tags === '*') return null;
  return tags
    .map((tag) => Number(/^"([1-9]\d{0,9})"$/.exec(tag)?.[1] ?? Number.NaN))
    .filter((version) => version <= maxVersion);
}

/** SQL: whether a version is allowed; the parameter `versions` is null for any. */
export function isAllowed(version: string, versions: string): string {
  return `(${versions}::integer[] is null or ${version} = any (${versions}))`;
}

/** The problem of a write that does not allow the current version, which is in `current_version` and in `ETag`. */
export function versionMismatch(version: number): ProblemError {
  return new ProblemError('version_mismatch', {
    extensions: { current_version: version },
    headers: { ETag: entityTag(version) },
  });
}
