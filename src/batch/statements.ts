/** The statement that reads the results of a batch. */
import { maxResultsBytes } from '../resource/batch.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { batchable } from './resources.ts';

/** The resource of an operation after the batch. */
export interface ResultRow {
  /** Its columns, as PostgreSQL writes them in JSON; null if the batch has deleted it. */
  readonly content: object | null;
  /** Whether the batch has created it. */
  readonly is_new: boolean;
}

/** The reason with which the statement stops the batch, followed by the place of the first result that is too much, from 1. */
export const tooLarge = 'results_too_large';

const currentOf = Object.entries(batchable).map(
  ([type, { from, textBytes }]) =>
    `select to_json(current) as content, ${textBytes} as bytes from ${from} where named.type = '${type}'`,
);

/** Stops the batch if the texts of its results exceed `maxResultsBytes`. */
const results: OutcomeStatement<ResultRow[]> = outcomeStatement('batch_results', {
  parameters: 4,
  with: [
    `found as (
      select named.*, current.content, sum(current.bytes) over (order by named.place) as bytes
      from unnest($2::text[], $3::uuid[]) with ordinality as named (type, id, place)
      left join lateral (${currentOf.join(' union all ')}) as current on true
    )`,
    `checked as materialized (
      select todo.stop_write('${tooLarge} ' || min(place)) from found where bytes > ${maxResultsBytes}
    )`,
    `made as (
      select resource, id from todo.changes where owner_id = $1 and change_set = $4::uuid and kind = 'Created'
    )`,
  ],
  select: `
    select found.content, (found.type, found.id) in (select resource, id from made) as is_new
    from found, checked order by found.place`,
});

/** The resources of a batch, as they are after it: one row per resource, in the order of their last operations. */
export function batchResults(
  ownerId: string,
  resources: readonly { readonly type: string; readonly id: string }[],
  changeSet: string,
): BoundOutcomeStatement<ResultRow[]> {
  const [types, ids] = [resources.map(({ type }) => type), resources.map(({ id }) => id)];
  return { statement: results, values: [ownerId, types, ids, changeSet] };
}
