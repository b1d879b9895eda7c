/** Idempotency keys: the first request with a key is executed, and its replays get the same response. */
import { createHash } from 'node:crypto';
import type { BoundStatement, Statement } from '../database/statement.ts';
import { ProblemError } from '../problems/problem.ts';
import { writeSetting } from '../resource/mutation-statement.ts';
import { lockSeeds } from './lock-seeds.ts';
import { retention, retentionHours } from './retention.ts';
import type { StoredResponse } from './stored-response.ts';

/** The number of stored keys per user, so that one user cannot fill the disk. */
export const maxKeysPerUser = 10_000;

/** The bytes of a user's stored bodies, before compression. Writes at the same time can each exceed it by one body. */
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

interface LockRow {
  /** False if another request holds the key. */
  readonly locked: boolean;
}

/** One request holds the lock of a key until its transaction ends. */
const lock: Statement<[LockRow]> = {
  name: 'idempotency_lock',
  text: `
    select set_config('${writeSetting}', case when locked then 'on' else 'off' end, true) as "write", locked
    from (select case when $3 then false else pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, ${lockSeeds.idempotencyKey})) end as locked)
      as attempt`,
};

interface RecordedResponse {
  readonly fingerprint: string;
  readonly status: number;
  readonly content_type: string | null;
  readonly etag: string | null;
  readonly location: string | null;
  readonly body: string | null;
}

type FindRow = (RecordedResponse | { readonly fingerprint: null }) & {
  /** The number of the user's stored keys, and the bytes of their bodies. */
  readonly stored_keys: number;
  readonly stored_bytes: number;
  /** Seconds until the user's oldest key expires; null without keys. */
  readonly wait: number | null;
};

/**
 * A separate statement after the lock, because it must see the response that the previous holder has stored. The totals
 * are differences between the newest record and the oldest one that has not expired.
 */
const find: Statement<[FindRow]> = {
  name: 'idempotency_find',
  text: `
    with found as (
      select encode(fingerprint, 'hex') as fingerprint, status, content_type, etag, location, body
      from todo.idempotency_keys
      where owner_id = $1 and key = $2 and created_at >= now() - ${retention}
    ), oldest as (
      select running_count - 1 as count_before, running_bytes - coalesce(octet_length(body), 0) as bytes_before,
             ceil(extract(epoch from created_at + ${retention} - now()))::integer as wait
      from todo.idempotency_keys
      where owner_id = $1 and created_at >= now() - ${retention}
      order by created_at limit 1
    ), newest as (
      select running_count, running_bytes from todo.idempotency_keys
      where owner_id = $1 order by created_at desc limit 1
    ), totals as (
      select coalesce(max(running_count - count_before), 0) as stored_keys,
             coalesce(max(running_bytes - bytes_before), 0) as stored_bytes, max(wait) as wait
      from oldest, newest
    )
    select found.*, totals.*,
           set_config('${writeSetting}', case
             when current_setting('${writeSetting}') = 'on' and found.fingerprint is null
               and stored_keys < $3 and stored_bytes < $4 then 'on'
             else 'off' end, true) as "write"
    from totals left join found on true`,
};

const save: Statement<[]> = {
  name: 'idempotency_save',
  text: `
    insert into todo.idempotency_keys (owner_id, key, fingerprint, status, content_type, etag, location, body, created_at)
    -- The time of this statement, because the running totals are in the order of the user's turns.
    values ($1, $2, decode($3, 'hex'), $4, $5, $6, $7, $8, statement_timestamp())
    -- A conflicting row has expired.
    on conflict (owner_id, key) do update
    set fingerprint = excluded.fingerprint, status = excluded.status, content_type = excluded.content_type,
        etag = excluded.etag, location = excluded.location, body = excluded.body, created_at = excluded.created_at,
        running_count = excluded.running_count, running_bytes = excluded.running_bytes`,
};

/**
 * The statements before a mutation. They lock the key, look up its response and set `app.write`.
 *
 * @param isInUse whether another request of this process holds the key, so that it is not locked
 */
export function acquireKey(ownerId: string, { key }: IdempotentRequest, isInUse = false) {
  return [
    { statement: lock, values: [ownerId, key, isInUse] },
    { statement: find, values: [ownerId, key, maxKeysPerUser, maxStoredBytesPerUser] },
  ] as const satisfies readonly BoundStatement[];
}

/**
 * The response of the first request with this key, or null if this request is the first.
 *
 * @throws ProblemError request_in_progress, idempotency_key_reused, or if the user has stored too much, rate_limited or
 *   quota_exceeded
 */
export function replayedResponse(
  [{ locked }]: [LockRow],
  [found]: [FindRow],
  { fingerprint }: IdempotentRequest,
): StoredResponse | null {
  if (found.fingerprint !== null) {
    if (found.fingerprint !== fingerprint) {
      const error = { in: 'header', pointer: 'idempotency-key', message: 'was used for another request' } as const;
      throw new ProblemError('idempotency_key_reused', { errors: [error] });
    }
    const { status, content_type, etag, location, body } = found;
    const headers = {
      ...(content_type && { 'Content-Type': content_type }),
      ...(etag && { ETag: etag }),
      ...(location && { Location: location }),
      'Idempotency-Replayed': 'true',
    };
    return { status, headers, body };
  }
  if (!locked) throw new ProblemError('request_in_progress', { headers: { 'Retry-After': '1' } });
  if (found.stored_keys >= maxKeysPerUser) {
    throw new ProblemError('rate_limited', {
      detail: `You have used ${maxKeysPerUser.toLocaleString('en')} idempotency keys in ${retentionHours} hours. Wait, or write without a key.`,
      headers: { 'Retry-After': String(Math.max(1, found.wait ?? 1)) },
    });
  }
  if (found.stored_bytes >= maxStoredBytesPerUser) throw storedBytesExceeded();
  return null;
}

/** @throws ProblemError quota_exceeded if the response does not fit into the user's quota */
export function requireRoom(found: readonly FindRow[], { body }: StoredResponse): void {
  const bytes = (found[0]?.stored_bytes ?? 0) + Buffer.byteLength(body ?? '');
  if (bytes > maxStoredBytesPerUser) throw storedBytesExceeded();
}

function storedBytesExceeded(): ProblemError {
  return new ProblemError('quota_exceeded', {
    detail: `The quota of ${maxStoredBytesPerUser / 1_048_576} MiB of stored responses in ${retentionHours} hours is used up. Write without an Idempotency-Key, or wait until the oldest ones expire.`,
  });
}

/** Stores the response of a write, in the transaction of the write. */
export function saveResponse(
  ownerId: string,
  { key, fingerprint }: IdempotentRequest,
  { status, headers, body }: StoredResponse,
): BoundStatement {
  const { 'Content-Type': contentType = null, ETag: etag = null, Location: location = null } = headers;
  return { statement: save, values: [ownerId, key, fingerprint, status, contentType, etag, location, body] };
}
