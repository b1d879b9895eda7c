/** Reset of a password with a token from an e-mail. The tokens are verifications of Better Auth. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { QueryClient } from '../../database/driver.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import type { PasswordOwner } from './password-strength.ts';

/** Better Auth's name of the verification with a token. */
const identifierOf = (token: string) => `reset-password:${token}`;

/**
 * Stores a token that is valid for an hour. An address without an account takes the same statements, so that the time of the
 * response does not reveal it. Its row belongs to no user, because its value is the id of the row.
 *
 * @returns the token; null if the address has no account
 */
export async function createResetToken(database: IssuerDatabase, email: string): Promise<string | null> {
  const token = randomBytes(24).toString('base64url');
  const { rows } = await database.query<{ is_known: boolean }>(
    `insert into todo_auth.verification (id, identifier, value, expires_at)
     values ($1, $2, coalesce((select id from todo_auth."user" where email = $3), $1), now() + interval '1 hour')
     returning value <> id as is_known`,
    [randomUUID(), identifierOf(token), email.toLowerCase()],
  );
  return rows[0]?.is_known ? token : null;
}

/** The user whose password a token resets; undefined if the token is not valid. */
export async function ownerOfResetToken(database: IssuerDatabase, token: string): Promise<PasswordOwner | undefined> {
  const { rows } = await database.query<PasswordOwner & { name: string }>(
    `select name, email from todo_auth."user"
     where id = (select value from todo_auth.verification where identifier = $1 and expires_at > now() limit 1)`,
    [identifierOf(token)],
  );
  return rows[0];
}

/**
 * Locks the password that a token resets, and its user, before Better Auth uses the token. Other requests lock in this order, too.
 * Otherwise a reset could deadlock with a change of the password, which removes the token.
 */
export async function lockPasswordOf(database: IssuerDatabase, token: string): Promise<void> {
  await database.query(
    `with locked as (
       select account.id from todo_auth.account join todo_auth."user" as owner on owner.id = account.user_id
       where provider_id = 'credential' and owner.id =
         (select value from todo_auth.verification where identifier = $1 and expires_at > now() limit 1)
       for no key update
     )
     select id from locked`,
    [identifierOf(token)],
  );
}

/** Removes the tokens for a reset, because an e-mail with one was sent to an address that the user had before. */
export async function removeResetTokens(database: IssuerDatabase, userId: string): Promise<void> {
  await database.query(`delete from todo_auth.verification where value = $1 and identifier like 'reset-password:%'`, [
    userId,
  ]);
}

/** Removes all verifications of a user: tokens for a reset, sign-ins in progress, and devices that skip the second factor. */
export async function removeVerifications(client: QueryClient, userId: string): Promise<void> {
  await client.query('delete from todo_auth.verification where value = $1', [userId]);
}
