/** API tokens: their creation, and from a token to a principal. Users create them to call the API from scripts. */
import type { Database } from '../../database/database.ts';
import { databaseProblem, notReady } from '../../database/errors.ts';
import { DatabaseSetupError } from '../../database/schema/requirements.ts';
import type { Principal } from '../../principal.ts';
import type { ProblemError } from '../../problems/problem.ts';
import { assertToken, tokenExpired } from '../jwt/errors.ts';
import type { TokenVerifier, VerificationOutcome } from '../jwt/verifier.ts';
import { createTokenCache, type VerifiedToken } from '../token-cache.ts';
import { createApiToken, hashOf, hasTag, parseApiToken } from './format.ts';
import { findApiToken, findOwnApiToken, recordApiTokenUse, type StoredApiToken } from './statements.ts';
import { createTokenWatches, type TokenWatches } from './watches.ts';

export interface ApiTokens extends TokenVerifier {
  /**
   * Reads the key of the tags. Until then, tokens are rejected with `database_unavailable`.
   *
   * @throws DatabaseSetupError if the database has no key
   */
  prepare(): Promise<void>;
  /**
   * A new token with this id. It is valid once its hash is stored.
   *
   * @throws ProblemError database_unavailable before `prepare`
   */
  issue(id: string): IssuedApiToken;
  /** Rejects the token with this id from now on, on this server. Other servers reject it within a minute. */
  revoke(id: string): void;
  /** As in `TokenWatches`. */
  readonly watch: TokenWatches['watch'];
}

export interface IssuedApiToken {
  /** The token itself, which is shown once and not stored. */
  readonly token: string;
  /** SHA-256 of its secret, in hexadecimal form. */
  readonly hash: string;
}

export interface ApiTokenOptions {
  readonly database: Pick<Database, 'asAuthenticator' | 'asUser' | 'pool'>;
  /** Called with the error of a use that could not be recorded. */
  readonly onError: (error: unknown) => void;
  readonly onOutcome?: (outcome: VerificationOutcome) => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/** The result of a look-up. A token that is not valid has no principal. */
interface CheckedApiToken extends VerifiedToken {
  readonly hash: string;
  readonly state: 'valid' | 'expired' | 'unknown' | 'revoked';
}

const selectTagKey = `select encode(key, 'hex') as key from todo_admin.api_token_key`;

const keyMissing =
  'The table todo_admin.api_token_key is empty, so no API token can be verified. Restore its row from a backup. With another key of 32 random bytes, users must create their API tokens again.';

/**
 * The cache holds the result of a look-up for a minute, also if the token is not valid. So a revoked token in use causes one
 * statement per minute, and a token that this database has not issued causes none.
 */
export function createApiTokens({
  database,
  onError,
  onOutcome = () => {},
  clock = Date.now,
}: ApiTokenOptions): ApiTokens {
  /** By the id of the token, so that a token can be revoked without its secret. */
  const cache = createTokenCache<CheckedApiToken>();
  /** Look-ups in progress, by hash, so that simultaneous requests with a token share one. */
  const lookUps = new Map<string, Promise<CheckedApiToken>>();
  const watches = createTokenWatches(async (owner, id) => {
    const [rows] = await database.asUser.run(owner, [findOwnApiToken(owner.userId, id)], 'repeat');
    return rows.length > 0;
  });
  let tagKey: Uint8Array | undefined;

  function requireTagKey(): Uint8Array {
    if (!tagKey) throw notReady();
    return tagKey;
  }

  function checkCached(id: string, hash: string): CheckedApiToken | undefined {
    const checked = cache.lookup(id, clock());
    return checked && (checked.state === 'revoked' || checked.hash === hash) ? checked : undefined;
  }

  function check(id: string, hash: string, characters: number): Promise<CheckedApiToken> {
    const inProgress = lookUps.get(hash);
    if (inProgress) return inProgress;
    const lookUp = lookUpStored(id, hash, characters).finally(() => lookUps.delete(hash));
    lookUps.set(hash, lookUp);
    return lookUp;
  }

  async function lookUpStored(id: string, hash: string, characters: number): Promise<CheckedApiToken> {
    const [, [stored]] = await database.asAuthenticator(findApiToken(id, hash));
    // The token may have been revoked during the look-up.
    const revoked = checkCached(id, hash);
    if (revoked?.state === 'revoked') return revoked;
    const checked: CheckedApiToken = { hash, characters, ...resultOf(id, stored, clock()) };
    cache.store(id, checked, clock());
    if (checked.state === 'valid' && stored?.is_use_due) recordUse(id, hash);
    return checked;
  }

  /** The request does not wait for it. */
  function recordUse(id: string, hash: string): void {
    database.asAuthenticator(recordApiTokenUse(id, hash)).catch(onError);
  }

  return {
    async prepare() {
      const { rows } = await database.pool.query<{ key: string }>(selectTagKey).catch((error: unknown) => {
        throw databaseProblem(error);
      });
      const [row] = rows;
      if (!row) throw new DatabaseSetupError(keyMissing);
      tagKey = Buffer.from(row.key, 'hex');
    },

    issue(id) {
      const { token, secret } = createApiToken(id, requireTagKey());
      return { token, hash: hashOf(secret) };
    },

    revoke(id) {
      cache.store(id, { hash: '', characters: 0, state: 'revoked' }, clock());
      watches.notify(id);
    },

    watch: watches.watch,

    async verify(token) {
      try {
        const parts = parseApiToken(token);
        assertToken(parts, 'an API token must have the form and the checksum of one');
        assertToken(hasTag(parts, requireTagKey()), 'an API token must be one that this database has issued');
        const hash = hashOf(parts.secret);
        const cached = checkCached(parts.id, hash);
        const checked = cached ?? (await check(parts.id, hash, token.length));
        const principal = principalOf(checked);
        onOutcome(cached ? 'cache_hit' : 'verified');
        return principal;
      } catch (error) {
        onOutcome((error as ProblemError).status === 401 ? 'rejected' : 'unavailable');
        throw error;
      }
    },
  };
}

function resultOf(
  id: string,
  stored: StoredApiToken | undefined,
  now: number,
): Pick<CheckedApiToken, 'state' | 'principal'> {
  if (!stored) return { state: 'unknown' };
  const { owner_id: userId, name, scopes, expires_at } = stored;
  const expiresAt = Date.parse(expires_at);
  if (expiresAt <= now) return { state: 'expired' };
  return { state: 'valid', principal: { userId, scopes, expiresAt, apiToken: { id, name } } };
}

/** @throws ProblemError token_invalid or token_expired */
function principalOf({ principal, state }: CheckedApiToken): Principal {
  if (state === 'expired') throw tokenExpired('an API token must not be expired');
  assertToken(principal, 'an API token must exist and not be deleted');
  return principal;
}
