/**
 * What the definitions of tables share: schemas, roles, the policy of owners, and a column type. Only `drizzle-kit` and Better
 * Auth's adapter read them. No other module imports them, because loading Drizzle takes time and memory at the start.
 */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, customType, integer, pgPolicy, pgRole, pgSchema, text } from 'drizzle-orm/pg-core';
import {
  adminSchemaName,
  authenticatorRole,
  authSchemaName,
  janitorRole,
  ownerPolicyName,
  todoSchemaName,
  userRole,
  watcherRole,
} from './roles.ts';

/** Not exported, so that Drizzle does not create it: `migrate.ts` creates it for the table of migrations. */
const adminSchema = pgSchema(adminSchemaName);

/** Versions of the derived data in users' rows (`derived-data.ts`). */
export const derivedData = adminSchema.table('derived_data', {
  name: text().primaryKey(),
  /** Version of all rows. */
  version: integer().notNull(),
  /** Version of the rows up to `position`; null if no update is in progress. */
  target: integer(),
  position: text().array(),
});

export const todoSchema = pgSchema(todoSchemaName);
export const authSchema = pgSchema(authSchemaName);

const user = pgRole(userRole).existing();
export const janitor = pgRole(janitorRole).existing();
export const watcher = pgRole(watcherRole).existing();
export const authenticator = pgRole(authenticatorRole).existing();

/** Text in the order of its bytes. All words with one prefix are one range. */
export const bytewiseText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Policy: rows are visible to their owner only, and to no user if none is set. */
export function ownerPolicy(ownerId: AnyPgColumn) {
  // After the end of the transaction, a local setting reads as '' instead of null.
  const isOwner = sql`${ownerId} = nullif(current_setting('app.user_id', true), '')`;
  return pgPolicy(ownerPolicyName, { for: 'all', to: user, using: isOwner, withCheck: isOwner });
}
