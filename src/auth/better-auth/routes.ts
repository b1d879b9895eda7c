/** Routes of the embedded issuer's endpoints, with the rate limits and the problems of this API. */
import { urlOf } from '../../http/base-path.ts';
import { ClientClosedError } from '../../http/client-closed.ts';
import { parseJson, readBody, readOptionalBody } from '../../http/request/body.ts';
import { checkQuery } from '../../http/request/query.ts';
import type { Handler, RequestContext } from '../../http/request-context.ts';
import { methodNotAllowed } from '../../http/router/method-not-allowed.ts';
import type { RegisterHandlers } from '../../http/router/register-routes.ts';
import { type FieldError, toProblem, validationFailed } from '../../problems/problem.ts';
import type { RateLimiter } from '../../rate-limit/rate-limiter.ts';
import type { Issuer } from './issuer.ts';
import { authProblem, toIssuerProblem } from './problems.ts';

export function registerIssuerRoutes(mount: RegisterHandlers, issuer: Issuer, limits: RateLimiter): void {
  for (const [path, methods] of issuer.endpoints) {
    const respond: Handler = async (context) => {
      const response = await issuer.handle(await checkedRequest(context, issuer.bodyRequired.has(path)));
      if (response.status === 405) methodNotAllowed(methods.filter((method) => method !== context.req.method))();
      if (response.status >= 400) throw await authProblem(response);
      // Tokens and sessions must not be cached. The public keys may be.
      if (path !== '/jwks') response.headers.set('Cache-Control', 'no-store');
      return response;
    };
    const handle: Handler = async (context) => {
      try {
        return await limits.throttleAuthFailures(context, async () => respond(context));
      } catch (error) {
        // It is logged with its own status; a problem would count it as a failure of the server.
        throw error instanceof ClientClosedError ? error : toIssuerProblem(toProblem(error));
      }
    };
    mount(`${issuer.path}${path}`, Object.fromEntries([...methods].map((method) => [method, handle])));
  }
}

/**
 * The request for Better Auth, after checks of its query and its body: Better Auth does not know HEAD, accepts forms, and does not
 * limit the size of a body.
 *
 * @param needsBody whether the endpoint requires a body; otherwise an empty body of any media type counts as none
 * @throws ProblemError 400, 413, 415 as `checkQuery`, `readBody` and `parseJson`, and 422 for text that cannot be stored
 */
async function checkedRequest(context: RequestContext, needsBody: boolean): Promise<Request> {
  const { method, headers } = context.req.raw;
  checkQuery(context.req.url);
  const url = urlOf(context);
  if (method === 'GET' && url === context.req.url) return context.req.raw;
  if (method === 'GET' || method === 'HEAD') return new Request(url, { headers });
  const body = await (needsBody ? readBody(context) : readOptionalBody(context));
  if (body.length === 0) {
    const headersWithoutType = new Headers(headers);
    // With a media type, Better Auth would parse the missing body.
    headersWithoutType.delete('content-type');
    return new Request(url, { method, headers: headersWithoutType });
  }
  const errors = textErrors(parseJson(body));
  if (errors.length > 0) throw validationFailed(errors);
  return new Request(url, { method, headers, body });
}

/** Errors for texts that PostgreSQL cannot store. Bodies of Better Auth are objects of strings. */
function textErrors(body: unknown): FieldError[] {
  return Object.entries(body ?? {})
    .filter(([, value]) => typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed()))
    .map(([name]) => ({ in: 'body', pointer: `/${name}`, message: 'must not contain U+0000 or lone surrogates' }));
}
