/** The end of a second factor whose user has lost the app and the backup codes, by the operator of the server. */
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { inTransaction } from '../../database/pg/transaction.ts';
import { AccountError } from './account-error.ts';
import { findUser } from './operator-user.ts';
import { removeVerifications } from './password-reset.ts';

/**
 * Ends the second factor of a user, with sign-ins in progress and the trust in devices that skip it. Sessions and API tokens
 * stay valid.
 *
 * @throws AccountError if there is no such user, or if the user has no second factor
 */
export async function removeSecondFactor(pool: ConnectionPool, email: string): Promise<void> {
  await inTransaction(pool, async (client) => {
    const userId = await findUser(client, email);
    const { rows } = await client.query(
      `update todo_auth."user" set two_factor_enabled = false, updated_at = now()
       where id = $1 and two_factor_enabled returning id`,
      [userId],
    );
    if (rows.length === 0) throw new AccountError(`the account ${email} has no second factor.`);
    await client.query('delete from todo_auth.two_factor where user_id = $1', [userId]);
    await removeVerifications(client, userId);
  });
}
