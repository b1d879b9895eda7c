/** Changes: their numbers, their history, and the set of changes that a request makes. */
import { uuidv7 } from 'uuidv7';
import type { RequestContext } from '../http/request-context.ts';

export const changeKinds = ['Created', 'Updated', 'Deleted', 'Restored'] as const;

/** The set of changes of one request. */
export interface ChangeSet {
  readonly ownerId: string;
  readonly id: string;
  /** The API token or OAuth client that makes the changes; null if the token names none. */
  readonly actor: string | null;
}

/** The header of responses to writes, for OpenAPI. */
export const changeSetHeader = { 'Change-Set': 'The id of the set of all changes of this request.' };

export function newChangeSet(context: RequestContext): ChangeSet {
  const { userId, apiToken, oauthClient } = context.get('principal');
  return { ...newChangeSetOf(userId), actor: apiToken?.name ?? oauthClient ?? null };
}

/** The changes that the server makes for a user without a request. */
export function newChangeSetOf(ownerId: string): ChangeSet {
  return { ownerId, id: uuidv7(), actor: null };
}

/**
 * Gives numbers to changes of deleted resources. The column `seq` of `head` is the last one. Triggers number the changes
 * of other resources.
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
