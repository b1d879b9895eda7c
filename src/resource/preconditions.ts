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

/** @throws ProblemError version_mismatch with the current version, in `current_version` and as `ETag` */
export function assertVersion(version: number, allowed: AllowedVersions): void {
  if (allowed === null || allowed.includes(version)) return;
  throw new ProblemError('version_mismatch', {
    extensions: { current_version: version },
    headers: { ETag: entityTag(version) },
  });
}
