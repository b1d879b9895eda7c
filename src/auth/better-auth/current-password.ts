/** The password of a user while a request uses it: no other request changes it meanwhile. */
import type { IssuerDatabase } from './issuer-database.ts';
import type { RequestState } from './request-state.ts';
import { userIdOfSession } from './session-owner.ts';

/**
 * Whether a hash, with which a password was just compared, is still that of the user. Locks it for the rest of the request's
 * transaction. The comparison takes a while, in which a reset can end all sessions. Otherwise a sign-in or a change of the
 * password that began before the reset would outlive it.
 *
 * @param state names the user: by the address of a sign-in, or else by the session
 */
export async function lockPassword(
  database: IssuerDatabase,
  { signInEmail, client }: RequestState,
  hash: string,
): Promise<boolean> {
  const { rows } = await database.query(
    `with locked as (
       select id from todo_auth.account
       where provider_id = 'credential' and password = $1 and user_id = case when $2::text is null
         then ${userIdOfSession('$3')}
         else (select id from todo_auth."user" where email = $2) end
       for no key update
     )
     select id from locked`,
    [hash, signInEmail, client.sessionToken],
  );
  return rows.length > 0;
}
