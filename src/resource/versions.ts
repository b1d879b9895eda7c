/** The statements that read and require the versions of one kind of resource, before its resources change. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import type { ResourceVersion } from './batch.ts';
import { type AllowedVersions, isAllowed } from './preconditions.ts';

export interface VersionStatements {
  /** Reads the versions of several resources. */
  readonly read: (ownerId: string, ids: readonly string[]) => BoundStatement<ResourceVersion[]>;
  /** Stops the write if the resource does not exist, or not in an allowed version. The reason is the code of a problem. */
  readonly require: (ownerId: string, id: string, allowed: AllowedVersions) => BoundStatement;
}

/** @param resource the name of the kind of resource in the singular */
export function versionStatements(resource: string): VersionStatements {
  const table = `${resource}s`;
  const versions: Statement<ResourceVersion[]> = {
    name: `${table}_versions`,
    text: `select id, version from todo.${table} where owner_id = $1 and id = any ($2::uuid[])`,
  };
  const required: Statement = {
    name: `${table}_require`,
    text: `
    select todo.stop_write(case
      when version is null then '${resource}_not_found'
      when not ${isAllowed('version', '$3')} then 'version_mismatch'
    end)
    from (select (select version from todo.${table} where owner_id = $1 and id = $2)) as found (version)`,
  };
  return {
    read: (ownerId, ids) => ({ statement: versions, values: [ownerId, ids] }),
    require: (ownerId, id, allowed) => ({ statement: required, values: [ownerId, id, allowed] }),
  };
}
