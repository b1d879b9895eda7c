/** The end of what another person may have made for the sign-in, because that person signed up with an address first. */

/** Sends a statement in the transaction of a reset. */
export type Query = (text: string, values?: unknown[]) => Promise<{ readonly rows: object[] }>;

export interface PasswordReset {
  readonly userId: string;
  /** Whether the reset proves that the user reads the e-mails of the address. */
  readonly provesAddress: boolean;
}

/**
 * Ends the second factor, the accounts at providers and the API tokens of a user whose address was not confirmed before the
 * reset. JWTs of before the reset create no API tokens in any case. The caller ends the sessions and the trusted devices.
 *
 * @param eraseTokens erases the API tokens of a user, and returns their ids
 * @returns the ids of the erased API tokens; null if the address was confirmed
 */
export async function endEarlierAccess(
  query: Query,
  { userId, provesAddress }: PasswordReset,
  eraseTokens: (query: Query, userId: string) => Promise<string[]>,
): Promise<string[] | null> {
  // The clock of this server, as in the `iat` of JWTs.
  const { rows } = await query(
    `update todo_auth."user" set reset_at = to_timestamp($2), updated_at = now() where id = $1
     returning email_verified`,
    [userId, Date.now() / 1000],
  );
  const [user] = rows as { email_verified: boolean }[];
  if (!user || user.email_verified) return null;
  // A later statement, which also sees what was stored while the one before waited for the row.
  await query(
    `with confirmed as (
       update todo_auth."user" set email_verified = $2, two_factor_enabled = false where id = $1
     ), unlinked as (
       delete from todo_auth.account where user_id = $1 and provider_id <> 'credential'
     )
     delete from todo_auth.two_factor where user_id = $1`,
    [userId, provesAddress],
  );
  return eraseTokens(query, userId);
}
