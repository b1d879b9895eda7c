/** Positions: keys for the manual order of siblings, compared byte by byte. `todo.position_between` computes them. */
import { z } from 'zod';

/**
 * Maximum length of a position in a request. The server gives siblings new positions if one of theirs is longer, so that
 * positions in responses are not longer either.
 */
export const positionLength = 100;

/** No position is before it, so that it is a position only with a fraction. */
const smallestInteger = `A${'0'.repeat(26)}`;

const remedy =
  'compute it from the positions of its neighbours with the npm package fractional-indexing, or use the endpoint move';

/** A position that a client writes. `todo.is_position` accepts the same ones. */
export const position = z
  .string()
  .check(({ value, issues }) => {
    const error = errorOf(value);
    if (error) issues.push({ code: 'custom', message: `${error}; ${remedy}`, input: value });
  })
  .meta({
    description: `The place among the siblings, which are sorted by the bytes of their positions: an order key of the npm package \`fractional-indexing\`, with at most ${positionLength} characters.`,
    example: 'a0',
  });

function errorOf(value: string): string | undefined {
  if (!/^[A-Za-z][0-9A-Za-z]*$/.test(value)) return 'must be a letter with digits and letters after it (0-9, A-Z, a-z)';
  if (value.length > positionLength) return `must have at most ${positionLength} characters`;
  const length = integerLength(value);
  if (value.length < length) return `must have at least ${length} characters, as it begins with ${value.charAt(0)}`;
  if (value.length > length && value.endsWith('0')) return `must not end with 0 after its first ${length} characters`;
  if (value === smallestInteger) return 'must not be the smallest integer, because no position is before it';
  return undefined;
}

/** The number of characters of the integer that a key begins with: 2 for `a` and `Z`, up to 27 for `z` and `A`. */
function integerLength(key: string): number {
  const letter = key.charCodeAt(0);
  return key >= 'a' ? letter - 95 : 92 - letter;
}
