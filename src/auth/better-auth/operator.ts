/** What the operations of the operator on an account share. */
import type { ConnectionPool } from '../../database/pg/pool.ts';
import { AccountError } from './account-error.ts';
import type { Query } from './earlier-access.ts';

/** Runs statements in one transaction, which rolls back if `run` rejects. */
export async function inTransaction<Result>(
  pool: ConnectionPool,
  run: (query: Query) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await run((text, values) => client.query(text, values));
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    client.release(true);
    throw error;
  }
}

/**
 * The id of the user with an address.
 *
 * @throws AccountError
 */
export async function findUser(query: Query, email: string): Promise<string> {
  const { rows } = await query('select id from todo_auth."user" where email = $1', [email.trim().toLowerCase()]);
  const [user] = rows as { id: string }[];
  if (user) return user.id;
  throw new AccountError(`no account has the address ${email}. Check the spelling, and that DATABASE_URL is right.`);
}
