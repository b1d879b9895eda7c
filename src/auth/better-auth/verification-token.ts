/** Tokens of Better Auth that confirm an address: JWTs, signed with its secret. */

interface VerificationClaims {
  /** The address of the user when the token was issued. */
  readonly email: string | null;
  /** The new address, if the token changes it. */
  readonly updateTo: string | null;
  /** The `iat`, in seconds since 1970; 0 without one. */
  readonly issuedAt: number;
}

/** The claims of a token that Better Auth verifies later; null each for another text. */
export function claimsOf(token: string): VerificationClaims {
  try {
    const { email, updateTo, iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return { email: textOrNull(email), updateTo: textOrNull(updateTo), issuedAt: Number.isInteger(iat) ? iat : 0 };
  } catch {
    return { email: null, updateTo: null, issuedAt: 0 };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
