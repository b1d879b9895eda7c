/** Remembers whom a verified token belongs to: verifying a signature costs as much as the rest of a request. */
import { hash } from 'node:crypto';
import type { Principal } from '../../principal.ts';
import { GenerationalCache } from '../../runtime/generational-cache.ts';
import type { VerificationKey } from './key-source.ts';

export interface VerifiedToken {
  readonly principal: Principal;
  /** The key that signed it. Whoever finds the token here must see that the key is still good. */
  readonly key: VerificationKey;
  /** From when on the token is refused, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** Its length. What is remembered of it is never longer. */
  readonly characters: number;
}

/** Knows tokens by their digests. */
export interface TokenCache {
  /** @param now milliseconds since 1970 */
  lookup(digest: string, now: number): VerifiedToken | undefined;
  /** @param now milliseconds since 1970 */
  store(digest: string, verified: VerifiedToken, now: number): void;
}

/** How long a token is remembered, in milliseconds. */
const cacheDurationMs = 60_000;

/** At least so many tokens are remembered, or those that have so many characters together; at most twice as many. */
const maxTokensPerGeneration = 5_000;
const maxCharactersPerGeneration = 8 * 1024 * 1024;

interface Entry {
  readonly verified: VerifiedToken;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A cache of bounded size. What was remembered first is forgotten first. */
export function createTokenCache(): TokenCache {
  const entries = new GenerationalCache<string, Entry>();
  /** Of the tokens since the last turn. */
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
      entries.set(digest, { verified, expiresAt: Math.min(now + cacheDurationMs, verified.expiresAt) });
      characters += verified.characters;
    },
  };
}

/** Tokens are credentials: their digests are enough to know them again, and nothing is lost where memory is dumped. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
