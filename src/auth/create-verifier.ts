/** The factory of the token verifiers for each `AUTH_MODE`. */
import type { Config } from '../config/config.ts';
import type { Issuer } from './better-auth/issuer.ts';
import { createJwksCache } from './jwt/jwks-cache.ts';
import type { KeyEvent } from './jwt/key-source.ts';
import { createRemoteJwks } from './jwt/remote-jwks.ts';
import { createSharedSecretKeys } from './jwt/shared-secret.ts';
import { createVerifier, type TokenVerifier, type VerificationOutcome, type VerifierRules } from './jwt/verifier.ts';

export interface Verifiers {
  /** Of the operations of the API. */
  readonly api: TokenVerifier;
  /** Of the MCP server. */
  readonly mcp: TokenVerifier;
}

/**
 * The verifiers of tokens of the issuer. With a configured audience, the MCP server has its own one, its URL (RFC 8707), so
 * that neither accepts the tokens of the other.
 *
 * @param issuer the embedded issuer; null unless the mode is `embedded`
 * @param onEvent called after each fetch of keys, also if it failed
 * @param onOutcome called after each verification of a token
 */
export function createConfiguredVerifiers(
  { auth, server }: Config,
  issuer: Issuer | null,
  onEvent: (event: KeyEvent) => void,
  onOutcome: (outcome: VerificationOutcome) => void,
): Verifiers {
  switch (auth.mode) {
    case 'embedded': {
      if (!issuer) throw new Error('the mode embedded needs an issuer');
      const { publicUrl } = server;
      // Another server on the same database may rotate the keys. The cache keeps forged tokens from causing queries.
      const keys = createJwksCache(() => issuer.loadKeys(), { onEvent });
      // This server is the audience of all tokens of its own issuer.
      const both = createVerifier({ keys, algorithms: ['EdDSA'], issuer: publicUrl, audience: publicUrl, onOutcome });
      return { api: both, mcp: both };
    }
    case 'jwks':
      return forAudiences(
        { ...auth, keys: createRemoteJwks({ url: auth.jwksUrl, onEvent }), onOutcome },
        server.mcpUrl,
      );
    case 'shared-secret': {
      const keys = createSharedSecretKeys(auth.secret);
      return forAudiences({ ...auth, keys, algorithms: ['HS256'], onOutcome }, server.mcpUrl);
    }
  }
}

function forAudiences(rules: VerifierRules, mcpUrl: string): Verifiers {
  const api = createVerifier(rules);
  return { api, mcp: rules.audience === null ? api : createVerifier({ ...rules, audience: mcpUrl }) };
}
