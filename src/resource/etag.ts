/** Entity tags of versioned resources (RFC 9110, section 8.8.3). */
import type { EntityTags } from '../http/request/parameters.ts';
import { namesTag } from '../http/response/static.ts';

/** The strong entity tag of a version: `"3"`. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** Whether an `If-None-Match` names the version, by weak comparison. */
export function isCurrent(tags: EntityTags | undefined, version: number): boolean {
  return namesTag(tags, entityTag(version));
}
