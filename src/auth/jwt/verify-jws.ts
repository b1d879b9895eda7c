/** From a token to the payload that a known key has signed (RFC 7515, 5.2). */
import { compactVerify, errors } from 'jose';
import { readCompactToken, readHeader } from './compact-jws.ts';
import { must } from './errors.ts';
import { checkHeader, type KeyHints } from './header.ts';
import type { KeySource, VerificationKey } from './key-source.ts';

export interface SignatureRules {
  readonly keys: KeySource;
  /** The algorithms that are accepted at all (RFC 7518, 3.1; RFC 8037, 3.1). */
  readonly algorithms: readonly string[];
}

export interface SignedPayload {
  readonly payload: Uint8Array;
  /** The key that signed it. */
  readonly key: VerificationKey;
}

/** Opens a token. Throws `token_invalid`, or `identity_provider_unavailable` where its key cannot be had. */
export type TokenOpener = (token: string) => Promise<SignedPayload>;

export function createTokenOpener({ keys, algorithms }: SignatureRules): TokenOpener {
  let last: { readonly header: string; readonly hints: KeyHints } | undefined;

  /** Tokens of one issuer have the same header, letter by letter. */
  function hintsOf(header: string): KeyHints {
    if (header !== last?.header) {
      const hints = checkHeader(readHeader(header), algorithms);
      // A part of the token would keep all of it in memory; a copy does not.
      last = { header: Buffer.from(header, 'latin1').toString('latin1'), hints };
    }
    return last.hints;
  }

  return async (token) => {
    const { header, payload } = readCompactToken(token);
    const hints = hintsOf(header);
    const current = keys.current();
    const key =
      pickKey(hints, current instanceof Promise ? await current : current, algorithms) ??
      pickKey(hints, await keys.newer(), algorithms);
    must(key, 'the key must be known (RFC 7515, 4.1.4)');
    must(soleAlgorithm(key, algorithms) === hints.algorithm, 'alg must be the algorithm of the key (RFC 8725, 3.1)');
    must(await isSignedBy(key, hints.algorithm, token), 'the signature must verify (RFC 7515, 5.2)');
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

/** The key that the header names; without a name, the only one for its algorithm (RFC 7515, 6 and appendix D). */
function pickKey(
  { kid, algorithm }: KeyHints,
  keys: readonly VerificationKey[],
  algorithms: readonly string[],
): VerificationKey | undefined {
  const [key, ...others] = keys.filter((one) =>
    kid === undefined ? soleAlgorithm(one, algorithms) === algorithm : one.kid === kid,
  );
  must(others.length === 0, 'kid must be present where several keys fit (RFC 7515, 4.1.4)');
  return key;
}

/**
 * The one algorithm that a key is used with, whatever a header says: the one that it names, or the only configured one
 * for its type. An RSA key that names none is not used where several of RSA are configured (RFC 8725, 3.1).
 */
function soleAlgorithm(key: VerificationKey, configured: readonly string[]): string | undefined {
  const [algorithm, ...others] = key.algorithms.filter((name) => configured.includes(name));
  return others.length === 0 ? algorithm : undefined;
}
