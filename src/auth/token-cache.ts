/** A cache of verified tokens, because a verification costs as much as the rest of a request. */
import { hash } from 'node:crypto';
import type { Principal } from '../principal.ts';
import { GenerationalCache } from '../runtime/generational-cache.ts';

/** The result of a verification. */
export interface VerifiedToken {
  /** Absent if the token is not valid. */
  readonly principal?: Principal | undefined;
  /** The length of the token, an upper bound for the size of its principal. */
  readonly characters: number;
}

/** A cache whose keys identify tokens. */
export interface TokenCache<Verified extends VerifiedToken> {
  /** @param now milliseconds since 1970 */
  lookup(key: string, now: number): Verified | undefined;
  /** @param now milliseconds since 1970 */
  store(key: string, verified: Verified, now: number): void;
}

/** Maximum age of an entry in milliseconds. */
const cacheDurationMs = 60_000;

/** Limits per generation: tokens, and their characters in total. The cache has at most two generations. */
const maxTokensPerGeneration = 5_000;
const maxCharactersPerGeneration = 8 * 1024 * 1024;

interface Entry<Verified> {
  readonly verified: Verified;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** A cache of bounded size, which removes the oldest entries first. */
export function createTokenCache<Verified extends VerifiedToken>(): TokenCache<Verified> {
  const entries = new GenerationalCache<string, Entry<Verified>>();
  /** Characters of the tokens in the current generation. */
  let characters = 0;

  return {
    lookup(key, now) {
      const entry = entries.get(key);
      return entry && now < entry.expiresAt ? entry.verified : undefined;
    },

    store(key, verified, now) {
      if (entries.size >= maxTokensPerGeneration || characters >= maxCharactersPerGeneration) {
        entries.rotate();
        characters = 0;
      }
      const { expiresAt = Number.POSITIVE_INFINITY } = verified.principal ?? {};
      entries.set(key, { verified, expiresAt: Math.min(now + cacheDurationMs, expiresAt) });
      characters += verified.characters;
    },
  };
}

/** A cache key of a token. Tokens are credentials, and a memory dump must not reveal them. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
