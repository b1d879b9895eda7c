/** Access that ends with a reset of the password. Another person may have signed up with the address before its owner. */
import type { QueryClient } from '../../database/driver.ts';
import { removeVerifications } from './password-reset.ts';

export interface PasswordReset {
  readonly userId: string;
  /** Whether the reset proves that the user reads the e-mails of the address. */
  readonly provesAddress: boolean;
}

/**
 * Ends the sign-ins in progress, the trusted devices and the sessions of a user whose password the transaction has replaced. If
 * the address was not confirmed before, it also ends the second factor, the accounts at providers and the API tokens.
 *
 * The order matters for requests in progress. A sign-in uses a verification before it stores a session. The creation of an API
 * token stores the token, and then looks at the session.
 *
 * @param client in the transaction of the reset
 * @param eraseTokens erases the API tokens of a user, and returns their ids
 * @returns the ids of the erased API tokens; null if the address was confirmed
 */
export async function endEarlierAccess(
  client: QueryClient,
  { userId, provesAddress }: PasswordReset,
  eraseTokens: (client: QueryClient, userId: string) => Promise<string[]>,
): Promise<string[] | null> {
  const { rows } = await client.query<{ email_verified: boolean }>(
    'update todo_auth."user" set updated_at = now() where id = $1 returning email_verified',
    [userId],
  );
  await removeVerifications(client, userId);
  await client.query('delete from todo_auth.session where user_id = $1', [userId]);
  const [user] = rows;
  if (!user || user.email_verified) return null;
  await client.query(
    `with confirmed as (
       update todo_auth."user" set email_verified = $2, two_factor_enabled = false where id = $1
     ), unlinked as (
       delete from todo_auth.account where user_id = $1 and provider_id <> 'credential'
     )
     delete from todo_auth.two_factor where user_id = $1`,
    [userId, provesAddress],
  );
  return eraseTokens(client, userId);
}
