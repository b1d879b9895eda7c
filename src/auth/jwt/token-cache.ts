/** A cache of verified tokens, because verifying a signature costs as much as the rest of a request. */
import { hash } from 'node:crypto';
import type { Principal } from '../../principal.ts';
import { GenerationalCache } from '../../runtime/generational-cache.ts';
import type { VerificationKey } from './key-source.ts';

export interface VerifiedToken {
  readonly principal: Principal;
  /** The key that signed it. The caller has to check that the key is still published. */
  readonly key: VerificationKey;
  /** The length of the token, an upper bound for the size of its principal. */
  readonly characters: number;
}

/** A cache whose keys are the digests of tokens. */
export interface TokenCache {
  /** @param now milliseconds since 1970 */
  lookup(digest: string, now: number): VerifiedToken | undefined;
  /** @param now milliseconds since 1970 */
  store(digest: string, verified: VerifiedToken, now: number): void;
}

/** Maximum age of an entry in milliseconds. */
const cacheDurationMs = 60_000;

/** Limits per generation: tokens, and their characters in total. The cache has at most two generations. */
const maxTokensPerGeneration = 5_000;
const maxCharactersPerGeneration = 8 * 1024 * 1024;

interface Entry {
  readonly verified: VerifiedToken;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A cache of bounded size, which removes the oldest entries first. */
export function createTokenCache(): TokenCache {
  const entries = new GenerationalCache<string, Entry>();
  /** Characters of the tokens in the current generation. */
  let characters = 0;

  return {
    lookup(digest, now) {
      const entry = entries.get(digest);
      return entry && now < entry.expiresAt ? entry.verified : undefined;
    },

    store(digest, verified, now) {
      if (entries.size >= maxTokensPerGeneration || characters >= maxCharactersPerGeneration) {
        entries.rotate();
        characters = 0;
      }
      entries.set(digest, { verified, expiresAt: Math.min(now + cacheDurationMs, verified.principal.expiresAt) });
      characters += verified.characters;
    },
  };
}

/** The cache key of a token. Tokens are credentials, and a memory dump must not reveal them. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
