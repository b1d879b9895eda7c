/** Users without an account, which interrupted sign-ups could leave before a sign-up was one transaction. */
import type { IssuerDatabase } from './issuer-database.ts';

/** Such a user cannot sign in, has no session, and has not proved to own its address. */
const isUnfinished = `
  not email_verified
  and not exists (select from todo_auth.account where user_id = "user".id)
  and not exists (select from todo_auth.session where user_id = "user".id)`;

/**
 * Frees the address of an unfinished user for a sign-up, in the same transaction. The new user has a new id: it gets
 * nothing that the removed one may own.
 */
export async function removeUnfinishedUser(database: IssuerDatabase, email: string): Promise<void> {
  const { rows } = await database.query<{ id: string }>(
    `select id from todo_auth."user" where email = $1 and ${isUnfinished}`,
    [email],
  );
  const [user] = rows;
  if (user) await database.query(`delete from todo_auth."user" where id = $1 and ${isUnfinished}`, [user.id]);
}
