/** Published keys that must not be used, and secrets that are too short. */
import { describe, expect, test } from 'vitest';
import { parseJwks } from '../../../src/auth/jwt/jwks.ts';
import { createSharedSecretKeys } from '../../../src/auth/jwt/shared-secret.ts';
import { makeIssuer, signWithSecret } from '../../support/tokens.ts';
import { claims, everyAlgorithm, expectRefused, verifierFor } from './fixtures.ts';

const ed = makeIssuer();
const ec = makeIssuer({ algorithm: 'ES256' });
const rsa = makeIssuer({ algorithm: 'RS256' });

describe.each([ed, ec, rsa])('a key of $algorithm is not used', (issuer) => {
  const { jwk, privateJwk } = issuer;

  test.each([
    ['with all its private parts', privateJwk, /^a public key must have no private parts/],
    ['with a private part that is null', { ...jwk, d: null }, /^a public key must have no private parts/],
    ['with a secret beside it', { ...jwk, k: 'AAAA' }, /^a public key must have no private parts/],
    ['for encryption', { ...jwk, use: 'enc' }, /^use must be sig/],
    ['for a use that is no string', { ...jwk, use: ['sig'] }, /^use must be sig/],
    ['for other operations', { ...jwk, key_ops: ['encrypt'] }, /^key_ops must have verify/],
    ['for operations that are no list', { ...jwk, key_ops: 'verify' }, /^key_ops must have verify/],
    ['for no operations', { ...jwk, key_ops: [] }, /^key_ops must have verify/],
    ['with the algorithm of another type', { ...jwk, alg: issuer === ec ? 'EdDSA' : 'ES256' }, /^alg must fit/],
    ['with an unknown algorithm', { ...jwk, alg: 'XX999' }, /^alg must fit/],
    ['with HS256', { ...jwk, alg: 'HS256' }, /^alg must fit/],
    ['with an algorithm that is no string', { ...jwk, alg: null }, /^alg must fit/],
    ['of an unknown type', { ...jwk, kty: 'AKP' }, /^kty and crv must be/],
    ['of a type that is no string', { ...jwk, kty: [jwk.kty] }, /^kty must be a string/],
    ['on an unknown curve', { ...jwk, crv: 'secp256k1' }, /^kty and crv must be/],
    ['on a curve for key agreement', { ...jwk, crv: 'X25519' }, /^kty and crv must be/],
    ['with a number for a kid', { ...jwk, kid: 1 }, /^kid must be a string/],
    ['without its numbers', { ...jwk, x: undefined, n: undefined }, /^[xn] must be a string/],
    [
      'with numbers that make no key',
      { ...jwk, x: 'AAAA', n: 'AAAA' },
      /^(the numbers must make a key|an RSA modulus)/,
    ],
  ])('%s', async (_, published, reason) => {
    const { keys, unused } = parseJwks({ keys: [published] });
    expect(keys).toEqual([]);
    expect(unused).toEqual([
      { kid: typeof published.kid === 'string' ? issuer.kid : null, reason: expect.stringMatching(reason) },
    ]);
    await expectRefused(verifierFor({ keys: [published] }).verify(issuer.sign(claims())), /^the key must be known/);
  });

  test('with a duplicate kid', async () => {
    const twin = { ...makeIssuer({ kid: issuer.kid }).jwk };
    for (const keys of [
      [jwk, twin],
      [twin, jwk],
      [jwk, jwk],
      [jwk, { kty: 'oct', k: 'AAAA', kid: issuer.kid }],
    ]) {
      await expectRefused(verifierFor({ keys }).verify(issuer.sign(claims())), /^the key must be known/);
      expect(parseJwks({ keys }).unused[0]?.reason).toMatch(/^kid must be unique/);
    }
  });

  test('but a valid key beside them is used', async () => {
    const bad = [
      null,
      1,
      'key',
      [],
      {},
      { ...jwk, kid: 'other', use: 'enc' },
      { kty: 'oct', k: 'AAAA', kid: 'secret' },
    ];
    const verifier = verifierFor({ keys: [...bad, jwk] });
    await expect(verifier.verify(issuer.sign(claims()))).resolves.toBeTruthy();
  });

  test('but a key with additional operations is used', async () => {
    const verifier = verifierFor({ keys: [{ ...jwk, use: undefined, key_ops: ['sign', 'verify'], ext: false }] });
    await expect(verifier.verify(issuer.sign(claims()))).resolves.toBeTruthy();
  });
});

test('an oct key is not used, not even for HS256', async () => {
  const bytes = Buffer.alloc(32, 7);
  const jwk = { kty: 'oct', k: bytes.toString('base64url'), kid: 'secret', alg: 'HS256', use: 'sig' };
  const verifier = verifierFor({ keys: [jwk] }, [...everyAlgorithm, 'HS256']);
  await expectRefused(verifier.verify(signWithSecret(bytes, claims(), { kid: 'secret' })), /^the key must be known/);
  expect(parseJwks({ keys: [jwk] }).unused[0]?.reason).toMatch(/^kty and crv/);
});

test('an RSA key under 2048 bits is not used', async () => {
  const weak = makeIssuer({ algorithm: 'RS256', modulusLength: 1024 });
  await expectRefused(verifierFor(weak.jwks).verify(weak.sign(claims())), /^the key must be known/);
  expect(parseJwks(weak.jwks).unused[0]?.reason).toMatch(/2048 bits/);
});

test.each([0, 1, 2, 4, 65_536])('an RSA key with e = %i is not used', (exponent) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(exponent);
  const e = bytes.toString('base64url');
  expect(parseJwks({ keys: [{ ...rsa.jwk, e }] }).unused[0]?.reason).toMatch(
    /^(an RSA exponent|the numbers must make)/,
  );
});

test('a point that is not on its curve is rejected', () => {
  expect(parseJwks({ keys: [{ ...ec.jwk, x: ec.jwk.y }] }).unused[0]?.reason).toMatch(/^the numbers must make/);
});

test.each([null, [], 'x', 1, {}, { keys: 'x' }, { keys: {} }, { keys: null }, { keys: Array(101).fill({}) }])(
  'a document that is no JWK Set is an error',
  (document) => {
    expect(() => parseJwks(document)).toThrow(/JWK Set/);
  },
);

test('a secret under 32 bytes is rejected', () => {
  expect(() => createSharedSecretKeys('x'.repeat(31))).toThrow(RangeError);
  expect(() => createSharedSecretKeys('é'.repeat(16))).not.toThrow();
});
