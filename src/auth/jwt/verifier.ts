/** The token verifier: from a bearer token (RFC 6750) to a principal. */
import type { Principal } from '../../principal.ts';
import type { ProblemError } from '../../problems/problem.ts';
import { createTokenCache, digestOf, type VerifiedToken } from '../token-cache.ts';
import { type ClaimExpectations, checkClaims } from './claims.ts';
import { assertToken } from './errors.ts';
import type { VerificationKey } from './key-source.ts';
import { createJwsVerifier, type JwsOptions } from './verify-jws.ts';

export interface TokenVerifier {
  /**
   * The principal of a token. Rejects with a `ProblemError`: `token_invalid` or `token_expired` (401, with
   * `WWW-Authenticate` and the broken rule as its `reason`), or `identity_provider_unavailable` (503, with `Retry-After`).
   */
  verify(token: string): Promise<Principal>;
}

/** The outcome of a verification. `cache_hit`: the token was verified at most a minute before. */
export type VerificationOutcome = 'verified' | 'cache_hit' | 'rejected' | 'unavailable';

export interface VerifierRules extends JwsOptions, ClaimExpectations {
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly onOutcome?: (outcome: VerificationOutcome) => void;
}

/** Maximum size of a token in bytes. Longer tokens are rejected before any cryptography, including the digest. */
export const maxTokenBytes = 8_192;

/** A token with a valid signature. */
export interface VerifiedJwt extends VerifiedToken {
  readonly principal: Principal;
  /** The key that signed it. It counts only while it is published. */
  readonly key: VerificationKey;
}

/** A verifier with its own cache. The rules are in `compact-jws`, `header`, `jwks` and `claims`. */
export function createVerifier({ clock = Date.now, onOutcome = () => {}, ...rules }: VerifierRules): TokenVerifier {
  const cache = createTokenCache<VerifiedJwt>();
  const verifyJws = createJwsVerifier(rules);

  /** The principal of a cached token whose key is still published. */
  function lookupVerified(digest: string): Principal | undefined | Promise<Principal | undefined> {
    const cached = cache.lookup(digest, clock());
    if (!cached) return undefined;
    const ifPublished = (keys: readonly VerificationKey[]) =>
      keys.includes(cached.key) ? cached.principal : undefined;
    const keys = rules.keys.get();
    return keys instanceof Promise ? keys.then(ifPublished) : ifPublished(keys);
  }

  async function check(token: string, digest: string): Promise<Principal> {
    const { payload, key } = await verifyJws(token);
    const now = clock();
    const principal = checkClaims(payload, rules, now);
    cache.store(digest, { principal, key, characters: token.length }, now);
    return principal;
  }

  return {
    async verify(token) {
      try {
        assertToken(token.length <= maxTokenBytes, 'a token must have at most 8,192 bytes');
        const digest = digestOf(token);
        const lookup = lookupVerified(digest);
        const cached = lookup instanceof Promise ? await lookup : lookup;
        const principal = cached ?? (await check(token, digest));
        onOutcome(cached ? 'cache_hit' : 'verified');
        return principal;
      } catch (error) {
        onOutcome((error as ProblemError).status === 401 ? 'rejected' : 'unavailable');
        throw error;
      }
    },
  };
}
