/** Better Auth's tables. `npm run check` compares them with the tables that Better Auth expects. */
import { boolean, index, integer, text, timestamp } from 'drizzle-orm/pg-core';
import { authSchema } from '../../database/schema/definitions.ts';

const timestamptz = (name: string) => timestamp(name, { withTimezone: true });

export const user = authSchema.table('user', {
  id: text().primaryKey(),
  name: text().notNull(),
  email: text().notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text(),
  createdAt: timestamptz('created_at').notNull().defaultNow(),
  updatedAt: timestamptz('updated_at').notNull().defaultNow(),
  twoFactorEnabled: boolean('two_factor_enabled').default(false),
});

export const session = authSchema.table(
  'session',
  {
    id: text().primaryKey(),
    expiresAt: timestamptz('expires_at').notNull(),
    token: text().notNull().unique(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
    updatedAt: timestamptz('updated_at').notNull().defaultNow(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
  },
  (table) => [index('session_by_user').on(table.userId)],
);

export const account = authSchema.table(
  'account',
  {
    id: text().primaryKey(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: timestamptz('access_token_expires_at'),
    refreshTokenExpiresAt: timestamptz('refresh_token_expires_at'),
    scope: text(),
    password: text(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
    updatedAt: timestamptz('updated_at').notNull().defaultNow(),
  },
  (table) => [index('account_by_user').on(table.userId)],
);

export const verification = authSchema.table(
  'verification',
  {
    id: text().primaryKey(),
    identifier: text().notNull(),
    value: text().notNull(),
    expiresAt: timestamptz('expires_at').notNull(),
    createdAt: timestamptz('created_at').notNull().defaultNow(),
    updatedAt: timestamptz('updated_at').notNull().defaultNow(),
  },
  (table) => [
    index('verification_by_identifier').on(table.identifier),
    // The value is often the id of a user. A hash index has room for longer ones, too.
    index('verification_by_value').using('hash', table.value),
  ],
);

/** Second factors of users. The secret and the backup codes are encrypted with the secret of the issuer. */
export const twoFactor = authSchema.table(
  'two_factor',
  {
    id: text().primaryKey(),
    secret: text().notNull(),
    backupCodes: text('backup_codes').notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    /** Whether a code was verified, after which the sign-in needs one. */
    verified: boolean().default(true),
    failedVerificationCount: integer('failed_verification_count').default(0),
    lockedUntil: timestamptz('locked_until'),
    /** Of this server: the time step of the last accepted code. A code of this step or an earlier one is not accepted again. */
    lastUsedStep: integer('last_used_step'),
  },
  (table) => [index('two_factor_by_secret').on(table.secret), index('two_factor_by_user').on(table.userId)],
);

/** The key pairs for tokens. Private keys are encrypted with the secret. */
export const jwks = authSchema.table('jwks', {
  id: text().primaryKey(),
  publicKey: text('public_key').notNull(),
  privateKey: text('private_key').notNull(),
  createdAt: timestamptz('created_at').notNull(),
  expiresAt: timestamptz('expires_at'),
  alg: text(),
  crv: text(),
});
