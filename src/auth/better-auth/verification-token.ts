/** Tokens of Better Auth that confirm an address: JWTs, signed with its secret. */

interface VerificationClaims {
  /** The address of the user when the token was issued. */
  readonly email: string | null;
  /** The new address, if the token changes it. */
  readonly updateTo: string | null;
}

/** The claims of a token that Better Auth verifies later; null each for another text. */
export function claimsOf(token: string): VerificationClaims {
  try {
    const { email, updateTo } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return { email: textOrNull(email), updateTo: textOrNull(updateTo) };
  } catch {
    return { email: null, updateTo: null };
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
