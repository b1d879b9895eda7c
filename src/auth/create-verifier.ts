/** The factory of the token verifier for each `AUTH_MODE`. */
import type { Config } from '../config/config.ts';
import type { Issuer } from './better-auth/issuer.ts';
import { createJwksCache } from './jwt/jwks-cache.ts';
import type { KeyEvent } from './jwt/key-source.ts';
import { createRemoteJwks } from './jwt/remote-jwks.ts';
import { createSharedSecretKeys } from './jwt/shared-secret.ts';
import { createVerifier, type TokenVerifier, type VerificationOutcome } from './jwt/verifier.ts';

/**
 * @param issuer the embedded issuer; null unless the mode is `embedded`
 * @param onEvent called after each fetch of keys, also if it failed
 * @param onOutcome called after each verification of a token
 */
export function createConfiguredVerifier(
  { auth, server }: Config,
  issuer: Issuer | null,
  onEvent: (event: KeyEvent) => void,
  onOutcome: (outcome: VerificationOutcome) => void,
): TokenVerifier {
  switch (auth.mode) {
    case 'embedded': {
      if (!issuer) throw new Error('the mode embedded needs an issuer');
      const { publicUrl } = server;
      // Another server on the same database may rotate the keys. The cache keeps forged tokens from causing queries.
      const keys = createJwksCache(() => issuer.loadKeys(), { onEvent });
      return createVerifier({ keys, algorithms: ['EdDSA'], issuer: publicUrl, audience: publicUrl, onOutcome });
    }
    case 'jwks':
      return createVerifier({ ...auth, keys: createRemoteJwks({ url: auth.jwksUrl, onEvent }), onOutcome });
    case 'shared-secret':
      return createVerifier({ ...auth, keys: createSharedSecretKeys(auth.secret), algorithms: ['HS256'], onOutcome });
  }
}
