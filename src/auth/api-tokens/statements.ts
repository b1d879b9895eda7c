/**
 * The statements of authentication on API tokens. They run as the authenticator, the role that sees the row of the presented
 * token and no other one, except for `findOwnApiToken`.
 */
import type { AtMostOne, BoundStatement, Statement } from '../../database/statement.ts';

/** A token as the server stores it. */
export interface StoredApiToken {
  readonly owner_id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expires_at: string;
  /** Whether its last use must be recorded. */
  readonly is_use_due: boolean;
}

/** The policy of the authenticator reads the two settings, until the transaction ends. */
const present: Statement = {
  name: 'api_token_present',
  text: `select set_config('app.token_id', $1, true), set_config('app.token_hash', $2, true)`,
};

/** Uses are recorded at most once per hour and token, because each record is a write. */
const isUseDue = `(tokens.last_used_at is null or tokens.last_used_at < now() - interval '1 hour')`;

const find: Statement<AtMostOne<StoredApiToken>> = {
  name: 'api_token_find',
  text: `
    select tokens.owner_id, tokens.name, tokens.scopes, tokens.expires_at, ${isUseDue} as is_use_due
    from todo.tokens as tokens where tokens.id = $1`,
};

const recordUse: Statement = {
  name: 'api_token_record_use',
  text: `update todo.tokens as tokens set last_used_at = now() where tokens.id = $1 and ${isUseDue}`,
};

const findOwn: Statement<object[]> = {
  name: 'api_token_find_own',
  text: 'select tokens.id from todo.tokens as tokens where tokens.owner_id = $1 and tokens.id = $2',
};

/** Finds a token of a user, as the user. */
export function findOwnApiToken(ownerId: string, id: string): BoundStatement {
  return { statement: findOwn, values: [ownerId, id] };
}

/** Finds the token with this id and this hash of its secret. */
export function findApiToken(id: string, hash: string) {
  return [
    presentToken(id, hash),
    { statement: find, values: [id] } as BoundStatement<AtMostOne<StoredApiToken>>,
  ] as const;
}

/** Records the use of the token now, unless a use within the last hour is recorded. */
export function recordApiTokenUse(id: string, hash: string): BoundStatement[] {
  return [presentToken(id, hash), { statement: recordUse, values: [id] }];
}

function presentToken(id: string, hash: string): BoundStatement {
  return { statement: present, values: [id, hash] };
}
