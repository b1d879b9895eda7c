/** The erasure of everything that the server stores about a user, except for the account at the issuer. */
import type { QueryClient } from '../database/driver.ts';
import { userRole } from '../database/schema/roles.ts';
import type { BoundStatement } from '../database/statement.ts';
import type { UserDatabase } from '../database/user-database.ts';
import { takeTurn } from '../idempotency/turn.ts';
import { principalOf } from '../principal.ts';
import type { Quotas } from '../quotas/quotas.ts';
import { newChangeSetOf } from '../resource/change.ts';
import { eraseRows, eraseTokens, finishErasure, startErasure } from './erasure-statements.ts';

export interface ErasureContext {
  readonly database: UserDatabase;
  readonly quotas: Quotas;
  /** Rejects the API token with this id from now on. */
  readonly revokeToken: (id: string) => void;
  /** Called when everything is erased, for those who wait for the user's changes. */
  readonly onErased: (ownerId: string) => void;
}

/** @throws ProblemError of the database. Then a part may be erased, and a repetition erases the rest. */
export type EraseUser = (userId: string) => Promise<void>;

/**
 * Most users are erased in one transaction and one round trip. The rows of the others are erased in several transactions, so
 * that none of them reaches the timeout of a statement. Each one waits for the user's turn, like a write.
 */
export function createErasure({ database, quotas, revokeToken, onErased }: ErasureContext): EraseUser {
  return async (userId) => {
    const owner = principalOf(userId);
    for (let hasMore = true; hasMore; ) {
      const rows = await database.run(owner, stepOf(userId, quotas), 'repeat', 'write');
      const step = resultOf(rows);
      for (const id of step.tokens) revokeToken(id);
      hasMore = step.hasMore;
    }
    onErased(userId);
  };
}

/**
 * Erases a user as a part of another transaction, for example of the one that deletes the account. The caller rejects the API
 * tokens, and wakes those who wait, after the commit.
 *
 * @returns the ids of the erased API tokens
 */
export async function eraseInTransaction(client: QueryClient, userId: string, quotas: Quotas): Promise<string[]> {
  return actAs(client, userId, async () => {
    const erased: string[] = [];
    for (let hasMore = true; hasMore; ) {
      const rows: object[][] = [];
      for (const { statement, values } of stepOf(userId, quotas)) {
        rows.push((await client.query(statement.text, [...values])).rows);
      }
      const step = resultOf(rows);
      erased.push(...step.tokens);
      hasMore = step.hasMore;
    }
    return erased;
  });
}

/**
 * Erases the API tokens of a user as a part of another transaction. The caller rejects them after the commit.
 *
 * @returns their ids
 */
export async function eraseTokensInTransaction(client: QueryClient, userId: string): Promise<string[]> {
  const { statement, values } = eraseTokens(userId);
  const { rows } = await actAs(client, userId, () => client.query(statement.text, [...values]));
  return (rows as { id: string }[]).map(({ id }) => id);
}

/** Runs statements with the role and the policies of a user, in a transaction that has another role before and after. */
async function actAs<Result>(client: QueryClient, userId: string, run: () => Promise<Result>): Promise<Result> {
  await client.query(`set local role ${userRole}`);
  await client.query(`select set_config('app.user_id', $1, true)`, [userId]);
  const result = await run();
  await client.query(`select set_config('app.user_id', '', true), set_config('role', 'none', true)`);
  return result;
}

function stepOf(userId: string, quotas: Quotas): BoundStatement[] {
  return [
    takeTurn(newChangeSetOf(userId), { quotas, hasTrash: false }),
    startErasure,
    ...eraseRows(userId),
    eraseTokens(userId),
    finishErasure(userId),
  ];
}

/** @param rows of each statement of a step */
function resultOf(rows: readonly object[][]): { readonly tokens: string[]; readonly hasMore: boolean } {
  const [tokens, [{ has_more }]] = rows.slice(-2) as [{ id: string }[], [{ has_more: boolean }]];
  return { tokens: tokens.map(({ id }) => id), hasMore: has_more };
}
