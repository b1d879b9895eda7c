/** The statement that imports a list, and what compares it with a stored one. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { differentFields, freeForImport, importedVersion, pastTime } from '../resource/import.ts';
import type { ListImport } from './schemas.ts';
import { resource } from './statements.ts';

const keptColumns = ['name', 'color', 'position', 'archived'];

/** The columns are those of the object `$3`. The trigger `write_list` numbers and records the change. */
const importing: Statement = {
  name: 'lists_import',
  text: `with ${freeForImport(resource, 'todo.lists').join(',\n')}
    insert into todo.lists (owner_id, id, version, ${keptColumns.join(', ')}, created_at)
    select $1, $2::uuid, ${importedVersion}, ${keptColumns.map((column) => `stored.${column}`).join(', ')},
           ${pastTime('stored.created_at')}
    from free, jsonb_populate_record(null::todo.lists, $3::jsonb) as stored
    returning id`,
};

/**
 * Creates the list unless its id is in use.
 *
 * @param restores whether a deleted list with the id is created again
 */
export function importList(ownerId: string, list: ListImport, restores: boolean): BoundStatement {
  return { statement: importing, values: [ownerId, list.id, JSON.stringify(importedListColumns(list)), restores] };
}

/** The columns of a list in a file. */
export function importedListColumns({ task_count: _, ...columns }: ListImport): object {
  return columns;
}

/** SQL of the fields in which the list `lists` differs from the columns `given` of a file. */
export const differentListFields = differentFields({
  name: 'lists.name <> given.name',
  color: 'lists.color is distinct from given.color',
  position: 'lists.position <> given.position',
  archived: 'lists.archived <> given.archived',
});
