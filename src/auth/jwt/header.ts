/** The rules for a token's header. Nothing in it is believed; it may only pick among what is configured. */

import type { JsonObject } from '../../json/strict-json.ts';
import { assertToken } from './errors.ts';

/** What is left of a header that keeps the rules: the two hints for choosing a key. */
export interface JoseHeader {
  readonly algorithm: string;
  readonly kid: string | undefined;
}

/** What a token for an API may call itself: RFC 7519, 5.1, and RFC 9068, 2.1. */
const acceptedTypes = ['jwt', 'at+jwt'];

const maxKidLength = 256;

/** Checks a header against every rule. Throws `token_invalid` naming the first one broken. */
export function parseJoseHeader(header: JsonObject, algorithms: readonly string[]): JoseHeader {
  const { alg, kid, typ } = header;

  // One of the algorithms that were configured, spelled so. This shuts out "none" in any spelling.
  assertToken(
    typeof alg === 'string' && algorithms.includes(alg),
    'alg must be a configured algorithm (RFC 8725, 3.1)',
  );

  // Whoever names extensions as critical wants a token refused by those who don't know them. None is known here.
  assertToken(header.crit === undefined, 'crit must be absent, no extension is understood (RFC 7515, 4.1.11)');
  assertToken(header.b64 === undefined, 'b64 must be absent, payloads are always encoded (RFC 7797, 3)');

  // A token cannot bring the key that it is verified with, nor say where to fetch it.
  assertToken(header.jwk === undefined, 'jwk must be absent (RFC 7515, 4.1.3; RFC 8725, 3.10)');
  assertToken(header.jku === undefined, 'jku must be absent (RFC 7515, 4.1.2; RFC 8725, 3.10)');
  assertToken(header.x5u === undefined, 'x5u must be absent (RFC 7515, 4.1.5; RFC 8725, 3.10)');
  assertToken(header.x5c === undefined, 'x5c must be absent (RFC 7515, 4.1.6; RFC 8725, 3.10)');

  // Issuers sign other things with the same key: Better Auth its session cookies ("better-auth.session-cache+jwt").
  assertToken(typ === undefined || isAcceptedType(typ), 'typ must be JWT or at+jwt where present (RFC 8725, 3.11)');

  assertToken(
    kid === undefined || (typeof kid === 'string' && kid.length <= maxKidLength),
    'kid must be a string of at most 256 characters where present (RFC 7515, 4.1.4)',
  );
  return { algorithm: alg, kid };
}

/** Media types ignore case, and `application/` may be left out (RFC 7515, 4.1.9). */
function isAcceptedType(typ: unknown): boolean {
  return typeof typ === 'string' && acceptedTypes.includes(typ.toLowerCase().replace(/^application\//, ''));
}
