/** Token issuer for benchmarks, with a JWKS endpoint. */
import { startJwksServer } from '../test/support/jwks-server.ts';
import { makeIssuer } from '../test/support/tokens.ts';

export interface Identity {
  /** The server's environment variables for this issuer. */
  readonly variables: Record<string, string>;
  /** Signs a new EdDSA token of a user. */
  token(user: string): string;
  close(): Promise<void>;
}

export async function startIdentity(): Promise<Identity> {
  const issuer = makeIssuer();
  const jwks = await startJwksServer(issuer.jwks);
  return {
    variables: {
      AUTH_MODE: 'jwks',
      AUTH_JWKS_URL: jwks.url,
      AUTH_ISSUER: 'https://issuer.test',
      AUTH_AUDIENCE: 'todo',
      // The limit is active, but never reached.
      RATE_LIMIT_PER_MINUTE: '1000000',
    },
    token(sub) {
      const iat = Math.floor(Date.now() / 1000);
      return issuer.sign({ iss: 'https://issuer.test', aud: 'todo', sub, iat, exp: iat + 3_600, jti: Math.random() });
    },
    close: () => jwks.close(),
  };
}

/** Returns the headers with one token per user, signed on first use. */
export function cachedTokens(identity: Identity): (user: string) => Record<string, string> {
  const tokens = new Map<string, string>();
  return (user) => {
    const token = tokens.get(user) ?? identity.token(user);
    tokens.set(user, token);
    return { authorization: `Bearer ${token}` };
  };
}
