/** The embedded issuer's endpoints as part of this API: same limits, same kind of errors. */
import type { Hono } from 'hono';
import { bodyLimit as limitBody } from 'hono/body-limit';
import { bodyLimit } from '../http/body.ts';
import type { Env } from '../http/context.ts';
import { methodNotAllowed } from '../http/method-not-allowed.ts';
import { catalogue, type ProblemCode } from '../problems/catalogue.ts';
import { type Fault, ProblemError } from '../problems/problem.ts';
import { type Issuer, issuerPath } from './issuer.ts';

export function mountIssuer(app: Hono<Env>, issuer: Issuer): void {
  const limit = limitBody({
    maxSize: bodyLimit,
    onError: () => {
      throw new ProblemError('payload_too_large', { headers: { Connection: 'close' } });
    },
  });
  for (const [path, methods] of issuer.endpoints) {
    app.on([...methods], `${issuerPath}${path}`, limit, async (context) => {
      const response = await issuer.handle(context.req.raw);
      if (response.status >= 400) throw await asProblem(response);
      return response;
    });
    app.all(`${issuerPath}${path}`, methodNotAllowed(methods));
  }
}

/** What Better Auth puts into the body of an error. */
interface AuthError {
  readonly code?: string;
  readonly message?: string;
}

/** The codes of the catalogue that its statuses stand for here; other refusals are malformed requests. */
const codes: Readonly<Record<number, ProblemCode>> = {
  401: 'token_invalid',
  403: 'insufficient_scope',
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  422: 'validation_failed',
};

async function asProblem(response: Response): Promise<ProblemError> {
  const { status } = response;
  const error = (await response.json().catch(() => ({}))) as AuthError;
  const code = status >= 500 ? 'internal_error' : (codes[status] ?? 'malformed_request');
  const detail = error.message ?? catalogue[code].detail;
  const errors: Fault[] = [{ in: 'body', pointer: '', message: detail }];
  return new ProblemError(code, {
    detail,
    reason: error.code ?? `the issuer answered ${status}`,
    ...(code === 'validation_failed' && { errors }),
    ...(code === 'token_invalid' && { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } }),
  });
}
