/** Authentication: the user of a request is the user of its bearer token (RFC 6750), and nobody else. */
import type { MiddlewareHandler } from 'hono';
import type { Env } from '../http/context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Scope } from './principal.ts';
import type { TokenVerifier } from './verifier/verifier.ts';

/**
 * Lets requests through whose token is valid and allows the operation, and says who they are from.
 *
 * @param need the scope that a token with scopes must have; `any` where every valid token will do
 */
export function requireToken(verifier: TokenVerifier, need: Scope | 'any'): MiddlewareHandler<Env> {
  return async (context, next) => {
    const principal = await verifier.verify(bearerToken(context.req.header('authorization')));
    context.set('principal', principal);
    if (need !== 'any' && principal.scopes && !principal.scopes.includes(need)) {
      throw new ProblemError('insufficient_scope', {
        detail: `This needs a token with the scope ${need}.`,
        headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${need}"` },
      });
    }
    return next();
  };
}

/** The token of an `Authorization` header. Two such headers arrive joined by a comma, which no token contains. */
function bearerToken(header: string | undefined): string {
  const [, token] = /^bearer +(\S.*)$/i.exec(header ?? '') ?? [];
  if (token === undefined) {
    throw new ProblemError('token_missing', { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  return token;
}
