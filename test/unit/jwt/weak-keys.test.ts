/** Published keys whose signatures can be forged, although their formats are valid. */
import { generatePrimeSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseJwks } from '../../../src/auth/jwt/jwks.ts';
import { base64url, joinToken, makeIssuer } from '../../support/tokens.ts';
import { claims, expectRefused, verifierFor } from './fixtures.ts';

const p = 2n ** 255n - 19n;
const modulo = (value: bigint) => ((value % p) + p) % p;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, modulo(base)];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

const inverse = (value: bigint) => power(value, p - 2n);
const d = modulo(-121_665n * inverse(121_666n));
const rootOfMinusOne = power(2n, (p - 1n) / 4n);

type Point = readonly [x: bigint, y: bigint];

/** Addition on the twisted Edwards curve -x² + y² = 1 + dx²y² (RFC 8032, 5.1.4). */
function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = modulo(d * x1 * x2 * y1 * y2);
  return [
    modulo((x1 * y2 + y1 * x2) * inverse(1n + product)),
    modulo((y1 * y2 + x1 * x2) * inverse(modulo(1n - product))),
  ];
}

/** The point with this y and an even or odd x, or null (RFC 8032, 5.1.3). */
function decode(y: bigint, sign: bigint): Point | null {
  const square = modulo((y * y - 1n) * inverse(modulo(d * y * y + 1n)));
  let x = power(square, (p + 3n) / 8n);
  if (modulo(x * x - square) !== 0n) x = modulo(x * rootOfMinusOne);
  if (modulo(x * x - square) !== 0n) return null;
  return [(x & 1n) === sign ? x : modulo(-x), y];
}

/** The eight points whose order divides 8: multiples of the order of the main subgroup. */
function smallOrderPoints(): Point[] {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const points = new Map<string, Point>();
  for (let y = 2n; points.size < 8; y += 1n) {
    let base = decode(y, y & 1n);
    let result: Point = [0n, 1n];
    for (let rest = order; base && rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = add(result, base);
      base = add(base, base);
    }
    if (base) points.set(result.join(), result);
  }
  return [...points.values()];
}

function encode(y: bigint, sign: bigint): string {
  const bytes = Buffer.from((y | (sign << 255n)).toString(16).padStart(64, '0'), 'hex').reverse();
  return bytes.toString('base64url');
}

/** Every encoding that a lenient decoder maps to these points: both signs, and y + p if it has 255 bits. */
const encodings = [
  ...new Set(
    smallOrderPoints().flatMap(([, y]) =>
      [y, y + p].filter((form) => form < 2n ** 255n).flatMap((form) => [encode(form, 0n), encode(form, 1n)]),
    ),
  ),
];

describe('an Ed25519 key of small order', () => {
  test('has 14 encodings', () => {
    expect(encodings).toHaveLength(14);
  });

  test.each(encodings)('is not used: %s', async (x) => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x, kid: 'weak' };
    expect(parseJwks({ keys: [jwk] })).toEqual({
      keys: [],
      unused: [
        {
          kid: 'weak',
          reason: expect.stringMatching(/^an Ed25519 key must (not be a point of small order|be encoded)/),
        },
      ],
    });
    // R is a point of small order, and S is zero: for a share of all messages, the equation of RFC 8032 holds.
    const header = JSON.stringify({ alg: 'EdDSA', kid: 'weak' });
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const payload = JSON.stringify({ ...claims(), jti: String(attempt) });
      const token = joinToken(header, payload, () => Buffer.concat([Buffer.from(x, 'base64url'), Buffer.alloc(32)]));
      await expectRefused(verifierFor({ keys: [jwk] }).verify(token), /^the key must be known/);
    }
  });
});

test('other encodings of a regular y are not used, and generated keys are', () => {
  for (const x of [encode(p + 3n, 0n), encode(p + 18n, 1n)]) {
    expect(parseJwks({ keys: [{ kty: 'OKP', crv: 'Ed25519', x }] }).unused[0]?.reason).toMatch(/canonically/);
  }
  const issuers = Array.from({ length: 50 }, () => makeIssuer());
  for (const { jwks } of issuers) expect(parseJwks(jwks).keys).toHaveLength(1);
});

describe('an RSA modulus', () => {
  const prime = (bits: number) => generatePrimeSync(bits, { bigint: true });
  const one = prime(1024);

  function published(modulus: bigint) {
    const hex = modulus.toString(16);
    const n = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
    return parseJwks({ keys: [{ kty: 'RSA', n, e: 'AQAB', alg: 'RS256' }] });
  }

  test.each<[string, () => bigint, RegExp]>([
    ['that is even', () => prime(2047) * 2n, /^an RSA modulus must have no small factors/],
    ['with the factor 3', () => prime(2047) * 3n, /^an RSA modulus must have no small factors/],
    ['with the factor 751', () => prime(2040) * 751n, /^an RSA modulus must have no small factors/],
    ['that is a square', () => one * one, /^the factors of an RSA modulus must not be close/],
    ['with close factors', () => one * closePrime(one), /^the factors of an RSA modulus must not be close/],
    ['that is a prime', () => prime(2048), /^an RSA modulus must not be a prime/],
  ])('%s is not used', (_, modulus, reason) => {
    expect(published(modulus()).unused).toEqual([{ kid: null, reason: expect.stringMatching(reason) }]);
  });

  test('over 8192 bits is not used', () => {
    expect(published((1n << 8_200n) + 1n).unused[0]?.reason).toMatch(/8192 bits or less/);
  });

  test('of two random primes is used', () => {
    expect(published(one * prime(1024)).keys).toHaveLength(1);
  });

  /** The next prime. */
  function closePrime(start: bigint): bigint {
    for (let candidate = start + 2n; ; candidate += 2n) if (isProbablePrime(candidate)) return candidate;
  }

  /** Fermat's test to the base 2, sufficient for random numbers. */
  function isProbablePrime(candidate: bigint): boolean {
    let [result, square, rest] = [1n, 2n, candidate - 1n];
    for (; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = (result * square) % candidate;
      square = (square * square) % candidate;
    }
    return result === 1n;
  }
});

test.each([
  ['the origin', '', ''],
  ['a point beyond the field', 'ff'.repeat(32), '01'.repeat(32)],
])('an EC key with %s is not used', (_, x, y) => {
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(Buffer.from(x, 'hex')), y: base64url(Buffer.from(y, 'hex')) };
  expect(parseJwks({ keys: [jwk] }).unused[0]?.reason).toMatch(/^the numbers must make/);
});
