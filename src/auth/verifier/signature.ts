/** Whether a key has made a signature, for each algorithm of RFC 7518, 3.1, and RFC 8037, 3.1, that keys may have. */
import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto';

type IsMadeBy = (key: KeyObject, signed: Uint8Array, signature: Uint8Array) => boolean;

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;

/** RSASSA-PKCS1-v1_5 (RFC 7518, 3.3). */
const pkcs1 =
  (hash: string): IsMadeBy =>
  (key, signed, signature) =>
    verify(hash, signed, { key, padding: RSA_PKCS1_PADDING }, signature);

/** RSASSA-PSS, with salts as long as the hash (RFC 7518, 3.5). */
const pss =
  (hash: string): IsMadeBy =>
  (key, signed, signature) =>
    verify(hash, signed, { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST }, signature);

/** ECDSA, both numbers of a signature in as many bytes as the curve has (RFC 7518, 3.4). */
const ecdsa =
  (hash: string): IsMadeBy =>
  (key, signed, signature) =>
    verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature);

/**
 * By OpenSSL itself: through Web Cryptography, which libraries for tokens use, a signature takes half as long again
 * (`docs/performance.md`).
 */
const algorithms: Readonly<Record<string, IsMadeBy>> = {
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: ecdsa('sha256'),
  ES384: ecdsa('sha384'),
  ES512: ecdsa('sha512'),
  EdDSA: (key, signed, signature) => verify(null, signed, key, signature),
  HS256(key, signed, signature) {
    const expected = createHmac('sha256', key).update(signed).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  },
};

/** @param algorithm one that the key may be used with */
export function isMadeBy(key: KeyObject, algorithm: string, signed: Uint8Array, signature: Uint8Array): boolean {
  return algorithms[algorithm]?.(key, signed, signature) ?? false;
}
