/** Idempotency keys: the first request with a key is carried out, the same request again gets the first one's answer. */
import { createHash } from 'node:crypto';
import type { BoundStatement, Statement } from '../database/statement.ts';
import { ProblemError } from '../problems/problem.ts';
import type { StoredResponse } from './stored-response.ts';

/** How many keys of one user are kept at a time, so that nobody fills the disk. */
export const maxKeysPerUser = 10_000;

/** A request that wants to be carried out once. */
export interface IdempotentRequest {
  readonly key: string;
  /** SHA-256 of method, path and body. */
  readonly fingerprint: string;
}

export function idempotentRequest(key: string, method: string, path: string, body: Uint8Array): IdempotentRequest {
  const hash = createHash('sha256').update(`${method} ${path}\n`).update(body);
  return { key, fingerprint: hash.digest('hex') };
}

/** A condition that every statement of a write has: false where the request's key says that it must not be done. */
export const notReplayed = "coalesce(current_setting('app.write', true), 'on') <> 'off'";

/** Held until the transaction ends, by one request with a key at a time. */
const lock: Statement = {
  name: 'idempotency_lock',
  text: `
    select set_config('app.write', case when locked then 'on' else 'off' end, true) as "write", locked
    from pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0)) as locked`,
};

/** After the lock and in a statement of its own, so as to see what the one who had the lock before left. */
const find: Statement = {
  name: 'idempotency_find',
  text: `
    with found as (
      select encode(fingerprint, 'hex') as fingerprint, status, content_type, etag, location, body
      from todo.idempotency_keys
      where owner_id = $1 and key = $2 and created_at >= now() - interval '24 hours'
    ), kept as (
      select created_at from todo.idempotency_keys
      where owner_id = $1 and created_at >= now() - interval '24 hours'
      order by created_at limit $3
    ), room as (
      select count(*) < $3 as free, ceil(extract(epoch from min(created_at) + interval '24 hours' - now()))::integer as wait
      from kept
    )
    select found.*, room.free, room.wait,
           set_config('app.write', case
             when current_setting('app.write') = 'on' and found.fingerprint is null and room.free then 'on'
             else 'off' end, true) as "write"
    from room left join found on true`,
};

const save: Statement = {
  name: 'idempotency_save',
  text: `
    insert into todo.idempotency_keys (owner_id, key, fingerprint, status, content_type, etag, location, body)
    values ($1, $2, decode($3, 'hex'), $4, $5, $6, $7, $8)
    -- There can be one only if it has expired.
    on conflict (owner_id, key) do update
    set fingerprint = excluded.fingerprint, status = excluded.status, content_type = excluded.content_type,
        etag = excluded.etag, location = excluded.location, body = excluded.body, created_at = excluded.created_at`,
};

/** What must stand before the statements of a write with a key. */
export function acquireKey(ownerId: string, { key }: IdempotentRequest): BoundStatement[] {
  return [
    { statement: lock, values: [ownerId, key] },
    { statement: find, values: [ownerId, key, maxKeysPerUser] },
  ];
}

/** The rows that the statements of `claim` give. */
export type AcquiredRows = [
  [{ locked: boolean }],
  [
    { free: boolean; wait: number } & (
      | { fingerprint: null }
      | {
          fingerprint: string;
          status: number;
          content_type: string | null;
          etag: string | null;
          location: string | null;
          body: string | null;
        }
    ),
  ],
];

/**
 * The answer that was given before, or null where the write has just been done.
 *
 * @throws ProblemError request_in_progress, idempotency_key_reused, or rate_limited where the user has too many keys
 */
export function replayedResponse(
  [[{ locked }], [found]]: AcquiredRows,
  { fingerprint }: IdempotentRequest,
): StoredResponse | null {
  if (found.fingerprint !== null) {
    if (found.fingerprint !== fingerprint) {
      const fault = { in: 'header', pointer: 'idempotency-key', message: 'was used for another request' } as const;
      throw new ProblemError('idempotency_key_reused', { errors: [fault] });
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
  if (!found.free) {
    throw new ProblemError('rate_limited', {
      detail: `You have used ${maxKeysPerUser.toLocaleString('en')} idempotency keys in 24 hours. Wait, or write without one.`,
      headers: { 'Retry-After': String(Math.max(1, found.wait)) },
    });
  }
  return null;
}

/** Keeps the answer of a write, in the write's own transaction. */
export function saveResponse(
  ownerId: string,
  { key, fingerprint }: IdempotentRequest,
  { status, headers, body }: StoredResponse,
): BoundStatement {
  const { 'Content-Type': contentType = null, ETag: etag = null, Location: location = null } = headers;
  return { statement: save, values: [ownerId, key, fingerprint, status, contentType, etag, location, body] };
}
