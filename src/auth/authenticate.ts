/** Authentication: the user of a request is the user of its bearer token (RFC 6750), and nobody else. */
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import type { Scope } from '../principal.ts';
import { ProblemError } from '../problems/problem.ts';
import type { TokenVerifier } from './jwt/verifier.ts';

/** Lets requests through whose token is valid, and says who they are from. */
export function bearerAuthentication(verifier: TokenVerifier): (context: RequestContext) => Promise<void> {
  return async (context) => {
    context.set('principal', await verifier.verify(bearerToken(headerOf(context, 'authorization'))));
  };
}

/** Lets requests through whose token allows the operation: that has no scopes, or this one among them. */
export function requireScope(need: Scope): PreHandler {
  return (context) => {
    const { scopes } = context.get('principal');
    if (scopes && !scopes.includes(need)) {
      throw new ProblemError('insufficient_scope', {
        detail: `This needs a token with the scope ${need}.`,
        headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${need}"` },
      });
    }
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
