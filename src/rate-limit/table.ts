/** The table of the shared counters. It holds no user data, and the user role has no access to it. */
import { integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** Not exported: the schema exists before the first migration, because the table of migrations is in it. */
const adminSchema = pgSchema('todo_admin');

export const rateLimits = adminSchema.table('rate_limits', {
  key: text().primaryKey(),
  windowEnds: timestamp('window_ends', { withTimezone: true }).notNull(),
  count: integer().notNull(),
});
