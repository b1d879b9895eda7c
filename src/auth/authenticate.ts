/** Authentication of requests by bearer tokens (RFC 6750). The token is the only source of the user. */
import { headerOf, type PreHandler, type RequestContext } from '../http/request-context.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Scope } from '../vocabulary.ts';
import type { TokenVerifier } from './jwt/verifier.ts';

/** Verifies the token of a request and sets its principal. Throws a `ProblemError` 401 or 503. */
export function bearerAuthentication(verifier: TokenVerifier): (context: RequestContext) => Promise<void> {
  return async (context) => {
    context.set('principal', await verifier.verify(bearerToken(headerOf(context, 'authorization'))));
  };
}

/** Rejects a request with 403 unless its token has the scope, or has no scopes at all. */
export function requireScope(scope: Scope): PreHandler {
  return (context) => {
    const { scopes } = context.get('principal');
    if (scopes && !scopes.includes(scope)) {
      throw insufficientScope([scope], `This operation requires a token with the scope ${scope}.`);
    }
  };
}

/** The problem of a token without these scopes (RFC 6750, section 3.1). */
export function insufficientScope(required: readonly Scope[], detail: string): ProblemError {
  return new ProblemError('insufficient_scope', {
    detail,
    headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${required.join(' ')}"` },
  });
}

/** Rejects a request with an API token with 403. No scope would allow it, so the challenge names none. */
export const rejectApiTokens: PreHandler = (context) => {
  if (!context.get('principal').apiToken) return;
  throw new ProblemError('api_token_not_allowed', {
    headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' },
  });
};

/** The token in an `Authorization` header. Node joins two such headers with a comma, which no token contains. */
function bearerToken(header: string | undefined): string {
  const [, token] = /^bearer +(\S.*)$/i.exec(header ?? '') ?? [];
  if (token === undefined) {
    throw new ProblemError('token_missing', { headers: { 'WWW-Authenticate': 'Bearer' } });
  }
  return token;
}
