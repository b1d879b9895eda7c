/** Query parameters and headers that more than one operation takes. */
import { z } from 'zod';

/** A whole number in plain decimal digits: no sign, no exponent, no leading zeros, no spaces. */
export function wholeNumber(least: number, most: number, fallback: number, description: string) {
  const expectation = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .refine((text) => /^(0|[1-9]\d{0,8})$/.test(text) && Number(text) >= least && Number(text) <= most, expectation)
    .transform(Number)
    .default(fallback)
    .meta({
      type: 'integer',
      minimum: least,
      maximum: most,
      description: `${description} Default: \`${fallback}\`.`,
    });
}

/** A parameter that may be given several times; always an array. */
export function repeatable<Schema extends z.ZodType>(item: Schema, description: string) {
  return z
    .preprocess(
      (value) => (Array.isArray(value) || value === undefined ? value : [value]),
      z.array(item).max(20).optional(),
    )
    .meta({ description });
}

/** The entity tags of a conditional header (RFC 9110, section 13.1), or `*` for any. */
export type EntityTags = '*' | readonly string[];

const entityTag = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;

/** Tags may hold commas, and a list may have empty elements (RFC 9110, section 5.6.1.2). */
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

export const ifMatch = entityTags('Change the task only while it has one of these entity tags; weak ones never match.');
export const ifNoneMatch = entityTags('Answer 304 without a body while the task has one of these entity tags.');
