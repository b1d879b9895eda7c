/**
 * Statements that stop a write if resources have changed since they were read. They check any number of resources at once,
 * each with a subquery, because PostgreSQL joins two tables row by row if it estimates a few rows.
 */
import type { BoundStatement, Statement } from '../database/statement.ts';

/** The reason of the stop. The write is planned again. */
const reason = 'changed_meanwhile';

/** The statement of `requireVersions` for a table of resources. */
export function versionsStatement(name: string, table: string): Statement {
  return {
    name,
    text: `
    select todo.stop_write('${reason}') from unnest($2::uuid[], $3::integer[]) as given (id, version)
    where (
      select found.version from ${table} as found where found.owner_id = $1 and found.id = given.id
    ) is distinct from given.version`,
  };
}

/** Stops the write unless each resource has its version, outside of the trash. None if there are no resources. */
export function requireVersions(
  statement: Statement,
  ownerId: string,
  resources: readonly { readonly id: string; readonly version: number }[],
): BoundStatement[] {
  if (resources.length === 0) return [];
  return [{ statement, values: [ownerId, resources.map(({ id }) => id), resources.map(({ version }) => version)] }];
}

const inTrash: Statement = {
  name: 'trash_require',
  text: `
    select todo.stop_write('${reason}') from unnest($3::uuid[], $4::bigint[]) as given (id, seq)
    where (
      select found.seq from todo.deleted as found
      where found.owner_id = $1 and found.resource = $2 and found.id = given.id and found.content is not null
    ) is distinct from given.seq`,
};

/**
 * Stops the write unless each resource is in the trash with the content that was read. None if there are no resources.
 *
 * @param resource their kind
 * @param resources with the numbers of their deletions, which identify the contents
 */
export function requireInTrash(
  ownerId: string,
  resource: string,
  resources: readonly { readonly id: string; readonly seq: string }[],
): BoundStatement[] {
  if (resources.length === 0) return [];
  return [
    { statement: inTrash, values: [ownerId, resource, resources.map(({ id }) => id), resources.map(({ seq }) => seq)] },
  ];
}
