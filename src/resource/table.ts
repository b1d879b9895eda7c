/** The tables that all owned, versioned resources share: change numbers, deleted resources, and history. */
import { sql } from 'drizzle-orm';
import {
  bigint,
  index,
  integer,
  jsonb,
  pgPolicy,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { janitor, ownerPolicy, todoSchema, watcher } from '../database/schema/definitions.ts';
import { limitedResources } from '../vocabulary.ts';
import { changeKinds } from './change.ts';
import { daysAgo, tombstoneDays } from './retention.ts';

export const changeKind = todoSchema.enum('change_kind', changeKinds);

/**
 * The numbering of each user's changes. A write increments `seq` and keeps the lock of the row until it commits, so
 * the numbers of a user have no gaps and are in the order of the commits.
 */
export const heads = todoSchema.table(
  'heads',
  {
    ownerId: text('owner_id').primaryKey(),
    /** Part of every cursor. A new epoch invalidates the cursors that clients have, for example after a restored backup. */
    epoch: uuid().notNull().defaultRandom(),
    /** The last number given to a change. */
    seq: bigint({ mode: 'number' }).notNull().default(0),
    /** Deleted resources up to this number may be missing in `deleted`. */
    forgotten: bigint({ mode: 'number' }).notNull().default(0),
    /** The number of the user's resources with a quota. Triggers count them. */
    ...Object.fromEntries(limitedResources.map((resource) => [resource, integer().notNull().default(0)])),
  },
  (table) => [ownerPolicy(table.ownerId), pgPolicy('watched', { for: 'select', to: watcher, using: sql`true` })],
);

/** Deleted resources: with its content, a resource is in the trash; without, the row says only that it was deleted. */
export const deleted = todoSchema.table(
  'deleted',
  {
    ownerId: text('owner_id').notNull(),
    /** The name of the resource in the singular. */
    resource: text().notNull(),
    id: uuid().notNull(),
    /** The number of the change that deleted the resource, or that deleted it permanently. */
    seq: bigint({ mode: 'number' }).notNull(),
    /** The version of the deletion, one more than the last version of the resource. */
    version: integer().notNull(),
    /** The time of the change with this number, so that a user's rows have the same order by number and by time. */
    deletedAt: timestamp('deleted_at', { withTimezone: true }).notNull(),
    changeSet: uuid('change_set').notNull(),
    /** The columns of the resource and the names of its tags; null after it was deleted permanently. */
    content: jsonb(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.resource, table.id] }),
    unique('deleted_seq').on(table.ownerId, table.seq),
    index('deleted_trash').on(table.ownerId, table.seq).where(sql`content is not null`),
    // For what one request has deleted.
    index('deleted_trash_by_change_set').on(table.ownerId, table.changeSet).where(sql`content is not null`),
    index('deleted_trash_by_age').on(table.deletedAt).where(sql`content is not null`),
    index('deleted_tombstones_by_age').on(table.deletedAt).where(sql`content is null`),
    ownerPolicy(table.ownerId),
    // The janitor sees which users have expired rows. It has no privilege to read the content.
    pgPolicy('expired_only', {
      for: 'select',
      to: janitor,
      using: sql.raw(
        `(content is null and deleted_at < now() - interval '${tombstoneDays} days') or (content is not null and deleted_at < ${daysAgo('app.trash_days')})`,
      ),
    }),
  ],
);

/** History: one row per change of a resource. */
export const changes = todoSchema.table(
  'changes',
  {
    ownerId: text('owner_id').notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    resource: text().notNull(),
    id: uuid().notNull(),
    kind: changeKind().notNull(),
    /** The version of the resource after the change. */
    version: integer().notNull(),
    at: timestamp({ withTimezone: true }).notNull(),
    /** The API token or OAuth client that made the change; null for a session of the user. */
    actor: text(),
    /** All changes of one request have the same. */
    changeSet: uuid('change_set').notNull(),
    /** The changed columns of an update: `{"status": ["Todo", "Done"]}`, before and after; otherwise null. */
    fields: jsonb(),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.seq] }),
    index('changes_by_resource').on(table.ownerId, table.id, table.seq),
    index('changes_by_change_set').on(table.ownerId, table.changeSet),
    index('changes_by_age').on(table.at),
    ownerPolicy(table.ownerId),
    pgPolicy('expired_only', { for: 'all', to: janitor, using: sql.raw(`at < ${daysAgo('app.history_days')}`) }),
  ],
);
