/** The rules for the claims of a token whose signature is good. */
import type { Principal } from '../principal.ts';
import { readJsonObject } from './compact-token.ts';
import { must, tokenExpired } from './refusals.ts';

export interface ClaimExpectations {
  /** Compared where not null. */
  readonly issuer: string | null;
  /** Compared where not null. */
  readonly audience: string | null;
}

export interface CheckedClaims {
  readonly principal: Principal;
  /** From when on the token is refused, leeway included, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** How far the issuer's clock and ours may be apart, in seconds. */
const leewaySeconds = 30;

/** How far ahead of our clock a token may have been issued, in seconds. */
const issuedAheadSeconds = 60;

const maxSubjectLength = 255;

/**
 * Checks the claims against every rule.
 * @param now milliseconds since 1970
 * @throws `token_invalid` naming the first rule broken; `token_expired` where all else is good.
 */
export function checkClaims(payload: Uint8Array, { issuer, audience }: ClaimExpectations, now: number): CheckedClaims {
  const claims = readJsonObject(
    payload,
    'the payload must be a JSON object without repeated members (RFC 7519, 4, 7.2)',
  );
  const { iss, aud, sub, scope, exp, nbf, iat } = claims;
  const nowSeconds = now / 1000;

  must(issuer === null || iss === issuer, 'iss must be the configured issuer (RFC 7519, 4.1.1)');
  must(
    audience === null || isAddressedTo(audience, aud),
    'aud must be or have the configured audience (RFC 7519, 4.1.3)',
  );

  // What Better Auth signs with the shared secret for e-mail links and session cookies has no sub, and ends here.
  must(typeof sub === 'string' && isStorableText(sub), 'sub must be a string of valid characters (RFC 7519, 4.1.2)');
  must(isLengthBetween(sub, 1, maxSubjectLength), 'sub must have 1 to 255 characters (contract, 3)');

  must(scope === undefined || typeof scope === 'string', 'scope must be a string where present (RFC 8693, 4.2)');

  must(iat === undefined || isNumericDate(iat), 'iat must be a number where present (RFC 7519, 4.1.6)');
  must(iat === undefined || iat <= nowSeconds + issuedAheadSeconds, 'iat must not be ahead (RFC 7519, 4.1.6)');
  must(nbf === undefined || isNumericDate(nbf), 'nbf must be a number where present (RFC 7519, 4.1.5)');
  must(nbf === undefined || nbf <= nowSeconds + leewaySeconds, 'nbf must not be ahead (RFC 7519, 4.1.5)');
  must(isNumericDate(exp), 'exp must be a number (RFC 7519, 4.1.4)');

  // Last, so that "expired" is said of tokens that were good once: getting a new one helps.
  if (nowSeconds >= exp + leewaySeconds) throw tokenExpired();

  return {
    principal: { userId: sub, scopes: scope === undefined ? null : scope.split(' ').filter((word) => word !== '') },
    expiresAt: (exp + leewaySeconds) * 1000,
  };
}

/** `aud` is one string or an array of strings. */
function isAddressedTo(audience: string, aud: unknown): boolean {
  if (!Array.isArray(aud)) return aud === audience;
  return aud.every((name) => typeof name === 'string') && aud.includes(audience);
}

/** PostgreSQL has no U+0000, and UTF-8 no lone surrogates: two users' names could become one. */
function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Counts code points, of which there are never more than there are units of UTF-16. */
function isLengthBetween(text: string, least: number, most: number): boolean {
  const length = text.length <= most ? text.length : [...text].length;
  return length >= least && length <= most;
}

/** Seconds since 1970 (RFC 7519, 2). JSON may say 1e400, which JavaScript reads as Infinity: a token for ever. */
function isNumericDate(value: unknown): value is number {
  return Number.isFinite(value);
}
