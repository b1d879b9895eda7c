/** A secret that the issuer shares with this server, for HS256 (RFC 7518, 3.2). */
import { createSecretKey as createKey } from 'node:crypto';
import type { KeySource, VerificationKey } from './key-source.ts';

const minSecretBytes = 32;

/**
 * A key source of one key that never changes. The secret's bytes are its UTF-8, as Better Auth takes them.
 * @throws RangeError for a secret shorter than the hash's 32 bytes.
 */
export function createSharedSecretKeys(secret: string): KeySource {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < minSecretBytes) throw new RangeError('an HS256 secret must have 32 bytes or more');
  const keys: readonly VerificationKey[] = [{ kid: null, algorithms: ['HS256'], material: createKey(bytes) }];
  return { get: () => keys, refresh: async () => keys };
}
