/** Which keys of a JWK Set (RFC 7517, 5) may be used, rule by rule. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../json/strict-json.ts';
import type { RejectedKey, VerificationKey } from './key-source.ts';
import { hasRocaFingerprint } from './roca.ts';

export interface Jwks {
  readonly keys: readonly VerificationKey[];
  readonly unused: readonly RejectedKey[];
}

const maxKeys = 100;

/** The algorithms of each type of key (RFC 7518, 3.1; RFC 8037, 3.1), and the members that make up such a key. */
const keyTypes = new Map([
  ['RSA', { algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'], members: ['n', 'e'] }],
  ['EC P-256', { algorithms: ['ES256'], members: ['crv', 'x', 'y'] }],
  ['EC P-384', { algorithms: ['ES384'], members: ['crv', 'x', 'y'] }],
  ['EC P-521', { algorithms: ['ES512'], members: ['crv', 'x', 'y'] }],
  ['OKP Ed25519', { algorithms: ['EdDSA'], members: ['crv', 'x'] }],
]);

/** Members that hold a secret (RFC 7518, 6.2.2, 6.3.2, 6.4.1). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Reads a JWK Set. Keys that break a rule are left out, not an error (RFC 7517, 5). Throws where it is no JWK Set. */
export function parseJwks(document: unknown): Jwks {
  if (!isJsonObject(document) || !Array.isArray(document.keys)) throw new Error('this is not a JWK Set');
  const published: unknown[] = document.keys;
  if (published.length > maxKeys) throw new Error(`the JWK Set has more than ${maxKeys} keys`);

  const keys: VerificationKey[] = [];
  const unused: RejectedKey[] = [];
  for (const jwk of published) {
    try {
      keys.push(readKey(jwk, published));
    } catch (error) {
      unused.push({ kid: kidOf(jwk) ?? null, reason: (error as Error).message });
    }
  }
  return { keys, unused };
}

/** Checks a key against every rule. Throws an `Error` whose message is the first one broken. */
function readKey(jwk: unknown, published: readonly unknown[]): VerificationKey {
  rule(isJsonObject(jwk), 'a key must be a JSON object (RFC 7517, 4)');
  const { kty, crv, alg, kid, use, key_ops: operations } = jwk;

  rule(typeof kty === 'string', 'kty must be a string (RFC 7517, 4.1)');
  const type = keyTypes.get(crv === undefined ? kty : `${kty} ${crv}`);
  rule(type, 'kty and crv must be RSA, EC on a NIST curve, or Ed25519 (RFC 7518, 6.1; RFC 8037, 2)');
  rule(alg === undefined || type.algorithms.some((name) => name === alg), 'alg must fit kty and crv (RFC 7517, 4.4)');

  rule(use === undefined || use === 'sig', 'use must be sig where present (RFC 7517, 4.2)');
  rule(
    operations === undefined || (Array.isArray(operations) && operations.includes('verify')),
    'key_ops must have verify where present (RFC 7517, 4.3)',
  );

  rule(kid === undefined || typeof kid === 'string', 'kid must be a string where present (RFC 7517, 4.5)');
  // Nobody can tell which of them a token means, and what is confused may be forged.
  const namesakes = published.filter((other) => kid !== undefined && kidOf(other) === kid);
  rule(namesakes.length <= 1, 'kid must be unique in the set (RFC 7517, 4.5)');

  // A private key that was published is everybody's.
  rule(!secretMembers.some((name) => name in jwk), 'a public key must have no private parts (RFC 7517, 9.2)');

  const material = importKey({ kty, ...pick(jwk, type.members) });
  rule(material, 'the numbers must make a key, a point must be on its curve (RFC 7518, 6.2.1, 6.3.1; RFC 8037, 2)');
  if (kty === 'RSA') checkRsaKey(material, jwk.n as string);
  return { kid: kid ?? null, algorithms: typeof alg === 'string' ? [alg] : type.algorithms, material };
}

/** The rules for the numbers of an RSA key, as OpenSSL reads them. */
function checkRsaKey(key: KeyObject, n: string): void {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  rule(modulusLength >= 2048, 'an RSA modulus must have 2048 bits or more (RFC 7518, 3.3, 3.5)');
  // With e = 1 a signature is the padded message itself: anybody can make one.
  rule(publicExponent >= 3n && publicExponent % 2n === 1n, 'an RSA exponent must be odd and 3 or more (RFC 8017, 3.1)');
  rule(!hasRocaFingerprint(n), 'an RSA modulus must not be of the ROCA family (CVE-2017-15361)');
}

function importKey(jwk: Record<string, string>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** These members, each of which must be a string. Nothing else of a published key is ever used. */
function pick(jwk: JsonObject, members: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    members.map((name) => {
      const value = jwk[name];
      rule(typeof value === 'string', `${name} must be a string (RFC 7518, 6.2.1, 6.3.1; RFC 8037, 2)`);
      return [name, value];
    }),
  );
}

function kidOf(jwk: unknown): string | undefined {
  return isJsonObject(jwk) && typeof jwk.kid === 'string' ? jwk.kid : undefined;
}

function rule(holds: unknown, text: string): asserts holds {
  if (!holds) throw new Error(text);
}
