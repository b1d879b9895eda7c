/** Cursors of the changes: opaque texts for points in the numbering of one user's changes. */
import { z } from 'zod';
import { type FieldError, type ProblemError, validationFailed } from '../problems/problem.ts';
import { decodeOpaque, encodeOpaque } from '../resource/opaque-text.ts';

/** Raise the number if the meaning of a cursor changes, so that the server rejects older cursors. */
const purpose = 'changes 1';

/** A point in the numbering of a user's changes. */
export interface Position {
  /** The epoch of the numbers. It is random, so it also identifies the user. */
  readonly epoch: string;
  /** The client has all changes up to this number. */
  readonly seq: number;
  /** Within a snapshot, the last number at its beginning. The client needs no removals up to it. */
  readonly snapshotHead?: number;
}

/** The part of a request that has a cursor. */
type CursorPlace = Pick<FieldError, 'in' | 'pointer'>;

const number = z.int().min(0);

const content = z.union([z.tuple([z.uuid(), number]), z.tuple([z.uuid(), number, number])]);

export function writeCursor({ epoch, seq, snapshotHead }: Position): string {
  return encodeOpaque(purpose, JSON.stringify(snapshotHead === undefined ? [epoch, seq] : [epoch, seq, snapshotHead]));
}

/**
 * Reads a cursor of any user. The statement that uses the position compares its epoch with the epoch of the user.
 *
 * @param place the part of the request that has the cursor
 * @throws ProblemError validation_failed if the cursor was changed
 */
export function readCursor(cursor: string, place: CursorPlace = { in: 'query', pointer: 'since' }): Position {
  const text = decodeOpaque(purpose, cursor);
  const position = text === undefined ? undefined : parsePosition(text);
  if (!position) throw invalidCursor(place);
  return position;
}

/** A client can compute the digest of any text, so an intact cursor may hold anything. */
function parsePosition(text: string): Position | undefined {
  try {
    const [epoch, seq, snapshotHead] = content.parse(JSON.parse(text));
    return snapshotHead === undefined ? { epoch, seq } : { epoch, seq, snapshotHead };
  } catch {
    return undefined;
  }
}

function invalidCursor(place: CursorPlace): ProblemError {
  const message =
    'is not a cursor of this server; use one from a response unchanged, or omit it to start with a snapshot';
  return validationFailed([{ ...place, message }]);
}
