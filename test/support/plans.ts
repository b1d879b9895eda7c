/** Query plans of the API's own statements, as its own role. */

import { userRole } from '../../src/database/schema/roles.ts';
import type { BoundStatement, Parameter } from '../../src/database/statement.ts';
import type { TestDatabase } from './databases.ts';

/** PostgreSQL first makes custom plans for a prepared statement, and a generic plan later. */
export const planModes = ['force_custom_plan', 'force_generic_plan'];

/** Runs a statement as the user and returns its plan. Closing the connection rolls it back. */
export function planOf(
  database: TestDatabase,
  userId: string,
  mode: string,
  { statement, values }: BoundStatement,
): Promise<string> {
  return database.driver.withMigrationClient(async (client) => {
    await client.query(`begin; set local role ${userRole}; set local app.user_id = '${userId}'`);
    await client.query(`set local plan_cache_mode = ${mode}`);
    await client.query(`prepare explained as ${statement.text}`);
    const execution = `execute explained (${values.map(literal).join(', ')})`;
    // Before, so that the pages of the catalogue that compile the functions of triggers do not count.
    await client.query(`savepoint before; ${execution}; rollback to before`);
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, timing off) ${execution}`,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

/** The most rows that a step of the plan has read in vain. */
export function rowsRemoved(plan: string): number {
  return Math.max(0, ...[...plan.matchAll(/Rows Removed by [ \w]+: (\d+)/g)].map(([, rows]) => Number(rows)));
}

/** The number of pages of 8 KiB that the statement has read. */
export function pagesTouched(plan: string): number {
  return Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1]);
}

/** A value of a parameter, in SQL. */
export function literal(value: Parameter): string {
  if (value === null) return 'null';
  const text = Array.isArray(value) ? `{${value.map((element) => JSON.stringify(element)).join(',')}}` : String(value);
  return `'${text.replaceAll("'", "''")}'`;
}
