/** Better Auth's database adapter for the tables of the embedded issuer. */
import type { BetterAuthOptions } from 'better-auth';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { relations } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import { errorCode } from '../../database/errors.ts';
import type { IssuerDatabase } from './issuer-database.ts';
import * as tables from './tables.ts';

/** The relations that Better Auth joins: a session with its user, a user with the accounts. */
const joined = {
  sessionRelations: relations(tables.session, ({ one }) => ({
    user: one(tables.user, { fields: [tables.session.userId], references: [tables.user.id] }),
  })),
  accountRelations: relations(tables.account, ({ one }) => ({
    user: one(tables.user, { fields: [tables.account.userId], references: [tables.user.id] }),
  })),
  userRelations: relations(tables.user, ({ many }) => ({ accounts: many(tables.account) })),
};

/** Better Auth's Drizzle adapter. Its own transactions would each use another connection, so they are replaced. */
export function adapterOf(database: IssuerDatabase) {
  // Outside of transactions, Drizzle calls only `query` of a pool.
  const pool = database as unknown as pg.Pool;
  const connect = drizzleAdapter(drizzle(pool, { schema: { ...tables, ...joined } }), {
    provider: 'pg',
    schema: tables,
  });
  return (options: BetterAuthOptions) => {
    const adapter = connect(options);
    const { create, update } = adapter;
    adapter.transaction = (work) => database.transact(() => work(adapter));
    adapter.create = (input) => withUniqueUsers(input.model, () => create(input));
    adapter.update = (input) => withUniqueUsers(input.model, () => update(input));
    return adapter;
  };
}

async function withUniqueUsers<Result>(model: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    throw model === 'user' && isUniqueViolation(error) ? userExists() : error;
  }
}

/** Whether another request has just stored the same value. Drizzle wraps the database's error. */
function isUniqueViolation(error: unknown): boolean {
  return [error, (error as Error).cause].some((each) => errorCode(each) === '23505');
}

/** Better Auth's error for an address that has signed up. Otherwise it would log the failed insert as an error. */
function userExists(): APIError {
  return new APIError('UNPROCESSABLE_ENTITY', {
    code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL',
    message: 'User already exists. Use another email.',
  });
}
