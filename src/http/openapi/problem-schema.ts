/** Problems (RFC 9457) as schemas of the OpenAPI document. */
import { z } from 'zod';
import { problemCodes } from '../../problems/catalogue.ts';

export const problemCode = z.enum(problemCodes).meta({
  id: 'ProblemCode',
  description: 'What went wrong, for programs. `/problems/{code}` explains each, with hyphens instead of underscores.',
});

const requestPart = z
  .enum(['body', 'query', 'path', 'header'])
  .meta({ id: 'RequestPart', description: 'The part of a request.' });

const fieldError = z
  .strictObject({
    in: requestPart,
    pointer: z.string().meta({ description: 'A JSON pointer in a body, a name elsewhere.' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError', description: 'One fault of a request.' });

export const problem = z
  .strictObject({
    type: z.string().meta({ format: 'uri-reference', description: 'Where the problem is explained, on this server.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened, fit to be shown to a person.' }),
    instance: z.string().meta({ description: 'The path of the request.' }),
    code: problemCode,
    request_id: z.string(),
    current_version: z
      .int()
      .optional()
      .meta({ description: 'On `version_mismatch`: the version that the resource has now.' }),
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
      .meta({ description: 'All faults of the request, on 422 and failed batches.' }),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457).' });
