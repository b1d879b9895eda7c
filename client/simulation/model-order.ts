/** Model of the manual order: positions among siblings, computed by the npm package `fractional-indexing`. */
import { generateKeyBetween, generateNKeysBetween } from 'fractional-indexing';
import type { Resource } from '../src/offline/operation.ts';

/** Shorter than that of the API, so that siblings often get new positions. */
const maxLength = 5;

/** The place of a resource: its siblings have the same one. */
export interface Group {
  readonly list_id?: unknown;
  readonly parent_id?: unknown;
}

/** The resources of a group in their order, without one of them. */
export function siblingsIn(group: Group, resources: Iterable<Resource>, without: string): Resource[] {
  return [...resources]
    .filter((each) => each.id !== without && each.list_id === group.list_id && each.parent_id === group.parent_id)
    .sort(inOrder);
}

/** The order of the API, by the bytes of the position and the id. */
export function inOrder(one: Resource, other: Resource): number {
  const bytes = ({ position, id }: Resource) => Buffer.from(`${position}\0${id}`);
  return Buffer.compare(bytes(one), bytes(other));
}

export function lastPosition(siblings: readonly Resource[]): string {
  return generateKeyBetween(positionOf(siblings.at(-1)), null);
}

/**
 * A position between siblings.
 *
 * @param index the number of siblings before it
 * @param current the position of the resource among them, which stays if it is there; undefined if it has none
 * @returns undefined if there is none: they need new positions
 */
export function positionAt(siblings: readonly Resource[], index: number, current: unknown): string | undefined {
  const [lower, upper] = [positionOf(siblings[index - 1]), positionOf(siblings[index])];
  if (typeof current === 'string' && (!lower || lower < current) && (!upper || current < upper)) return current;
  if (lower !== null && lower === upper) return undefined;
  const position = generateKeyBetween(lower, upper);
  return position.length > maxLength ? undefined : position;
}

/** New, short positions in the same order. */
export function newPositions(count: number): string[] {
  return generateNKeysBetween(null, null, count);
}

function positionOf(resource: Resource | undefined): string | null {
  return (resource?.position as string | undefined) ?? null;
}
