/** Public keys whose private key is not needed or can be computed. Their algorithms and their formats are valid. */
import { checkPrimeSync } from 'node:crypto';
import { hasRocaFingerprint } from './roca.ts';

/** The prime of the field of Ed25519 (RFC 8032, 5.1). */
const fieldPrime = 2n ** 255n - 19n;

/** A y-coordinate of the points of order 8; the other one is its negative. */
const order8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;

/**
 * The y-coordinates of the eight points whose order divides 8. With such a key, a signature of one message also fits
 * others, so it can be forged (Chalkias et al., "Taming the many EdDSAs", section 3).
 */
const smallOrder: ReadonlySet<bigint> = new Set([0n, 1n, fieldPrime - 1n, order8, fieldPrime - order8]);

/**
 * The rule that an Ed25519 key breaks; null if it breaks none. A point of small order plus a regular one is not rejected,
 * because signatures with it need the private key.
 *
 * @param x the encoded point: y in little-endian, and the sign in the highest bit (RFC 8032, 5.1.2), in base64url
 */
export function weaknessOfEd25519(x: string): string | null {
  const y = littleEndian(Buffer.from(x, 'base64url')) & (2n ** 255n - 1n);
  // No generator of keys encodes y as y + p. The other encodings of points of small order have this form.
  if (y >= fieldPrime) return 'an Ed25519 key must be encoded canonically (RFC 8032, 5.1.3)';
  return smallOrder.has(y) ? 'an Ed25519 key must not be a point of small order (RFC 8032, 5.1.7)' : null;
}

/** The product of the primes below 752: Let's Encrypt and browsers check them, too. */
const smallPrimes = product(752);

/** Rounds of Fermat's factorization, which finds factors that are close to each other (CVE-2022-26320). */
const fermatRounds = 100;

/**
 * The rule that an RSA modulus breaks; null if it breaks none.
 *
 * @param n the modulus, in base64url
 */
export function weaknessOfModulus(n: string): string | null {
  const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
  if (greatestCommonDivisor(smallPrimes, modulus % smallPrimes) !== 1n) {
    return 'an RSA modulus must have no small factors (NIST SP 800-56B, 6.4.1.2)';
  }
  if (hasRocaFingerprint(n)) return 'an RSA modulus must not be of the ROCA family (CVE-2017-15361)';
  if (hasCloseFactors(modulus)) return 'the factors of an RSA modulus must not be close (CVE-2022-26320)';
  if (checkPrimeSync(modulus)) return 'an RSA modulus must not be a prime (RFC 8017, 3.1)';
  return null;
}

/** Fermat's factorization. A square has equal factors. */
function hasCloseFactors(modulus: bigint): boolean {
  let a = squareRoot(modulus);
  if (a * a < modulus) a += 1n;
  for (let round = 0; round < fermatRounds; round += 1, a += 1n) {
    const rest = a * a - modulus;
    const root = squareRoot(rest);
    if (root * root === rest) return true;
  }
  return false;
}

/** Newton's method. */
function squareRoot(number: bigint): bigint {
  if (number < 2n) return number;
  let root = 1n << BigInt(Math.ceil(number.toString(2).length / 2));
  for (;;) {
    const next = (root + number / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : greatestCommonDivisor(other, one % other);
}

function product(end: number): bigint {
  const numbers = Array.from({ length: end - 2 }, (_, index) => index + 2);
  return numbers
    .filter((number) => numbers.every((divisor) => divisor * divisor > number || number % divisor !== 0))
    .reduce((result, prime) => result * BigInt(prime), 1n);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
}
