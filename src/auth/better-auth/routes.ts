/** Routes of the embedded issuer's endpoints, with the rate limits and the problems of this API. */
import { urlOf } from '../../http/base-path.ts';
import { ClientClosedError } from '../../http/client-closed.ts';
import { parseJson, readBody, readOptionalBody } from '../../http/request/body.ts';
import { checkQuery, readQuery } from '../../http/request/query.ts';
import { runSchema } from '../../http/request/validate.ts';
import { FoundErrors } from '../../http/request/validation-errors.ts';
import type { Handler, RequestContext } from '../../http/request-context.ts';
import type { RegisterHandlers } from '../../http/router/register-routes.ts';
import { type ProblemError, toProblem, validationFailed } from '../../problems/problem.ts';
import type { RateLimiter } from '../../rate-limit/rate-limiter.ts';
import type { IssuerFeatures } from './features.ts';
import type { Issuer } from './issuer.ts';
import { createIssuerLimits, type IssuerClient, type IssuerLimitOptions } from './limits.ts';
import { type Fields, issuerBodyLimit } from './operation.ts';
import { issuerDescriptions } from './operations.ts';
import { authProblem, toIssuerProblem } from './problems.ts';

export function registerIssuerRoutes(
  mount: RegisterHandlers,
  issuer: Issuer,
  features: IssuerFeatures,
  limiter: RateLimiter,
  options: IssuerLimitOptions,
): void {
  const limits = createIssuerLimits(options);
  for (const description of issuerDescriptions(features)) {
    // Better Auth reports missing fields itself, and its client sends more fields than it needs.
    const fields = description.request.body?.partial().strip() ?? null;
    const parameters = description.request.query?.partial().strip() ?? null;
    const respond = async (context: RequestContext): Promise<Response> => {
      const setHeaders = (headers: readonly string[]) => context.set('rateLimitHeaders', headers);
      const client: IssuerClient = {
        address: limiter.addressOf(context),
        sessionToken: issuer.sessionTokenOf(context.req.raw.headers),
      };
      limits.countRequest(client, setHeaders);
      const { request, body } = await checkedRequest(context, fields, parameters);
      const end = limits.begin(description.endpoint, client, body.email, setHeaders);
      try {
        const response = await answer(issuer, request, client);
        end({ isSuccess: true });
        // Tokens and sessions must not be cached. The public keys may be.
        if (description.endpoint !== '/jwks') response.headers.set('Cache-Control', 'no-store');
        return response;
      } catch (error) {
        const authCode = (error as ProblemError).extensions?.auth_code;
        end({ isSuccess: false, ...(authCode !== undefined && { authCode }) });
        throw error;
      }
    };
    const isSession = description.token === 'session';
    const handle: Handler = async (context) => {
      try {
        return await (isSession ? limiter.throttleAuthFailures(context, () => respond(context)) : respond(context));
      } catch (error) {
        // It is logged with its own status; a problem would count it as a failure of the server.
        throw error instanceof ClientClosedError ? error : toIssuerProblem(toProblem(error));
      }
    };
    mount(description.path, { [description.method.toUpperCase()]: handle });
  }
}

/** @throws ProblemError for a response of Better Auth with status 400 or higher */
async function answer(issuer: Issuer, request: Request, client: IssuerClient): Promise<Response> {
  const response = await issuer.handle(request, client);
  if (response.status >= 400) throw await authProblem(response);
  return response;
}

interface CheckedRequest {
  readonly request: Request;
  /** The known fields of the body; empty without a body. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The request for Better Auth, after checks of its body: Better Auth does not know HEAD, accepts forms, and bounds neither
 * the size of a body nor its fields.
 *
 * @param fields the schema of a required body; null if the endpoint needs none
 * @param parameters the schema of the query; null if Better Auth may read it as it is
 * @throws ProblemError 400, 413, 415 as `checkQuery`, `readBody` and `parseJson`, and 422 for fields of the wrong type or length
 */
async function checkedRequest(
  context: RequestContext,
  fields: Fields | null,
  parameters: Fields | null,
): Promise<CheckedRequest> {
  const { method, headers } = context.req.raw;
  checkQuery(context.req.url);
  const url = parameters ? withParameters(context, parameters) : urlOf(context);
  if (method === 'GET' && url === context.req.url) return { request: context.req.raw, body: {} };
  if (method === 'GET' || method === 'HEAD') return { request: new Request(url, { headers }), body: {} };
  if (fields) {
    const body = knownFields('body', fields, parseJson(await readBody(context, ['application/json'], issuerBodyLimit)));
    return { request: new Request(url, { method, headers, body: JSON.stringify(body) }), body };
  }
  const bytes = await readOptionalBody(context, issuerBodyLimit);
  if (bytes.length > 0) parseJson(bytes);
  // With a media type, Better Auth would parse the missing body.
  const headersWithoutType = new Headers(headers);
  headersWithoutType.delete('content-type');
  return { request: new Request(url, { method, headers: headersWithoutType }), body: {} };
}

/** The URL of the request with the parameters that the schema has. */
function withParameters(context: RequestContext, schema: Fields): string {
  const url = new URL(urlOf(context));
  const known = knownFields('query', schema, readQuery(context.req.url));
  url.search = new URLSearchParams(known as Record<string, string>).toString();
  return url.href;
}

/**
 * The fields that the schema has.
 *
 * @throws ProblemError 422
 */
function knownFields(part: 'body' | 'query', schema: Fields, given: unknown): Record<string, unknown> {
  const { value, issues } = runSchema(schema, given);
  if (issues.length === 0) return value as Record<string, unknown>;
  const errors = new FoundErrors();
  errors.add(issues, part);
  throw validationFailed(errors.first, errors.count);
}
