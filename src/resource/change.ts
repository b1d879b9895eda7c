/** Changes: their numbers, their history, and the set of changes that a request makes. */
import { uuidv7 } from 'uuidv7';
import type { RequestContext } from '../http/request-context.ts';
import type { changeKinds } from './table.ts';

/** The set of changes of one request. */
export interface ChangeSet {
  readonly ownerId: string;
  readonly id: string;
  /** The API token or OAuth client that makes the changes; null for a session of the user. */
  readonly actor: string | null;
}

/** The header of responses to writes, for OpenAPI. */
export const changeSetHeader = { 'Change-Set': 'The id of the set of all changes of this request.' };

export function newChangeSet(context: RequestContext): ChangeSet {
  return newChangeSetOf(context.get('principal').userId);
}

/** The changes that the server makes for a user without a request. */
export function newChangeSetOf(ownerId: string): ChangeSet {
  return { ownerId, id: uuidv7(), actor: null };
}

type ChangeKind = (typeof changeKinds)[number];

/**
 * Gives the next number to a change, as the relation `head` with the column `seq`. It keeps the lock of the user's head
 * until the write commits, so that numbers are in the order of the commits.
 *
 * @param source a relation of one row, or of no row if nothing changes; then no number is used
 */
export function nextNumber(source: string): string {
  return `head as (
      insert into todo.heads as head (owner_id, seq) select $1, 1 from ${source}
      on conflict (owner_id) do update set seq = head.seq + 1
      returning seq
    )`;
}

/**
 * Gives numbers to several changes. The column `seq` of `head` is the last one.
 *
 * @param source a relation with one row per change
 */
export function nextNumbers(source: string): string {
  return `head as (
      insert into todo.heads as head (owner_id, seq) select $1, count(*) from ${source} having count(*) > 0
      on conflict (owner_id) do update set seq = head.seq + excluded.seq
      returning seq
    )`;
}

/**
 * Records a change in the history, if `head` has a row.
 *
 * @param change.version the version after the change, in SQL, from `change.source`
 * @param change.fields the changed fields, in SQL; null except for updates
 * @param change.set the parameter with the id of the change set
 * @param change.actor the parameter with the actor
 */
export function recordChange(change: {
  resource: string;
  kind: ChangeKind;
  version: string;
  fields?: string;
  source?: string;
  set: string;
  actor: string;
}): string {
  const { resource, kind, version, fields = 'null', source, set, actor } = change;
  return `history as (
      insert into todo.changes (owner_id, seq, resource, id, kind, version, at, actor, change_set, fields)
      select $1, head.seq, '${resource}', $2::uuid, '${kind}', ${version}, statement_timestamp(), ${actor}, ${set}::uuid, ${fields}
      from head${source ? `, ${source}` : ''}
    )`;
}

/**
 * Removes the history of resources that are deleted permanently.
 *
 * @param source a relation with a row per resource
 * @param resource its name, in SQL
 * @param id its id, in SQL
 */
export function forgetHistory(source: string, resource: string, id: string): string {
  return `forgotten as (
      delete from todo.changes as changes using ${source}
      where changes.owner_id = $1 and changes.resource = ${resource} and changes.id = ${id}
    )`;
}
