/** From a request to the checked input of an operation: every fault at once, nothing coerced, nothing ignored. */
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
 * The checked input of a request.
 *
 * @param bytes of the body
 * @throws ProblemError 400 for a query or a body that cannot be read (see `parseJson`), 422 for a request that is not valid,
 *   with the faults of all its parts
 */
export type RequestParser = (context: RequestContext, bytes?: Uint8Array) => Input<RequestSchemas>;

/** Makes the one that reads requests for an operation. */
export function createRequestParser({ request }: RouteDefinition): RequestParser {
  const headerNames = Object.keys(request.headers?.shape ?? {});
  // Most requests have none of them.
  const withoutHeaders = request.headers?.parse({});

  return (context, bytes = noBody) => {
    const query = readQuery(context.req.url);
    context.set('body', bytes);
    const body = request.body && parseJson(bytes);
    const hasHeaders = headerNames.some((name) => headerOf(context, name) !== undefined);
    const faults: FieldError[] = [];

    const check = (part: FieldError['in'], schema: z.ZodType | undefined, value: unknown): unknown => {
      if (!schema) return undefined;
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      // A second time for the words: to have them ready costs more than all the rest of what is valid.
      faults.push(...toFieldErrors(schema.safeParse(value, { error: message }).error?.issues ?? [], part));
      return undefined;
    };

    const input = {
      path: check('path', request.path, request.path && context.req.param()),
      query: check('query', request.query ?? (query === noQuery ? undefined : noParameters), query),
      headers: hasHeaders ? check('header', request.headers, headersOf(context, headerNames)) : withoutHeaders,
      body: check('body', request.body, body),
    };
    if (faults.length > 0) throw validationFailed(faults);
    return input as Input<RequestSchemas>;
  };
}

/** Those that a schema names: all of them would be more to read than the rest of most requests. */
function headersOf(context: RequestContext, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, headerOf(context, name)]));
}

/** The parameters of a query: a text for each, an array of them for one that is repeated. */
function readQuery(url: string): Record<string, string | string[]> {
  const start = url.indexOf('?');
  if (start < 0) return noQuery;
  const text = url.slice(start + 1).replace(/#.*$/, '');
  try {
    // URLSearchParams would turn what is not UTF-8 into question marks without a word.
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
