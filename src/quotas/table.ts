/** The table of usage: the number of rows that each user has of each resource with a quota. */
import { integer, primaryKey, text } from 'drizzle-orm/pg-core';
import { ownerPolicy, todoSchema } from '../database/schema/roles.ts';

/**
 * The triggers `count_inserted` and `count_deleted` of the counted tables keep the counts, in the transaction of the
 * change. So a write does not count rows, and no statement can leave a wrong count.
 */
export const usage = todoSchema.table(
  'usage',
  {
    ownerId: text('owner_id').notNull(),
    /** The name of the counted table, which is also the name of the quota. */
    resource: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.ownerId, table.resource] }), ownerPolicy(table.ownerId)],
);
