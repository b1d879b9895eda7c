/** The user whose account the operator changes. */
import type { QueryClient } from '../../database/driver.ts';
import { AccountError } from './account-error.ts';

/**
 * The id of the user with an address.
 *
 * @throws AccountError
 */
export async function findUser(client: QueryClient, email: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>('select id from todo_auth."user" where email = $1', [
    email.trim().toLowerCase(),
  ]);
  if (rows[0]) return rows[0].id;
  throw new AccountError(`no account has the address ${email}. Check the spelling, and that DATABASE_URL is right.`);
}
