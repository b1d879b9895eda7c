/** Rules for the claims of a token with a valid signature. */
import type { JsonObject } from '../../json/strict-json.ts';
import type { Principal } from '../../principal.ts';
import { parseJsonObject } from './compact-jws.ts';
import { assertClaim, assertToken, tokenExpired } from './errors.ts';

export interface ClaimExpectations {
  /** The required `iss`; null accepts every issuer. */
  readonly issuer: string | null;
  /** The required `aud`; null accepts every audience. */
  readonly audience: string | null;
}

/** Tolerated difference between the clocks of the issuer and this server, in seconds. */
const leewaySeconds = 30;

/** Seconds that `iat` may be in the future. */
const maxIssuedAheadSeconds = 60;

export const maxSubjectLength = 255;

/** For the name of an OAuth client, which can be the address of its metadata document. */
const maxClientLength = 500;

/**
 * Checks the claims against every rule.
 * @param now milliseconds since 1970
 * @throws `token_invalid` with the first broken rule; `token_expired` if no other rule is broken
 */
export function checkClaims(payload: Uint8Array, { issuer, audience }: ClaimExpectations, now: number): Principal {
  const claims = parseJsonObject(
    payload,
    'the payload must be a JSON object without repeated members (RFC 7519, 4, 7.2)',
  );
  const { iss, sub, scope, scp, exp, nbf, iat, sid } = claims;
  const nowSeconds = now / 1000;

  if (issuer !== null) {
    assertClaim(iss === issuer, 'iss must be the configured issuer (RFC 7519, 4.1.1)', {
      claim: 'iss',
      received: iss,
      configured: issuer,
    });
  }
  if (audience !== null) {
    const [claim, received] = audienceOf(claims);
    assertClaim(isAddressedTo(audience, received), 'aud must be or have the configured audience (RFC 7519, 4.1.3)', {
      claim,
      received,
      configured: audience,
    });
  }

  // In the mode `shared-secret`, Better Auth signs e-mail links and session cookies with the same secret. This rule
  // rejects them, because they have no sub.
  assertToken(
    typeof sub === 'string' && isStorableText(sub),
    'sub must be a string of valid characters (RFC 7519, 4.1.2)',
  );
  assertToken(isLengthBetween(sub, 1, maxSubjectLength), 'sub must have 1 to 255 characters');

  assertToken(isScopes(scope), 'scope must be a string or an array of strings if present (RFC 8693, 4.2)');
  assertToken(isScopes(scp), 'scp must be a string or an array of strings if present');

  assertToken(iat === undefined || isNumericDate(iat), 'iat must be a number if present (RFC 7519, 4.1.6)');
  assertToken(
    iat === undefined || iat <= nowSeconds + maxIssuedAheadSeconds,
    'iat must not be ahead of the clock of this server (RFC 7519, 4.1.6)',
  );
  assertToken(nbf === undefined || isNumericDate(nbf), 'nbf must be a number if present (RFC 7519, 4.1.5)');
  assertToken(
    nbf === undefined || nbf <= nowSeconds + leewaySeconds,
    'nbf must not be ahead of the clock of this server (RFC 7519, 4.1.5)',
  );
  assertToken(isNumericDate(exp), 'exp must be a number (RFC 7519, 4.1.4)');

  // This check is last: `token_expired` means that the token was valid once, so a new token helps.
  if (nowSeconds >= exp + leewaySeconds) throw tokenExpired('exp must not be past (RFC 7519, 4.1.4)');

  return {
    userId: sub,
    scopes: scopesOf(scope, scp),
    expiresAt: (exp + leewaySeconds) * 1000,
    ...(typeof sid === 'string' && { sessionId: sid }),
    ...oauthClientOf(claims),
  };
}

/**
 * The OAuth client in `client_id` (RFC 9068, 2.2), or in `azp` (OpenID Connect Core, 2), which Better Auth's authorization
 * server, Keycloak and Auth0 send. It is only shown in the history, so a value that cannot be shown is no reason to
 * reject the token.
 */
function oauthClientOf({ client_id: clientId, azp }: JsonObject): Pick<Principal, 'oauthClient'> {
  const name = clientId ?? azp;
  const isName = typeof name === 'string' && isStorableText(name) && isLengthBetween(name, 1, maxClientLength);
  return isName ? { oauthClient: name } : {};
}

/**
 * The claim that names the audience. Access tokens of Amazon Cognito have no `aud`. Cognito's documentation verifies
 * `client_id` instead, which names the application.
 */
function audienceOf({ aud, client_id: clientId, token_use: use }: JsonObject): [claim: string, value: unknown] {
  return aud === undefined && use === 'access' && clientId !== undefined ? ['client_id', clientId] : ['aud', aud];
}

/** A string of scopes (RFC 8693, section 4.2), or an array. Okta, Ory Hydra and Duende send arrays. */
type Scopes = string | readonly string[] | undefined;

function isScopes(value: unknown): value is Scopes {
  if (Array.isArray(value)) return value.every((scope) => typeof scope === 'string');
  return value === undefined || typeof value === 'string';
}

/**
 * The scopes in all these claims; null if the token has none of the claims. Okta and Microsoft send `scp`, not `scope`.
 */
function scopesOf(...claims: readonly Scopes[]): string[] | null {
  const present = claims.filter((claim) => claim !== undefined);
  if (present.length === 0) return null;
  return [...new Set(present.flatMap((claim) => [claim].flat().join(' ').split(' ')))].filter((scope) => scope !== '');
}

/** `aud` is a string or an array of strings (RFC 7519, 4.1.3). */
function isAddressedTo(audience: string, aud: unknown): boolean {
  if (!Array.isArray(aud)) return aud === audience;
  return aud.every((name) => typeof name === 'string') && aud.includes(audience);
}

/**
 * PostgreSQL cannot store U+0000. UTF-8 cannot encode lone surrogates, and a replacement would give two users the same
 * id.
 */
function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** Counts code points. A text has at most as many code points as UTF-16 units, so a short text is not split. */
function isLengthBetween(text: string, min: number, max: number): boolean {
  const length = text.length <= max ? text.length : [...text].length;
  return length >= min && length <= max;
}

/** Seconds since 1970 (RFC 7519, 2). JavaScript parses 1e400 as Infinity, and such a token would never expire. */
function isNumericDate(value: unknown): value is number {
  return Number.isFinite(value);
}
