/** Transactions on a connection of the pool. */
import type { QueryClient } from '../driver.ts';
import type { ConnectionPool } from './pool.ts';

/** Runs statements in one transaction, which rolls back if `run` rejects. */
export async function inTransaction<Result>(
  pool: ConnectionPool,
  run: (client: QueryClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await run(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    client.release(true);
    throw error;
  }
}
