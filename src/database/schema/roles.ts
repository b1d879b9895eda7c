/** What all tables share: the schemas they live in, the role that may touch them, the policy that guards them. */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, integer, pgPolicy, pgRole, pgSchema, text } from 'drizzle-orm/pg-core';

/** Not exported: the schema is there before the first migration, for the record of migrations itself. */
const adminSchema = pgSchema('todo_admin');

/** Which version of the server's derivations the rows of users have; see `derived-data.ts`. */
export const derivedData = adminSchema.table('derived_data', {
  name: text().primaryKey(),
  /** The version that all rows have. */
  version: integer().notNull(),
  /** The version of the rows up to `position`; null if no run is in progress. */
  target: integer(),
  position: text().array(),
});

/** The role that every statement on user data runs as: no login, no superuser, no way around the policies. */
export const userRole = 'todo_user';

/** Tables that hold users' data. Every table in it must be guarded; the server refuses to start otherwise. */
export const todoSchema = pgSchema('todo');

/** Better Auth's tables, out of reach of `userRole`. */
export const authSchema = pgSchema('todo_auth');

const role = pgRole(userRole).existing();

/** The role that removes what has expired, and sees nothing else. */
export const janitorRole = 'todo_janitor';

export const janitor = pgRole(janitorRole).existing();

/** The roles that the login takes on, for each statement on users' data. */
export const roles = [userRole, janitorRole] as const;

/** The name of the one policy that every table in `todoSchema` has. */
export const ownerPolicyName = 'owner_only';

/** Rows are there for their owner only, and for nobody while no user is set. */
export function ownerPolicy(ownerId: AnyPgColumn) {
  // A setting that was local to an ended transaction reads as '', not as null.
  const isOwner = sql`${ownerId} = nullif(current_setting('app.user_id', true), '')`;
  return pgPolicy(ownerPolicyName, { for: 'all', to: role, using: isOwner, withCheck: isOwner });
}
