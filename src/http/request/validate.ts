/** Request validation. It finds all errors at once, lists the first ones, coerces nothing and rejects unknown fields. */
import { z } from 'zod';
import { type FieldError, validationFailed } from '../../problems/problem.ts';
import { headerOf, type RequestContext } from '../request-context.ts';
import type { Input, RequestSchemas, RouteDefinition } from '../route.ts';
import { linesType, parseJson } from './body.ts';
import { noQuery, readQuery } from './query.ts';
import { FoundErrors } from './validation-errors.ts';

const noParameters = z.strictObject({});
const emptyBody: Uint8Array = new Uint8Array();

/**
 * Validates a request and returns its input.
 *
 * @param bytes of the body
 * @throws ProblemError 400 for a malformed query or body (see `parseJson`), 422 for an invalid request, with the errors of
 *   all its parts
 */
export type RequestParser = (context: RequestContext, bytes?: Uint8Array) => Input<RequestSchemas>;

/** Creates the parser for requests of a route. */
export function createRequestParser({ request, bodyTypes = [] }: RouteDefinition): RequestParser {
  // The handler reads lines by itself, because each line has a schema of its own.
  const bodySchema = bodyTypes.includes(linesType) ? undefined : request.body;
  const headerNames = Object.keys(request.headers?.shape ?? {});
  // Most requests have none of these headers, so their result is computed once.
  const withoutHeaders = request.headers?.parse({});

  return (context, bytes = emptyBody) => {
    const query = readQuery(context.req.url);
    context.set('body', bytes);
    const body = bodySchema && parseJson(bytes);
    const hasHeaders = headerNames.some((name) => headerOf(context, name) !== undefined);
    const errors = new FoundErrors();

    const check = (part: FieldError['in'], schema: z.ZodType | undefined, value: unknown): unknown => {
      if (!schema) return undefined;
      // `safeParse` would create a message for each of possibly thousands of issues.
      const { value: parsed, issues } = runSchema(schema, value);
      if (issues.length === 0) return parsed;
      errors.add(issues, part);
      return undefined;
    };

    const input = {
      path: check('path', request.path, request.path && context.req.param()),
      query: check('query', request.query ?? (query === noQuery ? undefined : noParameters), query),
      headers: hasHeaders ? check('header', request.headers, headersOf(context, headerNames)) : withoutHeaders,
      body: check('body', bodySchema, body),
    };
    if (errors.count > 0) throw validationFailed(errors.first, errors.count);
    return input as Input<RequestSchemas>;
  };
}

/** The headers that a schema names. Reading all headers would dominate the cost of most requests. */
function headersOf(context: RequestContext, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, headerOf(context, name)]));
}

/** The result of a schema without asynchronous checks, with the issues as zod found them. */
export function runSchema(schema: z.ZodType, value: unknown): z.core.ParsePayload {
  const result = schema._zod.run({ value, issues: [] }, { async: false });
  if (result instanceof Promise) throw new Error('the schema of a request must be synchronous');
  return result;
}
