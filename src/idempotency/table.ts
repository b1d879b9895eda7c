/** The table of idempotency keys and of the responses to their requests. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  customType,
  index,
  pgPolicy,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import { janitor, ownerPolicy, todoSchema } from '../database/schema/definitions.ts';
import { retention } from './retention.ts';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

export const idempotencyKeys = todoSchema.table(
  'idempotency_keys',
  {
    ownerId: text('owner_id').notNull(),
    key: text().notNull(),
    /** SHA-256 of the request's method, path and body. */
    fingerprint: bytes().notNull(),
    /** The status of a stored response; null if `body` has the rows of the write, from which the response is rendered. */
    status: smallint(),
    contentType: text('content_type'),
    etag: text(),
    location: text(),
    body: text(),
    /** The id of the first request, which is in the body of a problem. */
    requestId: text('request_id'),
    changeSet: uuid('change_set'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /**
     * Running totals of the user's records, in the order of `created_at`, with this record: their number, and the bytes
     * of their bodies. The difference of two records is the total between them, which `keys.ts` reads without a sum. A
     * trigger sets them.
     */
    runningCount: bigint('running_count', { mode: 'number' }).notNull().default(0),
    runningBytes: bigint('running_bytes', { mode: 'number' }).notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.key] }),
    index('idempotency_keys_by_owner_and_age').on(table.ownerId, table.createdAt),
    index('idempotency_keys_by_age').on(table.createdAt),
    check('idempotency_keys_key', sql`${table.key} ~ '^[!-~]{1,255}$'`),
    ownerPolicy(table.ownerId),
    // The janitor sees the expired rows of all users, and nothing else.
    pgPolicy('expired_only', {
      for: 'all',
      to: janitor,
      using: sql`${table.createdAt} < now() - ${sql.raw(retention)}`,
    }),
  ],
);
