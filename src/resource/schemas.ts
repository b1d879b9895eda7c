/** Schemas of the fields and parameters that all resources have. */
import { z } from 'zod';
import { wholeNumber } from '../http/request/parameters.ts';
import { instant } from '../http/request/timestamp.ts';
import { maxVersion } from './preconditions.ts';

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const resourceId = z
  .string()
  .refine((value) => canonicalUuid.test(value), 'must be a UUID in lower case with hyphens')
  .meta({ format: 'uuid', example: '0193a5b0-7e5c-7b21-9c4e-2f6d1a8b3c4d' });

/** The parameter of an object schema that adds an example to the error of a value that is no object. */
export function objectSuchAs(example: object) {
  const message = `must be an object such as ${JSON.stringify(example)}`;
  return {
    error: ({ code, input }: z.core.$ZodRawIssue) =>
      code === 'invalid_type' && input !== undefined ? message : undefined,
  };
}

export const clientId = resourceId
  .optional()
  .meta({ description: 'An id of your own, which makes the request safe to repeat.' });

export const ownerId = z
  .string()
  .meta({ description: 'The `sub` claim of the owner’s tokens.', example: 'r4Tk2bQvXcYw7Zn1' });

export const timestamp = z.string().meta({ format: 'date-time', example: '2026-11-20T09:30:00.000000Z' });

export const version = z
  .int()
  .min(1)
  .max(maxVersion)
  .meta({ description: '1 at creation, incremented by every change.', example: 1 });

/** A version in a file. It is far from the largest one, so that the resource can change afterwards. */
const importedVersion = version.max(1_000_000_000, 'must be at most 1,000,000,000');

/** The fields of an imported resource that the server sets otherwise. Their values are those of an export. */
export const importedFields = {
  id: resourceId,
  version: importedVersion.default(1),
  created_at: instant.optional(),
  updated_at: instant.optional(),
};

/** A field that an export has and an import computes. */
export const computedField = z.unknown().optional();

/**
 * The names of an enum's members in generated clients, for `x-enum-varnames`. Go has one namespace for the constants of all
 * enums.
 */
export function enumConstants(prefix: string, members: readonly string[]): string[] {
  return members.map((member) => `${prefix}_${member.toUpperCase()}`);
}

/** Maximum number of resources on a page, and maximum length of a cursor. */
export const pageLimits = { limit: 200, defaultLimit: 100, cursor: 4_096 } as const;

/** @param name the plural of the resource, for the description */
export function pageParameters(name: string) {
  return {
    limit: wholeNumber(1, pageLimits.limit, pageLimits.defaultLimit, `Maximum number of ${name} per page.`),
    cursor: z
      .string()
      .max(pageLimits.cursor, 'does not belong to this list')
      .optional()
      .meta({ description: 'The beginning of the page, from a `Link` header.' }),
  };
}

/** The description of the body of a PATCH, for OpenAPI. */
export const mergePatchDescription =
  'A JSON Merge Patch (RFC 7396): absent fields keep their values, and null clears a nullable field. A client that omits null fields cannot clear a field; use PUT, which resets omitted fields.';

/** The headers of a page, for OpenAPI. */
export const pageHeaders = {
  Link: '`rel="next"` unless this is the last page, and `rel="first"`.',
  'Next-Cursor': 'Absent on the last page: the `cursor` of the next page, which `Link` also has.',
};
