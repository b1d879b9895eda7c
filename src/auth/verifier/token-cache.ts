/** Remembers whom a verified token belongs to: verifying a signature costs as much as the rest of a request. */
import { hash } from 'node:crypto';
import type { Principal } from '../principal.ts';
import type { VerificationKey } from './key-source.ts';

export interface VerifiedToken {
  readonly principal: Principal;
  /** The key that signed it. Whoever finds the token here must see that the key is still good. */
  readonly key: VerificationKey;
  /** From when on the token is refused, in milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface TokenCache {
  /** @param now milliseconds since 1970 */
  find(token: string, now: number): VerifiedToken | undefined;
  /** @param now milliseconds since 1970 */
  remember(token: string, verified: VerifiedToken, now: number): void;
}

/** How long a token is remembered, in milliseconds. */
const rememberedFor = 60_000;

const maxEntries = 10_000;

/** What is remembered of a token is never longer than the token; this many characters of tokens in all. */
const maxCharacters = 16 * 1024 * 1024;

interface Entry {
  readonly verified: VerifiedToken;
  readonly characters: number;
  /** In milliseconds since 1970. */
  readonly forgottenAt: number;
}

/** A cache of bounded size. What was remembered first is forgotten first. */
export function createTokenCache(): TokenCache {
  const entries = new Map<string, Entry>();
  let characters = 0;

  function forget(digest: string, entry: Entry): void {
    entries.delete(digest);
    characters -= entry.characters;
  }

  return {
    find(token, now) {
      const digest = digestOf(token);
      const entry = entries.get(digest);
      if (!entry) return undefined;
      if (now < entry.forgottenAt) return entry.verified;
      forget(digest, entry);
      return undefined;
    },

    remember(token, verified, now) {
      const digest = digestOf(token);
      const previous = entries.get(digest);
      if (previous) forget(digest, previous);

      const forgottenAt = Math.min(now + rememberedFor, verified.expiresAt);
      entries.set(digest, { verified, characters: token.length, forgottenAt });
      characters += token.length;
      for (const [oldest, entry] of entries) {
        if (entries.size <= maxEntries && characters <= maxCharacters) break;
        forget(oldest, entry);
      }
    },
  };
}

/** Tokens are credentials: their digests are enough to know them again, and nothing is lost where memory is dumped. */
function digestOf(token: string): string {
  return hash('sha256', token, 'base64');
}
