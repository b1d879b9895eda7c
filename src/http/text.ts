/** Text in request bodies: any valid Unicode, with its length in code points. */
import { z } from 'zod';

/** Text up to a length, returned byte for byte as it was sent. */
export function text(most: number) {
  return storable(z.string())
    .refine((value) => codePoints(value) <= most, `must have at most ${most.toLocaleString('en')} characters`)
    .meta({ maxLength: most });
}

/** Text on one line without space around it. */
export function trimmedText(least: number, most: number) {
  return storable(z.string().trim())
    .refine((value) => !/\p{Cc}/u.test(value), 'must not contain control characters')
    .refine((value) => inRange(codePoints(value), least, most), `must have between ${least} and ${most} characters`)
    .meta({ minLength: least, maxLength: most });
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
