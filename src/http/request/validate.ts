/** Request validation. It reports all errors at once, coerces nothing and rejects unknown fields. */
import { z } from 'zod';
import { type FieldError, ProblemError, validationFailed } from '../../problems/problem.ts';
import { headerOf, type RequestContext } from '../request-context.ts';
import type { Input, RequestSchemas, RouteDefinition } from '../route.ts';
import { parseJson } from './body.ts';
import { message, toFieldErrors } from './validation-errors.ts';

const noParameters = z.strictObject({});
const noQuery: Record<string, string | string[]> = {};
const noBody: Uint8Array = new Uint8Array();

/**
 * Validates a request and returns its input.
 *
 * @param bytes of the body
 * @throws ProblemError 400 for a malformed query or body (see `parseJson`), 422 for an invalid request, with the errors of
 *   all its parts
 */
export type RequestParser = (context: RequestContext, bytes?: Uint8Array) => Input<RequestSchemas>;

/** Creates the parser for requests of a route. */
export function createRequestParser({ request }: RouteDefinition): RequestParser {
  const headerNames = Object.keys(request.headers?.shape ?? {});
  // Most requests have none of these headers, so their result is computed once.
  const withoutHeaders = request.headers?.parse({});

  return (context, bytes = noBody) => {
    const query = readQuery(context.req.url);
    context.set('body', bytes);
    const body = request.body && parseJson(bytes);
    const hasHeaders = headerNames.some((name) => headerOf(context, name) !== undefined);
    const errors: FieldError[] = [];

    const check = (part: FieldError['in'], schema: z.ZodType | undefined, value: unknown): unknown => {
      if (!schema) return undefined;
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      // Error messages slow down every parse, so only invalid input is parsed with them.
      errors.push(...toFieldErrors(schema.safeParse(value, { error: message }).error?.issues ?? [], part));
      return undefined;
    };

    const input = {
      path: check('path', request.path, request.path && context.req.param()),
      query: check('query', request.query ?? (query === noQuery ? undefined : noParameters), query),
      headers: hasHeaders ? check('header', request.headers, headersOf(context, headerNames)) : withoutHeaders,
      body: check('body', request.body, body),
    };
    if (errors.length > 0) throw validationFailed(errors);
    return input as Input<RequestSchemas>;
  };
}

/** The headers that a schema names. Reading all headers would dominate the cost of most requests. */
function headersOf(context: RequestContext, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, headerOf(context, name)]));
}

/** The parameters of a query: a string each, or an array of strings for a repeated parameter. */
function readQuery(url: string): Record<string, string | string[]> {
  const start = url.indexOf('?');
  if (start < 0) return noQuery;
  const text = url.slice(start + 1).replace(/#.*$/, '');
  try {
    // URLSearchParams would silently replace invalid UTF-8 with U+FFFD.
    decodeURIComponent(text);
  } catch {
    throw new ProblemError('malformed_request', { detail: 'The query is not percent-encoded UTF-8.' });
  }
  const parameters = new URLSearchParams(text);
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}
