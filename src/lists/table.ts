/** The table of task lists. */
import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, primaryKey, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core';
import { bytewiseText, ownerPolicy, todoSchema } from '../database/schema/definitions.ts';

/**
 * The triggers `write_list` and `delete_list` check lists, and number and record their changes. The triggers of tasks count
 * `task_count`, which changes neither the version of a list nor its number.
 */
export const lists = todoSchema.table(
  'lists',
  {
    ownerId: text('owner_id').notNull(),
    id: uuid().notNull(),
    name: text().notNull(),
    /** As `#rrggbb`. */
    color: text(),
    /** The order of the user's lists. */
    position: bytewiseText().notNull(),
    archived: boolean().notNull().default(false),
    /** The number of its tasks that are not `Done`. */
    taskCount: integer('task_count').notNull().default(0),
    version: integer().notNull().default(1),
    /** The number of the last change (`heads.seq`). */
    seq: bigint({ mode: 'number' }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().default(sql`statement_timestamp()`),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().default(sql`statement_timestamp()`),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.id] }),
    unique('lists_seq').on(table.ownerId, table.seq),
    ownerPolicy(table.ownerId),
  ],
);
