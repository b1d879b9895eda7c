/** Access of the login to the rows of all users, for upgrades and for operators. No request uses it. */
import type { QueryClient } from '../driver.ts';

/**
 * Runs work without the policies of these tables, in the current transaction only. Other transactions wait for the tables,
 * so they never run without the policies. A login that is exempt from all policies blocks no other transaction.
 *
 * @param tables of the schema `todo`, in locking order
 */
export async function withRowsOfAllUsers<Result>(
  client: QueryClient,
  tables: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  if (await isExemptFromPolicies(client)) return work();
  await forcePolicies(client, tables, 'no force');
  const result = await work();
  await forcePolicies(client, tables, 'force');
  return result;
}

async function isExemptFromPolicies(client: QueryClient): Promise<boolean> {
  const { rows } = await client.query<{ exempt: boolean }>(
    'select rolsuper or rolbypassrls as exempt from pg_roles where rolname = current_user',
  );
  return rows[0]?.exempt === true;
}

async function forcePolicies(client: QueryClient, tables: readonly string[], force: 'force' | 'no force') {
  for (const table of tables) {
    await client.query(`alter table todo.${table} ${force} row level security`);
  }
}
