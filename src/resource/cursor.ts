/** Cursors: opaque texts for positions in lists, each bound to one user and to one list. */
import { z } from 'zod';
import { type ProblemError, validationFailed } from '../problems/problem.ts';
import type { Keyset } from './keyset.ts';
import { decodeOpaque, encodeOpaque } from './opaque-text.ts';

/** Raise it if the meaning of a cursor changes, so that the server rejects older cursors. */
const version = 1;

/** The list of a cursor. */
export interface SortedList {
  readonly filters: object;
  readonly sort: string;
}

/**
 * The cursor of a position.
 *
 * Its digest detects changes and uses with another list. The digest is not a secret and need not be one: a forged cursor
 * shows only a position in the caller's own list.
 */
export function writeCursor(ownerId: string, list: SortedList, position: Keyset): string {
  return encodeCursor(ownerId, list, JSON.stringify(position));
}

/** @param position the position as text; `readCursor` accepts only the JSON of a `Keyset` */
export function encodeCursor(ownerId: string, list: SortedList, position: string): string {
  return encodeOpaque(purposeOf(ownerId, list), position);
}

/** @throws ProblemError validation_failed if the cursor was changed, or belongs to another user or list */
export function readCursor(ownerId: string, list: SortedList, cursor: string): Keyset {
  const position = decodeOpaque(purposeOf(ownerId, list), cursor);
  const keyset = position === undefined ? undefined : parseKeyset(position);
  if (!keyset) throw invalidCursor();
  return keyset;
}

const keysetSchema = z.array(z.string()).min(2);

/** A client can compute the digest of any text, so an intact cursor may hold anything. */
function parseKeyset(position: string): Keyset | undefined {
  try {
    return keysetSchema.safeParse(JSON.parse(position)).data as Keyset | undefined;
  } catch {
    return undefined;
  }
}

/** The problem of a cursor that the server cannot use. */
export function invalidCursor(): ProblemError {
  const message = 'does not belong to this list; use it with the filters and the sort it came with, or start again';
  return validationFailed([{ in: 'query', pointer: 'cursor', message }]);
}

function purposeOf(ownerId: string, { filters, sort }: SortedList): string {
  return JSON.stringify([version, ownerId, sort, filters]);
}
