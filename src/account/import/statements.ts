/** The statement that says what an import has done. */
import { differentListFields } from '../../lists/import-statement.ts';
import type { ImportedRow } from '../../resource/import.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { differentTaskFields } from '../../tasks/sql/import-statement.ts';
import { isNewEntry } from '../../trash/import-statement.ts';

/** A line, for the comparison with what is stored. */
export interface ComparedLine {
  readonly type: 'list' | 'task' | 'trash';
  readonly resource: 'list' | 'task';
  readonly id: string;
  /** The columns of the resource; none for an entry of the trash. */
  readonly columns?: object;
  /** The keys of its tags. */
  readonly keys?: readonly string[];
}

/** SQL: whether this import created the resource of the line. PostgreSQL hashes the changes once. */
const isNew = '(line.resource, line.id) in (select created.resource, created.id from created)';

/**
 * The comparison of lines of one type.
 *
 * @param alias of the table, in `different`
 */
function comparison(type: string, table: string, alias: string, different: string): string {
  return `
        select ${isNew} as is_new, ${alias}.id is null as is_deleted,
               case when ${alias}.id is null then '{}' else ${different} end as different
        from jsonb_populate_record(null::${table}, line.columns) as given
        left join ${table} as ${alias} on ${alias}.owner_id = $1 and ${alias}.id = line.id
        where line.type = '${type}'`;
}

const results: OutcomeStatement<ImportedRow[]> = outcomeStatement('account_import_results', {
  parameters: 3,
  with: [
    `line as (
      select * from rows from (
        json_to_recordset($2::json) as (type text, resource text, id uuid, columns jsonb, keys text[])
      ) with ordinality as line (type, resource, id, columns, keys, place)
    )`,
    `created as materialized (
      select change.resource, change.id from todo.changes as change
      where change.owner_id = $1 and change.change_set = $3::uuid and change.kind in ('Created', 'Restored')
    )`,
  ],
  select: `
    select result.is_new, result.is_deleted, result.different
    from line cross join lateral (
      ${[
        comparison('list', 'todo.lists', 'lists', differentListFields),
        comparison('task', 'todo.tasks', 'tasks', differentTaskFields),
        `
        select ${isNewEntry}, deleted.id is not null, '{}'
        from (select line.id) as given
        left join todo.deleted as deleted
          on deleted.owner_id = $1 and deleted.resource = line.resource and deleted.id = line.id
        where line.type = 'trash'`,
      ].join('\n        union all')}
    ) as result
    order by line.place`,
});

/** One row per line, in the given order. */
export function importResults(
  ownerId: string,
  lines: readonly ComparedLine[],
  changeSetId: string,
): BoundOutcomeStatement<ImportedRow[]> {
  return { statement: results, values: [ownerId, JSON.stringify(lines), changeSetId] };
}
