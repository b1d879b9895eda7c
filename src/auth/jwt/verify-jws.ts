/** Verification of a JWS with the published keys (RFC 7515, 5.2). */
import { compactVerify, errors } from 'jose';
import { decodeHeader, parseCompactJws } from './compact-jws.ts';
import { assertToken } from './errors.ts';
import { type JoseHeader, parseJoseHeader } from './header.ts';
import type { KeySource, VerificationKey } from './key-source.ts';

export interface JwsOptions {
  readonly keys: KeySource;
  /** The accepted algorithms (RFC 7518, 3.1; RFC 8037, 3.1). */
  readonly algorithms: readonly string[];
}

export interface VerifiedJws {
  readonly payload: Uint8Array;
  /** The key that signed it. */
  readonly key: VerificationKey;
}

/** Rejects with `token_invalid`, or with `identity_provider_unavailable` if the keys cannot be fetched. */
export type JwsVerifier = (token: string) => Promise<VerifiedJws>;

export function createJwsVerifier({ keys, algorithms }: JwsOptions): JwsVerifier {
  let last: { readonly header: string; readonly joseHeader: JoseHeader } | undefined;

  /** Caches the last header, because all tokens of an issuer have the same one. */
  function parsedHeader(header: string): JoseHeader {
    if (header !== last?.header) {
      const joseHeader = parseJoseHeader(decodeHeader(header), algorithms);
      // Copy the header, because a substring would keep the whole token in memory.
      last = { header: Buffer.from(header, 'latin1').toString('latin1'), joseHeader };
    }
    return last.joseHeader;
  }

  return async (token) => {
    const { header, payload } = parseCompactJws(token);
    const joseHeader = parsedHeader(header);
    const current = keys.get();
    const key =
      selectKey(joseHeader, current instanceof Promise ? await current : current, algorithms) ??
      selectKey(joseHeader, await keys.refresh(), algorithms);
    assertToken(key, 'the key must be known (RFC 7515, 4.1.4)');
    assertToken(
      soleAlgorithm(key, algorithms) === joseHeader.algorithm,
      'alg must be the algorithm of the key (RFC 8725, 3.1)',
    );
    assertToken(await isSignedBy(key, joseHeader.algorithm, token), 'the signature must verify (RFC 7515, 5.2)');
    return { payload, key };
  };
}

async function isSignedBy({ material }: VerificationKey, algorithm: string, token: string): Promise<boolean> {
  try {
    await compactVerify(token, material, { algorithms: [algorithm] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

/** The key with the `kid` of the header; without `kid`, the only key for its algorithm (RFC 7515, 6 and appendix D). */
function selectKey(
  { kid, algorithm }: JoseHeader,
  keys: readonly VerificationKey[],
  algorithms: readonly string[],
): VerificationKey | undefined {
  const [key, ...others] = keys.filter((candidate) =>
    kid === undefined ? soleAlgorithm(candidate, algorithms) === algorithm : candidate.kid === kid,
  );
  assertToken(others.length === 0, 'kid must be present if several keys fit (RFC 7515, 4.1.4)');
  return key;
}

/**
 * The only algorithm that a key is used with: the one that the key names, or the only configured one for its type. It
 * does not depend on the header of a token. An RSA key without `alg` is not used if several RSA algorithms are
 * configured (RFC 8725, 3.1).
 */
function soleAlgorithm(key: VerificationKey, configured: readonly string[]): string | undefined {
  const [algorithm, ...others] = key.algorithms.filter((name) => configured.includes(name));
  return others.length === 0 ? algorithm : undefined;
}
