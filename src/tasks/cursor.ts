/** Cursors: the place in a list where the next page begins, tied to the user and the list it was made for. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { type ProblemError, validationFailed } from '../problems/problem.ts';
import type { Keyset, ListQuery } from './sql/list-statement.ts';

/** Goes up when the meaning of a cursor changes, so that older ones are refused. */
const version = 1;

/** In characters of base64url: a whole number of bytes. */
const digestLength = 16;

/** The list that a cursor belongs to. */
type List = Pick<ListQuery, 'filters' | 'sort'>;

/**
 * An opaque text for a place in a list.
 *
 * Its digest shows a change and a use with another list; it is no secret, nor need it be: whoever makes up a cursor
 * gets to see nothing but a place in their own list.
 */
export function writeCursor(ownerId: string, list: List, position: Keyset): string {
  return encodeCursor(ownerId, list, JSON.stringify(position));
}

/** @param place the text of the place; `readCursor` accepts only the JSON of a `Position` */
export function encodeCursor(ownerId: string, list: List, place: string): string {
  return digest(ownerId, list, place) + Buffer.from(place).toString('base64url');
}

/** @throws ProblemError validation_failed where the cursor was changed, or made for another user or list */
export function readCursor(ownerId: string, list: List, cursor: string): Keyset {
  const bytes = Buffer.from(cursor.slice(digestLength), 'base64url');
  const place = bytes.toString();
  const intact = cursor === digest(ownerId, list, place) + bytes.toString('base64url');
  const position = intact ? parsePosition(place) : undefined;
  if (!position) throw cursorRefused();
  return position;
}

const positions = z.tuple([z.string(), z.string()]);

/** A client can compute the digest of any text, so an intact cursor may hold anything. */
function parsePosition(place: string): Keyset | undefined {
  try {
    return positions.safeParse(JSON.parse(place)).data;
  } catch {
    return undefined;
  }
}

/** The problem of a cursor that cannot be used. */
export function cursorRefused(): ProblemError {
  const message =
    'is not one that this list gave out; use it with the filters and the sort it came with, or start again';
  return validationFailed([{ in: 'query', pointer: 'cursor', message }]);
}

function digest(ownerId: string, { filters, sort }: List, place: string): string {
  const list = JSON.stringify([version, ownerId, sort, filters]);
  return hash('sha256', `${list}\n${place}`, 'base64url').slice(0, digestLength);
}
