/** Schemas of problems (RFC 9457) in the OpenAPI document. */
import { z } from 'zod';
import { problemCodes } from '../../problems/catalogue.ts';

export const problemCode = z.enum(problemCodes).meta({
  id: 'ProblemCode',
  description:
    'The kind of error, for programs. `/problems/{code}` explains each code, with hyphens instead of underscores.',
});

const requestPart = z
  .enum(['body', 'query', 'path', 'header'])
  .meta({ id: 'RequestPart', description: 'The part of a request.' });

const fieldError = z
  .strictObject({
    in: requestPart,
    pointer: z
      .string()
      .meta({ description: 'A JSON pointer in a body; otherwise the name of the parameter or header.' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError', description: 'An error in one field of a request.' });

export const problem = z
  .strictObject({
    type: z
      .string()
      .meta({ format: 'uri-reference', description: 'A link to the explanation of the problem on this server.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'The error of this request, in words for people.' }),
    instance: z.string().meta({ description: 'The path of the request.' }),
    code: problemCode,
    request_id: z.string(),
    current_version: z.int().optional().meta({
      description:
        'On `version_mismatch`: the current version of the resource. Absent for a resource that the failed batch would have created.',
    }),
    auth_code: z.string().optional().meta({
      description: 'On errors of the embedded issuer: the error code of Better Auth.',
      example: 'INVALID_EMAIL_OR_PASSWORD',
    }),
    message: z
      .string()
      .optional()
      .meta({ description: 'On errors of the embedded issuer: the message of Better Auth, or else the `detail`.' }),
    errors: z
      .array(fieldError)
      .optional()
      .meta({ description: 'All errors of the request, on 422 and on failed batches.' }),
  })
  .meta({ id: 'Problem', description: 'An error response (RFC 9457).' });
