/** Imports of resources with the ids and the columns that they have in a file. */

/**
 * Common table expressions of an import: `free` has a row if no resource has the id `$2`, with the version of the deleted
 * resource that has it, and `removed` ends the deletion. The parameter `$4` says whether a deleted resource is imported.
 *
 * @param resource its name among the deleted resources
 * @param table the table of live ones
 */
export function freeForImport(resource: string, table: string): string[] {
  const isDeleted = `deleted.owner_id = $1 and deleted.resource = '${resource}' and deleted.id = $2`;
  return [
    `free as materialized (
      select (select deleted.version from todo.deleted as deleted where ${isDeleted}) as deletion
      where not exists (select from ${table} as live where live.owner_id = $1 and live.id = $2)
        and ($4::boolean or not exists (select from todo.deleted as deleted where ${isDeleted}))
    )`,
    `removed as (
      delete from todo.deleted as deleted using free where ${isDeleted}
    )`,
  ];
}

/** SQL of the version of an imported resource. Clients that synchronize keep the greatest one that they know. */
export const importedVersion = 'greatest(stored.version, free.deletion + 1)';

/**
 * SQL of a time in the past; the present for null. `updated_at` is the time of the import, so that clients that ask for later
 * changes miss none.
 */
export function pastTime(column: string): string {
  return `least(${column}, statement_timestamp())`;
}

/** What an import did with a line. */
export interface ImportedRow {
  /** Whether this import created the resource. */
  readonly is_new: boolean;
  /** Whether the resource is deleted. */
  readonly is_deleted: boolean;
  /** The fields in which the stored resource differs from the line. */
  readonly different: readonly string[];
}

/**
 * SQL of an array with the names of fields that differ.
 *
 * @param conditions of each field
 */
export function differentFields(conditions: Readonly<Record<string, string>>): string {
  const names = Object.entries(conditions).map(([name, condition]) => `case when ${condition} then '${name}' end`);
  return `array_remove(array[${names.join(', ')}], null)`;
}
