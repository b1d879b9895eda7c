/** The rules for the claims of a token whose signature is good. */
import type { JsonObject } from '../../json/strict-json.ts';
import type { Principal } from '../../principal.ts';
import { parseJsonObject } from './compact-jws.ts';
import { assertToken, mustEqual, tokenExpired } from './errors.ts';

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
  const claims = parseJsonObject(
    payload,
    'the payload must be a JSON object without repeated members (RFC 7519, 4, 7.2)',
  );
  const { iss, sub, scope, scp, exp, nbf, iat } = claims;
  const nowSeconds = now / 1000;

  if (issuer !== null) {
    mustEqual(iss === issuer, 'iss must be the configured issuer (RFC 7519, 4.1.1)', {
      claim: 'iss',
      received: iss,
      configured: issuer,
    });
  }
  if (audience !== null) {
    const [claim, received] = audienceOf(claims);
    mustEqual(isAddressedTo(audience, received), 'aud must be or have the configured audience (RFC 7519, 4.1.3)', {
      claim,
      received,
      configured: audience,
    });
  }

  // What Better Auth signs with the shared secret for e-mail links and session cookies has no sub, and ends here.
  assertToken(
    typeof sub === 'string' && isStorableText(sub),
    'sub must be a string of valid characters (RFC 7519, 4.1.2)',
  );
  assertToken(isLengthBetween(sub, 1, maxSubjectLength), 'sub must have 1 to 255 characters (contract, 3)');

  assertToken(isScopes(scope), 'scope must be a string or an array of strings where present (RFC 8693, 4.2)');
  assertToken(isScopes(scp), 'scp must be a string or an array of strings where present');

  assertToken(iat === undefined || isNumericDate(iat), 'iat must be a number where present (RFC 7519, 4.1.6)');
  assertToken(iat === undefined || iat <= nowSeconds + issuedAheadSeconds, 'iat must not be ahead (RFC 7519, 4.1.6)');
  assertToken(nbf === undefined || isNumericDate(nbf), 'nbf must be a number where present (RFC 7519, 4.1.5)');
  assertToken(nbf === undefined || nbf <= nowSeconds + leewaySeconds, 'nbf must not be ahead (RFC 7519, 4.1.5)');
  assertToken(isNumericDate(exp), 'exp must be a number (RFC 7519, 4.1.4)');

  // Last, so that "expired" is said of tokens that were good once: getting a new one helps.
  if (nowSeconds >= exp + leewaySeconds) throw tokenExpired();

  return {
    principal: { userId: sub, scopes: scopesOf(scope, scp) },
    expiresAt: (exp + leewaySeconds) * 1000,
  };
}

/**
 * The claim that names the audience. Access tokens of Amazon Cognito have no `aud`; the application that they were issued
 * to is in `client_id`, which is what its documentation has verified.
 */
function audienceOf({ aud, client_id: clientId, token_use: use }: JsonObject): [claim: string, value: unknown] {
  return aud === undefined && use === 'access' && clientId !== undefined ? ['client_id', clientId] : ['aud', aud];
}

/** A string of words (RFC 8693, section 4.2), or an array of them as from Okta, Ory Hydra and Duende IdentityServer. */
type Scopes = string | readonly string[] | undefined;

function isScopes(value: unknown): value is Scopes {
  if (Array.isArray(value)) return value.every((word) => typeof word === 'string');
  return value === undefined || typeof value === 'string';
}

/** The words of all these claims; null where the token has none of them. `scp` is what Okta and Microsoft call `scope`. */
function scopesOf(...claims: readonly Scopes[]): string[] | null {
  const present = claims.filter((claim) => claim !== undefined);
  if (present.length === 0) return null;
  return [...new Set(present.flatMap((claim) => [claim].flat().join(' ').split(' ')))].filter((word) => word !== '');
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
