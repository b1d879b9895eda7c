/** Idempotency keys: the first request with a key is executed, and its replays get the same response. */
import { createHash } from 'node:crypto';
import type { AtMostOne, BoundStatement, Statement } from '../database/statement.ts';
import { ProblemError } from '../problems/problem.ts';
import type { ChangeSet } from '../resource/change.ts';
import { setWriteSettings, type WriteOptions, writeSettings } from '../resource/write-settings.ts';
import { lockSeeds } from './lock-seeds.ts';
import { retention, retentionHours } from './retention.ts';
import type { StoredResponse } from './stored-response.ts';
import { waitForTurn } from './turn.ts';

/** The number of stored keys per user, so that one user cannot fill the disk. */
export const maxKeysPerUser = 10_000;

/** The bytes of a user's stored bodies, before compression. The last body can exceed it. */
export const maxStoredBytesPerUser = 64 * 1024 * 1024;

/** A request that must be executed at most once. */
export interface IdempotentRequest {
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly fingerprint: string;
}

export function idempotentRequest(key: string, method: string, path: string, body: Uint8Array): IdempotentRequest {
  const hash = createHash('sha256').update(`${method} ${path}\n`).update(body);
  return { key, fingerprint: hash.digest('hex') };
}

/** One request holds the lock of a key until its transaction ends. If another request holds it, the write stops. */
const lock: Statement = {
  name: 'idempotency_lock',
  text: `
    select todo.stop_write(case
      when not pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, ${lockSeeds.idempotencyKey}))
      then 'request_in_progress' end)`,
};

/** The response to the first request, or the rows of its outcome if `status` is null. */
export interface StoredOutcome {
  readonly fingerprint: string;
  readonly status: number | null;
  readonly content_type: string | null;
  readonly etag: string | null;
  readonly location: string | null;
  readonly body: string | null;
  readonly request_id: string | null;
  readonly change_set: string | null;
}

const isStored = `owner_id = $1 and key = $2 and created_at >= now() - ${retention}`;

/** A separate statement after the lock, because it must see what the previous holder of the lock has stored. */
const find: Statement<AtMostOne<StoredOutcome>> = {
  name: 'idempotency_find',
  text: `
    select encode(fingerprint, 'hex') as fingerprint, status, content_type, etag, location, body, request_id, change_set
    from todo.idempotency_keys where ${isStored}`,
};

/**
 * Stops a replay, and a write of a user who has stored too much. Otherwise it waits for the user's turn. The totals are
 * differences between the newest record and the oldest one that has not expired.
 */
const begin: Statement = {
  name: 'idempotency_begin',
  text: `
    with oldest as (
      select running_count - 1 as count_before, running_bytes - coalesce(octet_length(body), 0) as bytes_before,
             ceil(extract(epoch from created_at + ${retention} - now()))::integer as wait
      from todo.idempotency_keys
      where owner_id = $1 and created_at >= now() - ${retention}
      order by created_at limit 1
    ), newest as (
      select running_count, running_bytes from todo.idempotency_keys
      where owner_id = $1 order by created_at desc limit 1
    )
    select case
      when todo.stop_write(case
        when exists (select from todo.idempotency_keys where ${isStored}) then 'replayed'
        when (select running_count - count_before >= $3 from oldest, newest)
          then 'too_many_keys ' || (select greatest(wait, 1) from oldest)
        when (select running_bytes - bytes_before >= $4 from oldest, newest) then 'too_many_bytes'
      end) is null
      then ${waitForTurn}
    end, ${setWriteSettings(5)}`,
};

/** The statements before a mutation with a key: they lock the key, look it up, and wait for the user's turn. */
export function beginWithKey(change: ChangeSet, { key }: IdempotentRequest, options: WriteOptions) {
  const { ownerId } = change;
  const settings = writeSettings(change, options);
  return [
    { statement: lock, values: [ownerId, key] },
    findOutcome(ownerId, key),
    { statement: begin, values: [ownerId, key, maxKeysPerUser, maxStoredBytesPerUser, ...settings] },
  ] as const satisfies readonly BoundStatement[];
}

/** Stops if another request holds the key. */
export function lockKey(ownerId: string, key: string): BoundStatement {
  return { statement: lock, values: [ownerId, key] };
}

/** The outcome of the first request with a key. */
export function findOutcome(ownerId: string, key: string): BoundStatement<AtMostOne<StoredOutcome>> {
  return { statement: find, values: [ownerId, key] };
}

/** @throws ProblemError idempotency_key_reused if another request was the first one with this key */
export function assertSameRequest(stored: StoredOutcome, { fingerprint }: IdempotentRequest): void {
  if (stored.fingerprint === fingerprint) return;
  const error = { in: 'header', pointer: 'idempotency-key', message: 'was used for another request' } as const;
  throw new ProblemError('idempotency_key_reused', { errors: [error] });
}

/** The problem of a request whose key another request holds. */
export function requestInProgress(): ProblemError {
  return new ProblemError('request_in_progress', { headers: { 'Retry-After': '1' } });
}

/** The problem of a write that `beginWithKey` has stopped because the user has stored too much. */
export function storedTooMuch(reason: string): ProblemError {
  const [name, wait = '1'] = reason.split(' ');
  if (name === 'too_many_keys') {
    return new ProblemError('rate_limited', {
      detail: `You have used ${maxKeysPerUser.toLocaleString('en')} idempotency keys in ${retentionHours} hours. Wait, or write without a key.`,
      headers: { 'Retry-After': wait },
    });
  }
  return new ProblemError('quota_exceeded', {
    detail: `The quota of ${maxStoredBytesPerUser / 1_048_576} MiB of stored responses in ${retentionHours} hours is used up. Write without an Idempotency-Key, or wait until the oldest ones expire.`,
  });
}

const save: Statement<[]> = {
  name: 'idempotency_save',
  text: `
    insert into todo.idempotency_keys as stored (owner_id, key, fingerprint, status, content_type, body, created_at)
    values ($1, $2, decode($3, 'hex'), $4, $5, $6, statement_timestamp())
    on conflict (owner_id, key) do update
    set fingerprint = excluded.fingerprint, status = excluded.status, content_type = excluded.content_type,
        etag = null, location = null, body = excluded.body, request_id = null, change_set = null,
        created_at = excluded.created_at, running_count = excluded.running_count, running_bytes = excluded.running_bytes
    -- Another server may have executed a request with this key meanwhile.
    where stored.created_at < now() - ${retention}`,
};

/** The statements that store the response to a write that was stopped, after its transaction was rolled back. */
export function saveResponse(
  ownerId: string,
  { key, fingerprint }: IdempotentRequest,
  { status, headers, body }: StoredResponse,
): BoundStatement[] {
  const values = [ownerId, key, fingerprint, status, headers['Content-Type'] ?? null, body];
  return [lockKey(ownerId, key), { statement: save, values }];
}
