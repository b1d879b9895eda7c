/** The handlers of the operations on API tokens. */
import { uuidv7 } from 'uuidv7';
import type { ApiTokens } from '../auth/api-tokens/api-tokens.ts';
import { apiTokenPrefix } from '../auth/api-tokens/format.ts';
import { insufficientScope } from '../auth/authenticate.ts';
import { assertToken } from '../auth/jwt/errors.ts';
import { databaseProblem } from '../database/errors.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, runMutation, type WriteContext } from '../idempotency/execute-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import type { Principal } from '../principal.ts';
import { newChangeSet } from '../resource/change.ts';
import type { Scope } from '../vocabulary.ts';
import { createTokenMutation, deleteTokenMutation } from './mutations.ts';
import { createTokenRoute, deleteTokenRoute, listTokensRoute } from './routes.ts';
import type { Token } from './schemas.ts';
import { listTokens, type TokenRow } from './statements.ts';

/** @param hasSession whether the session of a token has not ended; true by default, because other issuers cannot be asked */
export function tokenOperations(
  writes: WriteContext,
  apiTokens: Pick<ApiTokens, 'issue' | 'revoke'>,
  hasSession: (principal: Principal) => Promise<boolean> = async () => true,
): Operation[] {
  const { database } = writes;
  return [
    implement(listTokensRoute, async (_input, context) => {
      const principal = context.get('principal');
      const [rows] = await database.run(principal, [listTokens(principal.userId)], 'repeat');
      return jsonResponse(rows.map(toToken));
    }),

    implement(createTokenRoute, async ({ body, headers }, context) => {
      const principal = context.get('principal');
      const scopes = [...new Set(body.scopes)];
      assertMayGive(scopes, principal);
      await requireSession(hasSession(principal));
      const id = uuidv7();
      const { token, hash } = apiTokens.issue(id);
      const stored = { id, name: body.name, scopes, hash, expiresInDays: body.expires_in_days };
      const mutation = createTokenMutation(newChangeSet(context), stored);
      const response = await executeWrite(writes, context, mutation, headers['idempotency-key'], (row) => {
        // A replay has the row of the first request, whose token is not stored.
        return created(row, row.id === id ? token : null);
      });
      try {
        // While the write waited for its turn, a reset of the password can have removed the API tokens.
        await requireSession(hasSession(principal));
      } catch (problem) {
        // If the deletion fails, the token stays. No client has received it.
        await runMutation(writes, principal, deleteTokenMutation(newChangeSet(context), id)).catch(() => {});
        throw problem;
      }
      return response;
    }),

    implement(deleteTokenRoute, ({ path, headers }, context) => {
      const mutation = deleteTokenMutation(newChangeSet(context), path.id);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], (id) => {
        apiTokens.revoke(id);
        return { status: 204, headers: {}, body: null };
      });
    }),
  ];
}

/** @throws ProblemError insufficient_scope unless the principal has all of these scopes */
function assertMayGive(scopes: readonly Scope[], principal: Principal): void {
  const missing = scopes.filter((scope) => principal.scopes && !principal.scopes.includes(scope));
  if (missing.length === 0) return;
  throw insufficientScope(
    missing,
    `Your token does not have the scope ${missing.join(' ')}, so it cannot give it to an API token.`,
  );
}

/**
 * A JWT outlives its session by minutes. An API token that it creates after the end of the session, such as by a new password,
 * would outlive it by months.
 *
 * @throws ProblemError token_invalid, or a problem of the database
 */
async function requireSession(hasSession: Promise<boolean>): Promise<void> {
  const isActive = await hasSession.catch((error: unknown) => {
    throw databaseProblem(error);
  });
  assertToken(isActive, 'the session of a token that creates an API token must not have ended');
}

function created(row: TokenRow, token: string | null): StoredResponse {
  return {
    status: 201,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...toToken(row), token }),
  };
}

/** The fields have the order in which clients receive them. */
export function toToken({ id, name, scopes, created_at, expires_at, last_used_at }: TokenRow): Token {
  return { id, name, scopes, prefix: apiTokenPrefix(id), created_at, expires_at, last_used_at };
}
