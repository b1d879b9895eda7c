/** Text in requests: any valid Unicode, with its length in code points. */
import { z } from 'zod';

/** Text up to a length, returned byte for byte as it was sent. */
export function text(most: number) {
  return storable(z.string())
    .refine((value) => codePoints(value) <= most, `must have at most ${most.toLocaleString('en')} characters`)
    .meta({ maxLength: most });
}

const control = /\p{Cc}/u;

/** Text on one line with something to see, without white space around it. */
export function trimmedText(least: number, most: number) {
  return (
    storable(z.string().overwrite(trim))
      .refine((value) => !control.test(value), 'must not contain control characters')
      .refine((value) => inRange(codePoints(value), least, most), `must have between ${least} and ${most} characters`)
      // One message is enough for what is empty, or consists of controls.
      .refine((value) => value === '' || control.test(value) || isVisible(value), 'must have a visible character')
      .meta({ minLength: least, maxLength: most })
  );
}

/**
 * What shows nothing by itself: white space, controls, default-ignorable characters such as U+200B and U+3164, and
 * marks that have no character to stand on. Unicode has no property for the rest, which are blank symbols
 * (U+2800, U+13441, U+13442, U+1D159) and the format characters of annotations and hieroglyphs.
 */
const invisible =
  /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\u2800\uFFF9-\uFFFB\u{13430}-\u{1343F}\u{13441}\u{13442}\u{1D159}]/u;

/** Whether a text has a character that can be seen. */
export function isVisible(value: string): boolean {
  for (const character of value) if (!invisible.test(character)) return true;
  return false;
}

/** White space by Unicode's property White_Space, and the byte order mark, which JavaScript counts as white space. */
const whiteSpace = /[\p{White_Space}\uFEFF]/u;

/** `String.prototype.trim` leaves U+0085. A regular expression for both ends takes quadratic time. */
function trim(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && whiteSpace.test(value.charAt(start))) start += 1;
  while (end > start && whiteSpace.test(value.charAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** What PostgreSQL can hold: no U+0000, and nothing that is not Unicode. */
function storable(schema: z.ZodString): z.ZodString {
  return schema
    .refine((value) => value.isWellFormed(), { error: 'must not contain lone surrogates', abort: true })
    .refine((value) => !value.includes('\u0000'), { error: 'must not contain U+0000', abort: true });
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function codePoints(value: string): number {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}
