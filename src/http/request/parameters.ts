/** Schemas of query parameters and headers that several operations share. */
import { z } from 'zod';

/** A whole number in plain decimal digits: no sign, no exponent, no leading zeros, no spaces. */
export function wholeNumber(min: number, max: number, defaultValue: number, description: string) {
  const expectation = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .refine((text) => /^(0|[1-9]\d{0,8})$/.test(text) && Number(text) >= min && Number(text) <= max, expectation)
    .transform(Number)
    .default(defaultValue)
    .meta({
      type: 'integer',
      minimum: min,
      maximum: max,
      description: `${description} Default: \`${defaultValue}\`.`,
    });
}

/** Maximum number of values of a repeatable parameter. */
export const maxRepeats = 20;

/** A repeatable parameter. The result is always an array. */
export function repeatable<Schema extends z.ZodType>(item: Schema, description: string) {
  return z
    .preprocess(
      (value) => (Array.isArray(value) || value === undefined ? value : [value]),
      z.array(item).max(maxRepeats).optional(),
    )
    .meta({ description });
}

/** The entity tags of a conditional header (RFC 9110, section 13.1), or `*` for any. */
export type EntityTags = '*' | readonly string[];

const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;

/** Tags can contain commas, and a list can have empty elements (RFC 9110, section 5.6.1.2). */
const entityTagList = new RegExp(`^[\\t ,]*${entityTag.source}(?:[\\t ]*,[\\t ,]*${entityTag.source})*[\\t ,]*$`);

function entityTags(description: string) {
  return z
    .string()
    .transform((text, context): EntityTags => {
      if (text.trim() === '*') return '*';
      if (!entityTagList.test(text)) {
        context.addIssue({
          code: 'custom',
          message: 'must be * or a list of entity tags in double quotes, such as "3"',
        });
      }
      return text.match(new RegExp(entityTag, 'g')) ?? [];
    })
    .optional()
    .meta({ type: 'string', description, example: '"3"' });
}

export const ifMatch = entityTags('Write only if the resource has one of these entity tags. Weak tags never match.');
export const ifNoneMatch = entityTags('Respond with 304 without a body if the resource has one of these entity tags.');
