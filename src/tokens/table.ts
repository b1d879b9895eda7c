/** The tables of API tokens. */
import { sql } from 'drizzle-orm';
import { customType, index, pgPolicy, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { authenticator, janitor, ownerPolicy, todoSchema } from '../database/schema/definitions.ts';
import { expiredFor } from './expiry.ts';

const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** Only the user role, the janitor and the authenticator see its rows, and each of them sees others. */
export const tokens = todoSchema.table(
  'tokens',
  {
    ownerId: text('owner_id').notNull(),
    /** A part of the token. The server generates it, so it is unique among all users. */
    id: uuid().notNull(),
    /** Chosen by the user. The history of tasks has it. */
    name: text().notNull(),
    scopes: text().array().notNull(),
    /** SHA-256 of the secret. */
    hash: bytes().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().default(sql`statement_timestamp()`),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    /** The time of a use, at most an hour before the last one. */
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.ownerId, table.id] }),
    // For the look-up of a presented token, whose owner is not known yet.
    index('tokens_by_id').on(table.id),
    index('tokens_by_expiry').on(table.expiresAt),
    ownerPolicy(table.ownerId),
    pgPolicy('expired_only', { for: 'all', to: janitor, using: sql.raw(`expires_at < now() - ${expiredFor}`) }),
    // The authenticator sees the token whose id and hash it has set.
    pgPolicy('presented_only', {
      for: 'all',
      to: authenticator,
      using: sql.raw(
        `id = nullif(current_setting('app.token_id', true), '')::uuid and hash = decode(nullif(current_setting('app.token_hash', true), ''), 'hex')`,
      ),
    }),
  ],
);

/** Not exported: the schema exists before the first migration, because the table of migrations is in it. */
const adminSchema = pgSchema('todo_admin');

/** The key of the tags in tokens: one row. The migration generates it. Only the login reads it. */
export const apiTokenKey = adminSchema.table('api_token_key', { key: bytes().notNull() });
