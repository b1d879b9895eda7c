/** Whose token is this? The one way from a bearer token (RFC 6750) to a user. */

import type { Principal } from '../../principal.ts';
import type { ProblemError } from '../../problems/problem.ts';
import { type ClaimExpectations, checkClaims } from './claims.ts';
import { assertToken } from './errors.ts';
import type { VerificationKey } from './key-source.ts';
import { createTokenCache, digestOf } from './token-cache.ts';
import { createJwsVerifier, type JwsOptions } from './verify-jws.ts';

export interface TokenVerifier {
  /**
   * The user of a token. Rejects with a `ProblemError`: `token_invalid` or `token_expired` (401, with
   * `WWW-Authenticate` and the broken rule as its `reason`), or `identity_provider_unavailable` (503, with `Retry-After`).
   */
  verify(token: string): Promise<Principal>;
}

/** How a look at a token ended. `remembered` is a good one that was verified a moment before. */
export type VerificationOutcome = 'verified' | 'cache_hit' | 'refused' | 'unavailable';

export interface VerifierRules extends JwsOptions, ClaimExpectations {
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly onOutcome?: (outcome: VerificationOutcome) => void;
}

/** The longest token that is looked at, in bytes. Longer ones are refused before any cryptography, the digest's included. */
const maxTokenBytes = 8_192;

/** A verifier with a memory of its own. The rules are in `compact-token`, `header-rules`, `key-set` and `claim-rules`. */
export function createVerifier({ clock = Date.now, onOutcome = () => {}, ...rules }: VerifierRules): TokenVerifier {
  const cache = createTokenCache();
  const open = createJwsVerifier(rules);

  /** A token verified a moment ago, by a key that is still published. */
  function lookupVerified(digest: string): Principal | undefined | Promise<Principal | undefined> {
    const known = cache.lookup(digest, clock());
    if (!known) return undefined;
    const stillGood = (keys: readonly VerificationKey[]) => (keys.includes(known.key) ? known.principal : undefined);
    const keys = rules.keys.get();
    return keys instanceof Promise ? keys.then(stillGood) : stillGood(keys);
  }

  async function check(token: string, digest: string): Promise<Principal> {
    const { payload, key } = await open(token);
    const now = clock();
    const { principal, expiresAt } = checkClaims(payload, rules, now);
    cache.store(digest, { principal, key, expiresAt, characters: token.length }, now);
    return principal;
  }

  return {
    async verify(token) {
      try {
        assertToken(token.length <= maxTokenBytes, 'a token must have at most 8,192 bytes');
        const digest = digestOf(token);
        const found = lookupVerified(digest);
        const recalled = found instanceof Promise ? await found : found;
        const principal = recalled ?? (await check(token, digest));
        onOutcome(recalled ? 'cache_hit' : 'verified');
        return principal;
      } catch (error) {
        onOutcome((error as ProblemError).status === 401 ? 'refused' : 'unavailable');
        throw error;
      }
    },
  };
}
