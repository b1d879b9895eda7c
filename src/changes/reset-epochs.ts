/** New epochs for the change numbers of all users: no earlier cursor can be served any more. */
import type { Driver } from '../database/driver.ts';
import { beginMigration } from '../database/schema/migrate.ts';
import { withRowsOfAllUsers } from '../database/schema/rows-of-all-users.ts';

/**
 * Makes every client begin with a snapshot. It is for a database whose numbers are used again, as after a restored backup.
 *
 * @returns the number of users
 */
export function resetEpochs(driver: Driver): Promise<number> {
  return driver.withMigrationClient(async (client) => {
    // A failure closes the connection, which rolls back.
    await beginMigration(client);
    const { rowCount } = await withRowsOfAllUsers(client, ['heads'], () =>
      client.query('update todo.heads set epoch = gen_random_uuid()'),
    );
    await client.query('commit');
    return rowCount ?? 0;
  });
}
