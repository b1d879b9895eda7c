/** Whose token is this? The one way from a bearer token (RFC 6750) to a user. */
import type { ProblemError } from '../../problems/problem.ts';
import type { Principal } from '../principal.ts';
import { type ClaimExpectations, checkClaims } from './claim-rules.ts';
import { maxTokenBytes } from './compact-token.ts';
import type { VerificationKey } from './key-source.ts';
import { openSignedToken, type SignatureRules } from './signed-token.ts';
import { createTokenCache } from './token-cache.ts';

export interface TokenVerifier {
  /**
   * The user of a token. Rejects with a `ProblemError`: `token_invalid` or `token_expired` (401, with
   * `WWW-Authenticate` and the broken rule as its `reason`), or `identity_provider_unavailable` (503, with `Retry-After`).
   */
  verify(token: string): Promise<Principal>;
}

/** How a look at a token ended. `remembered` is a good one that was verified a moment before. */
export type VerificationOutcome = 'verified' | 'remembered' | 'refused' | 'unavailable';

export interface VerifierRules extends SignatureRules, ClaimExpectations {
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  readonly onOutcome?: (outcome: VerificationOutcome) => void;
}

/** A verifier with a memory of its own. The rules are in `compact-token`, `header-rules`, `key-set` and `claim-rules`. */
export function createVerifier({ clock = Date.now, onOutcome = () => {}, ...rules }: VerifierRules): TokenVerifier {
  const cache = createTokenCache();

  /** A token verified a moment ago, by a key that is still published. */
  function recall(token: string): Principal | undefined | Promise<Principal | undefined> {
    // No cryptography for what is too long, not even the cache's digest.
    const known = token.length <= maxTokenBytes ? cache.find(token, clock()) : undefined;
    if (!known) return undefined;
    const stillGood = (keys: readonly VerificationKey[]) => (keys.includes(known.key) ? known.principal : undefined);
    const keys = rules.keys.current();
    return keys instanceof Promise ? keys.then(stillGood) : stillGood(keys);
  }

  async function check(token: string): Promise<Principal> {
    const { payload, key } = await openSignedToken(token, rules);
    const now = clock();
    const { principal, expiresAt } = checkClaims(payload, rules, now);
    cache.remember(token, { principal, key, expiresAt }, now);
    return principal;
  }

  return {
    async verify(token) {
      try {
        const found = recall(token);
        const recalled = found instanceof Promise ? await found : found;
        const principal = recalled ?? (await check(token));
        onOutcome(recalled ? 'remembered' : 'verified');
        return principal;
      } catch (error) {
        onOutcome((error as ProblemError).status === 401 ? 'refused' : 'unavailable');
        throw error;
      }
    },
  };
}
