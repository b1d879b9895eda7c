/** The verifier of all tokens: those of the issuer, and API tokens. */
import { isApiToken } from './api-tokens/format.ts';
import type { TokenVerifier } from './jwt/verifier.ts';

/** The prefix of a token decides which verifier checks it. */
export function createTokenDispatch(jwts: TokenVerifier, apiTokens: TokenVerifier): TokenVerifier {
  return { verify: (token) => (isApiToken(token) ? apiTokens : jwts).verify(token) };
}
