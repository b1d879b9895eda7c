/** Conversion of zod's issues to the API's field errors. */
import type { z } from 'zod';
import type { FieldError } from '../../problems/problem.ts';

type Issue = z.core.$ZodIssue;

/** The errors that a schema found in one part of a request. */
export function toFieldErrors(issues: readonly Issue[], part: FieldError['in']): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const noun = part === 'body' ? 'field' : 'parameter';
      return issue.keys.map((key) => fieldError(part, [...issue.path, key], `is not a known ${noun}`));
    }
    return [fieldError(part, issue.path, issue.message)];
  });
}

function fieldError(part: FieldError['in'], path: readonly PropertyKey[], message: string): FieldError {
  // RFC 6901, section 3.
  const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { in: part, pointer: part === 'body' ? pointer : String(path[0] ?? ''), message };
}

const typeNames: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

/** The message for an issue. A message of the schema itself has priority. */
export function message(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is required';
      if (Array.isArray(issue.input) && issue.expected === 'string') return 'must be a string, given once';
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    }
    case 'invalid_value':
      if (issue.input === undefined) return 'is required';
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'too_big':
      return `must have at most ${issue.maximum}${issue.origin === 'array' ? ' items' : ''}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    default:
      return undefined;
  }
}
