/** The embedded issuer's endpoints as part of this API: same limits, same kind of errors. */
import { urlOf } from '../../http/base-path.ts';
import { ClientClosedError } from '../../http/node/client-closed.ts';
import { parseJson, readBody, readOptionalBody } from '../../http/request/body.ts';
import type { Handler, RequestContext } from '../../http/request-context.ts';
import { methodNotAllowed } from '../../http/router/method-not-allowed.ts';
import type { RegisterHandlers } from '../../http/router/register-routes.ts';
import { type FieldError, toProblem, validationFailed } from '../../problems/problem.ts';
import type { RateLimiter } from '../../rate-limit/rate-limiter.ts';
import type { Issuer } from './issuer.ts';
import { authProblem, withMessage } from './problems.ts';

export function registerIssuerRoutes(mount: RegisterHandlers, issuer: Issuer, limits: RateLimiter): void {
  for (const [path, methods] of issuer.endpoints) {
    const answer: Handler = async (context) => {
      const response = await issuer.handle(await checked(context, issuer.needBody.has(path)));
      if (response.status === 405) methodNotAllowed(methods.filter((method) => method !== context.req.method))();
      if (response.status >= 400) throw await authProblem(response);
      // Tokens and sessions; the public keys may be kept.
      if (path !== '/jwks') response.headers.set('Cache-Control', 'no-store');
      return response;
    };
    const handle: Handler = async (context) => {
      try {
        return await limits.throttleAuthFailures(context, async () => answer(context));
      } catch (error) {
        // It is logged with its own status; a problem would count it as a failure of the server.
        throw error instanceof ClientClosedError ? error : withMessage(toProblem(error));
      }
    };
    mount(`${issuer.path}${path}`, Object.fromEntries([...methods].map((method) => [method, handle])));
  }
}

/**
 * A request that Better Auth can take as it is: it knows no HEAD, and would take forms and bodies of any size.
 *
 * @param needsBody whether the endpoint must have a body; otherwise an empty one counts as none, whatever its type
 * @throws ProblemError 400, 413, 415 as `readBody` and `parseJson`, and 422 for text that cannot be stored
 */
async function checked(context: RequestContext, needsBody: boolean): Promise<Request> {
  const { method, headers } = context.req.raw;
  const url = urlOf(context);
  if (method === 'GET' && url === context.req.url) return context.req.raw;
  if (method === 'GET' || method === 'HEAD') return new Request(url, { headers });
  const body = await (needsBody ? readBody(context) : readOptionalBody(context));
  if (body.length === 0) {
    const bare = new Headers(headers);
    // With a media type, Better Auth would parse what is not there.
    bare.delete('content-type');
    return new Request(url, { method, headers: bare });
  }
  const faults = textFaults(parseJson(body));
  if (faults.length > 0) throw validationFailed(faults);
  return new Request(url, { method, headers, body });
}

/** What PostgreSQL cannot hold: its bodies are objects of texts. */
function textFaults(body: unknown): FieldError[] {
  return Object.entries(body ?? {})
    .filter(([, value]) => typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed()))
    .map(([name]) => ({ in: 'body', pointer: `/${name}`, message: 'must not contain U+0000 or lone surrogates' }));
}
