/** Cleanup of users without an account. Interrupted sign-ups of older versions could leave them. */
import type { IssuerDatabase } from './issuer-database.ts';

/** An unfinished user has no account to sign in with, no session and no verified e-mail address. */
const isUnfinished = `
  not email_verified
  and not exists (select from todo_auth.account where user_id = "user".id)
  and not exists (select from todo_auth.session where user_id = "user".id)`;

/**
 * Deletes an unfinished user so that its e-mail address can sign up, in the same transaction. The new user has a new id
 * and no access to data of the deleted one.
 */
export async function removeUnfinishedUser(database: IssuerDatabase, email: string): Promise<void> {
  const { rows } = await database.query<{ id: string }>(
    `select id from todo_auth."user" where email = $1 and ${isUnfinished}`,
    [email],
  );
  const [user] = rows;
  if (user) await database.query(`delete from todo_auth."user" where id = $1 and ${isUnfinished}`, [user.id]);
}
