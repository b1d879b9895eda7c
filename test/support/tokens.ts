/** Test issuers with real keys, which sign valid and invalid tokens. They use node:crypto and not jose. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto';

type TestAlgorithm = 'EdDSA' | `${'RS' | 'PS' | 'ES'}${'256' | '384' | '512'}`;

type TestJwk = JsonWebKey & { kid?: string; alg?: string; use?: string; key_ops?: string[] };

export interface TestIssuer {
  readonly algorithm: TestAlgorithm;
  readonly kid: string;
  /** The published public key with `kid`, `alg` and `use`. */
  readonly jwk: TestJwk;
  /** The private key. Only a test of published private keys publishes it. */
  readonly privateJwk: TestJwk;
  readonly publicPem: string;
  readonly jwks: { readonly keys: readonly TestJwk[] };
  /** A token with these claims. `header` is merged into `alg` and `kid`. An undefined member is removed. */
  sign(claims: object, header?: object): string;
  /** A token with this exact payload, which need not be valid JSON. */
  signText(header: string, payload: string | Uint8Array): string;
}

export interface TestIssuerOptions {
  readonly algorithm?: TestAlgorithm;
  readonly kid?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: number;
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** Number of issuers of this process. All names of keys have the same length, so that the length of a token does not vary. */
let issuers = 0;

/** An issuer with its own key pair. Generating an RSA key takes some tenths of a second. */
export function makeIssuer(options: TestIssuerOptions = {}): TestIssuer {
  issuers += 1;
  const { algorithm = 'EdDSA', kid = `key-${String(issuers).padStart(6, '0')}` } = options;
  const { publicKey: publicPem, privateKey: privatePem } = makePemPair(algorithm, options);
  const privateKey = createPrivateKey(privatePem);
  const names = { kid, alg: algorithm, use: 'sig' };
  const jwk: TestJwk = { ...createPublicKey(publicPem).export({ format: 'jwk' }), ...names };
  const signText = (header: string, payload: string | Uint8Array): string =>
    joinToken(header, payload, (input) => {
      const hash = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`;
      // 6 is RSA_PKCS1_PSS_PADDING with, for JWS, a salt as long as the hash; 1 is RSA_PKCS1_PADDING (RFC 7518, 3.5).
      const padding = algorithm.startsWith('PS') ? { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 } : {};
      return sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363', ...padding });
    });
  return {
    algorithm,
    kid,
    jwk,
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...names },
    publicPem,
    jwks: { keys: [jwk] },
    sign: (claims, header) => signText(JSON.stringify({ alg: algorithm, kid, ...header }), JSON.stringify(claims)),
    signText,
  };
}

/** A token signed with HMAC (RFC 7518, 3.2); its header is `alg` and `header`. */
export function signWithSecret(
  secret: string | Uint8Array,
  claims: object,
  header: object = {},
  bits: 256 | 384 | 512 = 256,
): string {
  const text = JSON.stringify({ alg: `HS${bits}`, ...header });
  return joinToken(text, JSON.stringify(claims), (input) => createHmac(`sha${bits}`, secret).update(input).digest());
}

/** The compact serialization of a header and a payload, signed by `signer`. */
export function joinToken(header: string, payload: string | Uint8Array, signer: (input: Buffer) => Uint8Array): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${base64url(signer(Buffer.from(input)))}`;
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content as string).toString('base64url');
}

/** Exported through PEM: on Node 20.20, exporting a JWK from a new key pair can deadlock. */
function makePemPair(algorithm: TestAlgorithm, { modulusLength = 2048, publicExponent = 65_537 }: TestIssuerOptions) {
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;
  switch (algorithm) {
    case 'EdDSA':
      return generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding });
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return generateKeyPairSync('ec', { namedCurve: curves[algorithm], publicKeyEncoding, privateKeyEncoding });
    default:
      return generateKeyPairSync('rsa', { modulusLength, publicExponent, publicKeyEncoding, privateKeyEncoding });
  }
}
