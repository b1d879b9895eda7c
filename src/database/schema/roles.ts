/** Schemas, roles and the row-level security policy that all tables share. */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, customType, integer, pgPolicy, pgRole, pgSchema, text } from 'drizzle-orm/pg-core';

/** Not exported, so that Drizzle does not create it: `migrate.ts` creates it for the table of migrations. */
const adminSchema = pgSchema('todo_admin');

/** Versions of the derived data in users' rows (`derived-data.ts`). */
export const derivedData = adminSchema.table('derived_data', {
  name: text().primaryKey(),
  /** Version of all rows. */
  version: integer().notNull(),
  /** Version of the rows up to `position`; null if no update is in progress. */
  target: integer(),
  position: text().array(),
});

/** The role of every statement on user data. It cannot log in, is no superuser and cannot bypass the policies. */
export const userRole = 'todo_user';

/** Schema of the tables with user data. The server does not start if a table in it lacks row-level security. */
export const todoSchema = pgSchema('todo');

/** Schema of Better Auth's tables. `userRole` has no access to it. */
export const authSchema = pgSchema('todo_auth');

const role = pgRole(userRole).existing();

/** Janitor role: it sees and deletes expired rows of all users, and nothing else. */
export const janitorRole = 'todo_janitor';

export const janitor = pgRole(janitorRole).existing();

/** Watcher role: it reads the number of the last change of all users, and nothing else. */
export const watcherRole = 'todo_watcher';

export const watcher = pgRole(watcherRole).existing();

/** Authenticator role: it finds the API token that a request presents, and no other one. */
export const authenticatorRole = 'todo_authenticator';

export const authenticator = pgRole(authenticatorRole).existing();

/** The roles that the login switches to for statements on user data. */
export const roles = [userRole, janitorRole, watcherRole, authenticatorRole] as const;

/** Text in the order of its bytes. All words with one prefix are one range. */
export const bytewiseText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Name of the single policy that every table in `todoSchema` has for users. */
export const ownerPolicyName = 'owner_only';

/** Policy: rows are visible to their owner only, and to no user if none is set. */
export function ownerPolicy(ownerId: AnyPgColumn) {
  // After the end of the transaction, a local setting reads as '' instead of null.
  const isOwner = sql`${ownerId} = nullif(current_setting('app.user_id', true), '')`;
  return pgPolicy(ownerPolicyName, { for: 'all', to: role, using: isOwner, withCheck: isOwner });
}
