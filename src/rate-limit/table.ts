/** The table of counts that several servers share. It is nobody's data, and out of reach of the role that serves users. */
import { integer, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

/** Not exported: the schema is there before the first migration, for the record of migrations itself. */
const adminSchema = pgSchema('todo_admin');

export const rateLimits = adminSchema.table('rate_limits', {
  key: text().primaryKey(),
  windowEnds: timestamp('window_ends', { withTimezone: true }).notNull(),
  count: integer().notNull(),
});
