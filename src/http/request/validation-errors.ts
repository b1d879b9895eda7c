/** Conversion of zod's issues to the API's field errors. */
import { z } from 'zod';
import { maxErrors } from '../../problems/bounds.ts';
import type { FieldError } from '../../problems/problem.ts';

type Issue = z.core.$ZodRawIssue;

/** The errors of a request: all of them counted, and only the first ones kept, because each costs time and space. */
export class FoundErrors {
  readonly first: FieldError[] = [];
  count = 0;

  /** Adds the errors that a schema found in one part of the request. */
  add(issues: readonly Issue[], part: FieldError['in']): void {
    for (const issue of issues) {
      const path = issue.path ?? [];
      if (issue.code !== 'unrecognized_keys') {
        this.#add(part, path, () => messageOf(issue));
        continue;
      }
      const noun = part === 'body' ? 'field' : 'parameter';
      for (const key of issue.keys) this.#add(part, [...path, key], () => `is not a known ${noun}`);
    }
  }

  #add(part: FieldError['in'], path: readonly PropertyKey[], message: () => string): void {
    this.count += 1;
    if (this.first.length < maxErrors) this.first.push(fieldError(part, path, message()));
  }
}

function fieldError(part: FieldError['in'], path: readonly PropertyKey[], message: string): FieldError {
  // RFC 6901, section 3.
  const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { in: part, pointer: part === 'body' ? pointer : String(path[0] ?? ''), message };
}

/** The message of an issue. A message of the schema itself has priority. */
function messageOf(issue: Issue): string {
  return z.core.util.finalizeIssue(issue, { error: defaultMessage }, z.core.config()).message;
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

/** The message of a value of another type than the expected one. */
export function typeMessage(expected: string, isMissing: boolean): string {
  return isMissing ? 'is required' : `must be ${typeNames[expected] ?? expected}`;
}

/** The message of an object that is none of a discriminated union. Other unions have messages of their own. */
function discriminatorMessage({ input, discriminator, options }: Issue): string | undefined {
  if (!Array.isArray(options) || typeof discriminator !== 'string') return undefined;
  const isMissing = (input as Record<string, unknown>)[discriminator] === undefined;
  return isMissing ? 'is required' : `must be one of ${options.join(', ')}`;
}

/** The message of an issue without a message of its own. */
function defaultMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (Array.isArray(issue.input) && issue.expected === 'string') return 'must be a string, given once';
      return typeMessage(issue.expected, issue.input === undefined);
    }
    case 'invalid_value':
      if (issue.input === undefined) return 'is required';
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
    case 'invalid_union':
      return discriminatorMessage(issue);
    case 'too_big':
      if (typeof issue.input === 'number') return `must be at most ${issue.maximum}`;
      return `must have at most ${issue.maximum}${issue.origin === 'array' ? ' items' : ''}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    default:
      return undefined;
  }
}
