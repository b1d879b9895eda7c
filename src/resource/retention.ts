/** Lifetimes of deleted resources and of their changes. */
import type { BoundStatement, Statement } from '../database/statement.ts';

/**
 * Lifetime of tombstones, which tell clients what was deleted. A change needs a migration, because a policy contains the
 * lifetime. `src/database/schema/verify-row-security.ts` repeats it.
 */
export const tombstoneDays = 400;

/**
 * The number of changes of a user, up to the last one, that the server keeps. The triggers that number changes remove older
 * ones, so that one user cannot fill the disk. A change needs a migration.
 */
export const maxChangesPerUser = 100_000;

/** SQL: the time before so many days. A setting of the transaction has the number; without it, the result is null. */
export function daysAgo(setting: string): string {
  return `now() - make_interval(days => nullif(current_setting('${setting}', true), '')::integer)`;
}

const set: Statement = { name: 'retention_set_days', text: 'select set_config($1, $2, true)' };

/** Sets the number of days for the policies of the janitor, until the transaction ends. */
export function setDays(setting: 'app.trash_days' | 'app.history_days', days: number): BoundStatement {
  return { statement: set, values: [setting, String(days)] };
}
