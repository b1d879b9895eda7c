/** The authenticated user of a request, independent of how the user was authenticated. */

/** The user of a verified token. */
export interface Principal {
  /** The token's `sub`: 1 to 255 characters, opaque. */
  readonly userId: string;
  /** The scopes of the token (RFC 8693, section 4.2). Null if it has no such claim: then it allows every operation. */
  readonly scopes: readonly string[] | null;
  /** The end of the token's validity, including the leeway for clocks, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** The token's `sid`, the session that it was issued in (OpenID Connect Front-Channel Logout 1.0); absent if it has none. */
  readonly sessionId?: string;
  /** The API token of the request; absent with a token of the issuer. */
  readonly apiToken?: ApiTokenIdentity;
  /** The OAuth client that the token was issued to; absent with an API token, or if the token names none. */
  readonly oauthClient?: string;
}

/** The principal of what the server does for a user without a token. */
export function principalOf(userId: string): Principal {
  return { userId, scopes: null, expiresAt: Number.POSITIVE_INFINITY };
}

/** What names an API token in the history and in requests. */
export interface ApiTokenIdentity {
  readonly id: string;
  /** Chosen by the user. */
  readonly name: string;
}
