/** The embedded issuer's endpoints as part of this API: same limits, same kind of errors. */
import { urlOf } from '../http/base-path.ts';
import { parseJson, readBody } from '../http/body.ts';
import type { Handle, RequestContext } from '../http/context.ts';
import type { Mount } from '../http/mount.ts';
import type { Limits } from '../limits/limits.ts';
import { catalogue, type ProblemCode } from '../problems/catalogue.ts';
import { type Fault, ProblemError, validationFailed } from '../problems/problem.ts';
import type { Issuer } from './issuer.ts';

export function mountIssuer(mount: Mount, issuer: Issuer, limits: Limits): void {
  for (const [path, methods] of issuer.endpoints) {
    const handle: Handle = (context) =>
      limits.watchFailures(context, async () => {
        const response = await issuer.handle(await checked(context));
        if (response.status >= 400) throw await asProblem(response);
        // Tokens and sessions; the public keys may be kept.
        if (path !== '/jwks') response.headers.set('Cache-Control', 'no-store');
        return response;
      });
    mount(`${issuer.path}${path}`, Object.fromEntries([...methods].map((method) => [method, handle])));
  }
}

/**
 * A request that Better Auth can take as it is: it knows no HEAD, and would take forms and bodies of any size.
 *
 * @throws ProblemError 400, 413, 415 as `readBody` and `parseJson`, and 422 for text that cannot be stored
 */
async function checked(context: RequestContext): Promise<Request> {
  const { method, headers } = context.req.raw;
  const url = urlOf(context);
  if (method === 'GET' && url === context.req.url) return context.req.raw;
  if (method === 'GET' || method === 'HEAD') return new Request(url, { headers });
  const hasBody = headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0;
  // Without this, an empty body counts as one of no media type.
  if (!hasBody && !headers.has('content-type')) return new Request(url, { method, headers });
  const body = await readBody(context, ['application/json']);
  const faults = textFaults(parseJson(body));
  if (faults.length > 0) throw validationFailed(faults);
  return new Request(url, { method, headers, body });
}

/** What PostgreSQL cannot hold: its bodies are objects of texts. */
function textFaults(body: unknown): Fault[] {
  return Object.entries(body ?? {})
    .filter(([, value]) => typeof value === 'string' && (value.includes('\u0000') || !value.isWellFormed()))
    .map(([name]) => ({ in: 'body', pointer: `/${name}`, message: 'must not contain U+0000 or lone surrogates' }));
}

/** What Better Auth puts into the body of an error. */
interface AuthError {
  readonly code?: string;
  readonly message?: string;
}

/**
 * The codes of the catalogue that its statuses stand for here. What it refuses else could be read, so it was not valid:
 * its 403, too, is about an origin or a URL that is not allowed, and not about a scope.
 */
const codes: Readonly<Record<number, ProblemCode>> = { 401: 'token_invalid', 404: 'not_found' };

/** Its refusals of where a request comes from, which a browser says in a header. */
const originCodes = new Set(['INVALID_ORIGIN', 'MISSING_OR_NULL_ORIGIN', 'CROSS_SITE_NAVIGATION_LOGIN_BLOCKED']);

async function asProblem(response: Response): Promise<ProblemError> {
  const { status } = response;
  const error = (await response.json().catch(() => ({}))) as AuthError;
  const code = status >= 500 ? 'internal_error' : (codes[status] ?? 'validation_failed');
  const detail = error.message ?? catalogue[code].detail;
  const place = originCodes.has(error.code ?? '') ? { in: 'header', pointer: 'Origin' } : { in: 'body', pointer: '' };
  return new ProblemError(code, {
    detail,
    reason: error.code ?? `the issuer answered ${status}`,
    ...(code === 'validation_failed' && { errors: [{ ...place, message: detail } as Fault] }),
    ...(code === 'token_invalid' && { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }),
  });
}
