/** Parser of JWK Sets (RFC 7517, 5), with the rules that a usable key follows. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../json/strict-json.ts';
import type { RejectedKey, VerificationKey } from './key-source.ts';
import { weaknessOfEd25519, weaknessOfModulus } from './weak-keys.ts';

export interface Jwks {
  readonly keys: readonly VerificationKey[];
  readonly unused: readonly RejectedKey[];
}

const maxKeys = 100;

/** The algorithms (RFC 7518, 3.1; RFC 8037, 3.1) and the required members of each key type. */
const keyTypes = new Map([
  ['RSA', { algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'], members: ['n', 'e'] }],
  ['EC P-256', { algorithms: ['ES256'], members: ['crv', 'x', 'y'] }],
  ['EC P-384', { algorithms: ['ES384'], members: ['crv', 'x', 'y'] }],
  ['EC P-521', { algorithms: ['ES512'], members: ['crv', 'x', 'y'] }],
  ['OKP Ed25519', { algorithms: ['EdDSA'], members: ['crv', 'x'] }],
]);

/** Members of private and symmetric keys (RFC 7518, 6.2.2, 6.3.2, 6.4.1). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Parses a JWK Set. Keys that break a rule are skipped (RFC 7517, 5). Throws an `Error` if it is not a JWK Set. */
export function parseJwks(document: unknown): Jwks {
  if (!isJsonObject(document) || !Array.isArray(document.keys)) throw new Error('the document is not a JWK Set');
  const published: unknown[] = document.keys;
  if (published.length > maxKeys) throw new Error(`the JWK Set has more than ${maxKeys} keys`);

  const keys: VerificationKey[] = [];
  const unused: RejectedKey[] = [];
  for (const jwk of published) {
    try {
      keys.push(parseKey(jwk, published));
    } catch (error) {
      unused.push({ kid: kidOf(jwk) ?? null, reason: (error as Error).message });
    }
  }
  return { keys, unused };
}

/** Checks a key against every rule. Throws an `Error` with the first broken rule. */
function parseKey(jwk: unknown, published: readonly unknown[]): VerificationKey {
  rule(isJsonObject(jwk), 'a key must be a JSON object (RFC 7517, 4)');
  const { kty, crv, alg, kid, use, key_ops: operations } = jwk;

  rule(typeof kty === 'string', 'kty must be a string (RFC 7517, 4.1)');
  const type = keyTypes.get(crv === undefined ? kty : `${kty} ${crv}`);
  rule(type, 'kty and crv must be RSA, EC on a NIST curve, or Ed25519 (RFC 7518, 6.1; RFC 8037, 2)');
  rule(alg === undefined || type.algorithms.some((name) => name === alg), 'alg must fit kty and crv (RFC 7517, 4.4)');

  rule(use === undefined || use === 'sig', 'use must be sig if present (RFC 7517, 4.2)');
  rule(
    operations === undefined || (Array.isArray(operations) && operations.includes('verify')),
    'key_ops must have verify if present (RFC 7517, 4.3)',
  );

  rule(kid === undefined || typeof kid === 'string', 'kid must be a string if present (RFC 7517, 4.5)');
  // With a duplicate kid, the key of a token is ambiguous.
  const sameKid = published.filter((other) => kid !== undefined && kidOf(other) === kid);
  rule(sameKid.length <= 1, 'kid must be unique in the set (RFC 7517, 4.5)');

  // A published private key is compromised.
  rule(!secretMembers.some((name) => name in jwk), 'a public key must have no private parts (RFC 7517, 9.2)');

  const material = importKey({ kty, ...pick(jwk, type.members) });
  rule(material, 'the numbers must make a key, a point must be on its curve (RFC 7518, 6.2.1, 6.3.1; RFC 8037, 2)');
  if (kty === 'RSA') checkRsaKey(material, jwk.n as string);
  if (crv === 'Ed25519') rejectWeak(weaknessOfEd25519(jwk.x as string));
  return { kid: kid ?? null, algorithms: typeof alg === 'string' ? [alg] : type.algorithms, material };
}

/** Rules for the parameters of an RSA key, as OpenSSL reads them. */
function checkRsaKey(key: KeyObject, n: string): void {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  rule(modulusLength >= 2048, 'an RSA modulus must have 2048 bits or more (RFC 7518, 3.3, 3.5)');
  // A verification with a longer key would cost milliseconds of CPU.
  rule(modulusLength <= 8192, 'an RSA modulus must have 8192 bits or less');
  // With e = 1, a signature is the padded message itself and can be forged.
  rule(publicExponent >= 3n && publicExponent % 2n === 1n, 'an RSA exponent must be odd and 3 or more (RFC 8017, 3.1)');
  rejectWeak(weaknessOfModulus(n));
}

/** @param weakness the broken rule, or null */
function rejectWeak(weakness: string | null): void {
  if (weakness !== null) throw new Error(weakness);
}

function importKey(jwk: Record<string, string>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** Selects members, each of which must be a string. No other member of a published key is used. */
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
