/** The statements of undo: the changes of a change set, and the resources after their reversal. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { HistoryRow } from '../resource/reversal.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { undoable } from './resources.ts';

/**
 * Maximum size of the resources in a response, as JSON in bytes. Otherwise a request without a body would have a response of
 * several megabytes, which the server also stores.
 */
export const maxResultsBytes = 1024 * 1024;

const changes: Statement<HistoryRow[]> = {
  name: 'undo_changes',
  text: `
    select resource, id, kind, fields::text as fields from todo.changes
    where owner_id = $1 and change_set = $2::uuid order by seq`,
};

export function changesOf(ownerId: string, changeSetId: string): BoundStatement<HistoryRow[]> {
  return { statement: changes, values: [ownerId, changeSetId] };
}

/** A resource of the change set, after the undo or with the reason why there was none. */
export interface UndoneRow {
  readonly resource: string;
  readonly id: string;
  readonly conflict: string | null;
  /** Whether the resource exists outside of the trash. */
  readonly exists: boolean;
  /** Its columns, as JSON; null if it does not exist, or if the resources up to it exceed `maxResultsBytes`. */
  readonly text: string | null;
}

const textOf = Object.entries(undoable).map(([name, { text }]) => `when '${name}' then ${text}`);

const results: OutcomeStatement<UndoneRow[]> = outcomeStatement('undo_results', {
  parameters: 4,
  with: [
    `found as (
      select named.*, case named.resource ${textOf.join(' ')} end as text
      from unnest($2::text[], $3::uuid[], $4::text[]) with ordinality as named (resource, id, conflict, place)
    )`,
    `sized as (select found.*, sum(octet_length(text)) over (order by place) as bytes from found)`,
  ],
  select: `
    select resource, id, conflict, text is not null as exists, case when bytes <= ${maxResultsBytes} then text end as text
    from sized order by place`,
});

/** One row per resource, in the given order. */
export function undoResults(
  ownerId: string,
  resources: readonly { resource: string; id: string; conflict: string | null }[],
): BoundOutcomeStatement<UndoneRow[]> {
  const column = (key: 'resource' | 'id' | 'conflict') => resources.map((each) => each[key]);
  return { statement: results, values: [ownerId, column('resource'), column('id'), column('conflict')] };
}
