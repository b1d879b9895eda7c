/** Whose token is this? The one way from a bearer token (RFC 6750) to a user. */
import type { Principal } from '../principal.ts';
import { type ClaimExpectations, checkClaims } from './claim-rules.ts';
import { maxTokenBytes } from './compact-token.ts';
import { openSignedToken, type SignatureRules } from './signed-token.ts';
import { createTokenCache } from './token-cache.ts';

export interface TokenVerifier {
  /**
   * The user of a token. Rejects with a `ProblemError`: `token_invalid` or `token_expired` (401, with
   * `WWW-Authenticate` and the broken rule as its `reason`), or `identity_provider_unavailable` (503, with `Retry-After`).
   */
  verify(token: string): Promise<Principal>;
}

export interface VerifierRules extends SignatureRules, ClaimExpectations {
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** A verifier with a memory of its own. The rules are in `compact-token`, `header-rules`, `key-set` and `claim-rules`. */
export function createVerifier({ clock = Date.now, ...rules }: VerifierRules): TokenVerifier {
  const cache = createTokenCache();

  /** A token verified a moment ago, by a key that is still published. */
  async function recall(token: string): Promise<Principal | undefined> {
    // No cryptography for what is too long, not even the cache's digest.
    const known = token.length <= maxTokenBytes ? cache.find(token, clock()) : undefined;
    return known && (await rules.keys.current()).includes(known.key) ? known.principal : undefined;
  }

  return {
    async verify(token) {
      const recalled = await recall(token);
      if (recalled) return recalled;
      const { payload, key } = await openSignedToken(token, rules);
      const now = clock();
      const { principal, expiresAt } = checkClaims(payload, rules, now);
      cache.remember(token, { principal, key, expiresAt }, now);
      return principal;
    },
  };
}
