/** A key source for a secret that the issuer and this server share: HS256 (RFC 7518, 3.2). */
import { createSecretKey as createKey } from 'node:crypto';
import type { KeySource, VerificationKey } from './key-source.ts';

const minSecretBytes = 32;

/**
 * A key source with one key that never changes. The key is the secret in UTF-8, as in Better Auth.
 *
 * @throws RangeError for a secret of less than 32 bytes, the size of the hash
 */
export function createSharedSecretKeys(secret: string): KeySource {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < minSecretBytes) throw new RangeError('an HS256 secret must have 32 bytes or more');
  const keys: readonly VerificationKey[] = [{ kid: null, algorithms: ['HS256'], material: createKey(bytes) }];
  return { get: () => keys, refresh: async () => keys };
}
