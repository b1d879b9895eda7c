/** Schemas of text in requests: any valid Unicode, with a length in code points. */
import { z } from 'zod';

/** Text with a maximum length, returned byte for byte as sent. */
export function text(max: number) {
  return storable(z.string())
    .refine((value) => codePoints(value) <= max, `must have at most ${max.toLocaleString('en')} characters`)
    .meta({ maxLength: max });
}

const control = /\p{Cc}/u;

/** Text on one line with a visible character. Leading and trailing white space is removed. */
export function trimmedText(min: number, max: number) {
  return (
    storable(z.string().overwrite(trim))
      .refine((value) => !control.test(value), 'must not contain control characters')
      .refine((value) => inRange(codePoints(value), min, max), `must have between ${min} and ${max} characters`)
      // An empty text, or one with control characters, already has a message.
      .refine((value) => value === '' || control.test(value) || isVisible(value), 'must have a visible character')
      .meta({ minLength: min, maxLength: max })
  );
}

/**
 * Characters that are invisible by themselves: white space, controls, combining marks, and default-ignorable characters
 * such as U+200B and U+3164. Unicode has no property for the rest: blank symbols (U+2800, U+13441, U+13442, U+1D159)
 * and the format characters of annotations and hieroglyphs.
 */
const invisible =
  /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\u2800\uFFF9-\uFFFB\u{13430}-\u{1343F}\u{13441}\u{13442}\u{1D159}]/u;

/** Whether a text has a visible character. */
export function isVisible(value: string): boolean {
  for (const character of value) if (!invisible.test(character)) return true;
  return false;
}

/** Unicode's property White_Space, and the byte order mark, which is white space in JavaScript. */
const whiteSpace = /[\p{White_Space}\uFEFF]/u;

/** `String.prototype.trim` does not remove U+0085. A regular expression for both ends takes quadratic time. */
function trim(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && whiteSpace.test(value.charAt(start))) start += 1;
  while (end > start && whiteSpace.test(value.charAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** Text that PostgreSQL can store: well-formed Unicode without U+0000. */
function storable(schema: z.ZodString): z.ZodString {
  return schema
    .refine((value) => value.isWellFormed(), { error: 'must not contain lone surrogates', abort: true })
    .refine((value) => !value.includes('\u0000'), { error: 'must not contain U+0000', abort: true });
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function codePoints(value: string): number {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
}
