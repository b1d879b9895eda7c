/** The statements on a user's API tokens. Their results have no hash, because outcomes are stored for replays. */
import type { AtMostOne, BoundStatement, Statement } from '../database/statement.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import type { Token } from './schemas.ts';

/** Maximum number of a user's tokens, including the expired ones that are not removed yet. */
export const maxTokensPerUser = 50;

/** The reason with which `insertToken` stops. */
export const quotaReason = 'tokens_quota';

/** A token has the other fields as columns. */
export type TokenRow = Omit<Token, 'prefix'>;

export const tokenColumns =
  'tokens.id, tokens.name, tokens.scopes, tokens.created_at, tokens.expires_at, tokens.last_used_at';

const select: Statement<TokenRow[]> = {
  name: 'tokens_list',
  text: `
    select ${tokenColumns} from todo.tokens as tokens
    where tokens.owner_id = $1 order by tokens.created_at desc, tokens.id desc`,
};

const insert: OutcomeStatement<[TokenRow]> = outcomeStatement('tokens_insert', {
  parameters: 6,
  with: [
    `created as (
      insert into todo.tokens (owner_id, id, name, scopes, hash, expires_at)
      select $1, $2::uuid, $3, $4::text[], decode($5, 'hex'), statement_timestamp() + make_interval(days => $6::integer)
      where todo.stop_write(case
        when (select count(*) from todo.tokens as tokens where tokens.owner_id = $1) >= ${maxTokensPerUser}
        then '${quotaReason}' end) is null
      returning *
    )`,
  ],
  select: `select ${tokenColumns} from created as tokens`,
});

const remove: OutcomeStatement<AtMostOne<{ readonly id: string }>> = outcomeStatement('tokens_delete', {
  parameters: 2,
  with: [
    `removed as (
      delete from todo.tokens as tokens where tokens.owner_id = $1 and tokens.id = $2::uuid returning tokens.id
    )`,
  ],
  select: 'select id from removed',
});

/** All tokens of a user, the newest first. */
export function listTokens(ownerId: string): BoundStatement<TokenRow[]> {
  return { statement: select, values: [ownerId] };
}

export interface NewToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the secret, in hexadecimal form. */
  readonly hash: string;
  readonly expiresInDays: number;
}

/** Stops with `quotaReason` if the user has too many tokens. */
export function insertToken(ownerId: string, token: NewToken): BoundOutcomeStatement<[TokenRow]> {
  const { id, name, scopes, hash, expiresInDays } = token;
  return { statement: insert, values: [ownerId, id, name, scopes, hash, expiresInDays] };
}

export function deleteToken(ownerId: string, id: string): BoundOutcomeStatement<AtMostOne<{ readonly id: string }>> {
  return { statement: remove, values: [ownerId, id] };
}
