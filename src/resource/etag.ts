/** Entity tags of versioned things (RFC 9110, section 8.8.3) and the conditions that clients build on them. */
import type { EntityTags } from '../http/request/parameters.ts';

/** The largest version that PostgreSQL's integer holds. */
const largestVersion = 2_147_483_647;

export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that an `If-Match` allows to be changed, by strong comparison; null for any.
 * A tag that this server never made matches nothing.
 */
export function allowedVersions(tags: EntityTags | undefined): number[] | null {
  if (tags === undefined || tags === '*') return null;
  return tags
    .map((tag) => Number(/^"([1-9]\d{0,9})"$/.exec(tag)?.[1] ?? Number.NaN))
    .filter((version) => version <= largestVersion);
}

/** Whether an `If-None-Match` names the version, by weak comparison. */
export function isCurrent(tags: EntityTags | undefined, version: number): boolean {
  if (tags === undefined) return false;
  return tags === '*' || tags.some((tag) => tag.replace(/^W\//, '') === entityTag(version));
}
