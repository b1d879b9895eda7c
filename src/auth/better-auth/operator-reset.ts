/** A new password for a user who cannot get one by e-mail, set by the operator of the server. */
import { randomInt } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import type { QueryClient } from '../../database/driver.ts';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { inTransaction } from '../../database/pg/transaction.ts';
import { AccountError } from './account-error.ts';
import { endEarlierAccess } from './earlier-access.ts';
import { findUser } from './operator-user.ts';

/** Without letters and digits that look alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 20 random characters, 99 bits, in groups that are easy to read aloud. */
export function randomPassword(): string {
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

export interface NewPassword {
  readonly password: string;
  /** Whether the second factor and the API tokens ended, because the address was not confirmed. */
  readonly hasEndedAccess: boolean;
}

/**
 * Gives a user a random password, and ends what the old one began: the sessions, tokens for a reset, and devices that skip
 * the second factor. JWTs stay valid until they expire.
 *
 * @param eraseTokens as in `endEarlierAccess`
 * @throws AccountError if there is no such user, or if the user has no password
 */
export async function setRandomPassword(
  pool: ConnectionPool,
  email: string,
  eraseTokens: (client: QueryClient, userId: string) => Promise<string[]>,
): Promise<NewPassword> {
  const password = randomPassword();
  const hash = await hashPassword(password);
  return inTransaction(pool, async (client) => {
    const userId = await findUser(client, email);
    const { rows } = await client.query(
      `update todo_auth.account set password = $2, updated_at = now()
       where user_id = $1 and provider_id = 'credential' and password is not null returning id`,
      [userId, hash],
    );
    if (rows.length === 0) {
      throw new AccountError(`the account ${email} has no password, because its user signs in with Google or GitHub.`);
    }
    const tokens = await endEarlierAccess(client, { userId, provesAddress: false }, eraseTokens);
    return { password, hasEndedAccess: tokens !== null };
  });
}
