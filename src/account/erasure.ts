/** The erasure of everything that the server stores about a user, except for the account at the issuer. */
import type { UserDatabase } from '../database/user-database.ts';
import { takeTurn } from '../idempotency/turn.ts';
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
    const owner = { userId, scopes: null, expiresAt: Number.POSITIVE_INFINITY };
    for (let hasMore = true; hasMore; ) {
      const statements = [
        takeTurn(newChangeSetOf(userId), { quotas, hasTrash: false }),
        startErasure,
        ...eraseRows(userId),
        eraseTokens(userId),
        finishErasure(userId),
      ] as const;
      const rows = await database.run(owner, statements, 'repeat', 'write');
      const [tokens, [{ has_more }]] = rows.slice(-2) as [{ id: string }[], [{ has_more: boolean }]];
      for (const { id } of tokens) revokeToken(id);
      hasMore = has_more;
    }
    onErased(userId);
  };
}
