/** A new password for a user who cannot get one by e-mail, set by the operator of the server. */
import { randomInt } from 'node:crypto';
import { hashPassword } from 'better-auth/crypto';
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { AccountError } from './account-error.ts';

/** Without letters and digits that look alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 20 random characters, 99 bits, in groups that are easy to read aloud. */
export function randomPassword(): string {
  const group = () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

/**
 * Gives a user a random password, and ends what the old one began: the sessions, tokens for a reset, and devices that skip
 * the second factor. JWTs stay valid until they expire, and API tokens until they are revoked.
 *
 * @returns the password
 * @throws AccountError if there is no such user, or if the user has no password
 */
export async function setRandomPassword(pool: ConnectionPool, email: string): Promise<string> {
  const password = randomPassword();
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ is_known: boolean; is_changed: boolean }>(
      `with owner as (
         select id from todo_auth."user" where email = $1
       ), changed as (
         update todo_auth.account set password = $2, updated_at = now()
         where user_id = (select id from owner) and provider_id = 'credential' and password is not null
         returning user_id
       ), ended as (
         delete from todo_auth.session where user_id in (select user_id from changed)
       ), removed as (
         delete from todo_auth.verification where value in (select user_id from changed)
       )
       select exists (select from owner) as is_known, exists (select from changed) as is_changed`,
      [email.trim().toLowerCase(), await hashPassword(password)],
    );
    const [result] = rows;
    if (!result?.is_known) {
      throw new AccountError(
        `no account has the address ${email}. Check the spelling, and that DATABASE_URL is right.`,
      );
    }
    if (!result.is_changed) {
      throw new AccountError(`the account ${email} has no password, because its user signs in with Google or GitHub.`);
    }
    return password;
  } finally {
    client.release();
  }
}
