/** Rules for the JOSE header of a token. The header can only select among the configured algorithms and keys. */
import type { JsonObject } from '../../json/strict-json.ts';
import { assertToken } from './errors.ts';

/** The parameters of a valid header that select the key. */
export interface JoseHeader {
  readonly algorithm: string;
  readonly kid: string | undefined;
}

/** The accepted values of `typ`: RFC 7519, 5.1, and RFC 9068, 2.1. */
const acceptedTypes = ['jwt', 'at+jwt'];

const maxKidLength = 256;

/** Checks a header against every rule. Throws `token_invalid` with the first broken rule. */
export function parseJoseHeader(header: JsonObject, algorithms: readonly string[]): JoseHeader {
  const { alg, kid, typ } = header;

  // The comparison is exact, so "none" is rejected in any spelling.
  assertToken(
    typeof alg === 'string' && algorithms.includes(alg),
    'alg must be a configured algorithm (RFC 8725, 3.1)',
  );

  // A verifier must reject critical extensions that it does not support. This one supports none.
  assertToken(header.crit === undefined, 'crit must be absent, no extension is understood (RFC 7515, 4.1.11)');
  assertToken(header.b64 === undefined, 'b64 must be absent, payloads are always encoded (RFC 7797, 3)');

  // A token must not contain the key to verify it with, or the URL of the key.
  assertToken(header.jwk === undefined, 'jwk must be absent (RFC 7515, 4.1.3; RFC 8725, 3.10)');
  assertToken(header.jku === undefined, 'jku must be absent (RFC 7515, 4.1.2; RFC 8725, 3.10)');
  assertToken(header.x5u === undefined, 'x5u must be absent (RFC 7515, 4.1.5; RFC 8725, 3.10)');
  assertToken(header.x5c === undefined, 'x5c must be absent (RFC 7515, 4.1.6; RFC 8725, 3.10)');

  // Issuers sign other objects with the same key, for example Better Auth its session cookies ("better-auth.session-cache+jwt").
  assertToken(typ === undefined || isAcceptedType(typ), 'typ must be JWT or at+jwt if present (RFC 8725, 3.11)');

  assertToken(
    kid === undefined || (typeof kid === 'string' && kid.length <= maxKidLength),
    'kid must be a string of at most 256 characters if present (RFC 7515, 4.1.4)',
  );
  return { algorithm: alg, kid };
}

/** Media types are case-insensitive, and `application/` is optional (RFC 7515, 4.1.9). */
function isAcceptedType(typ: unknown): boolean {
  return typeof typ === 'string' && acceptedTypes.includes(typ.toLowerCase().replace(/^application\//, ''));
}
