/** The row of one versioned resource in a mutation: its lock, its precondition, and its deletion. */
import { ProblemError } from '../problems/problem.ts';
import type { NotFoundCode } from '../vocabulary.ts';
import { type MutationStatement, writeStatement } from './mutation-statement.ts';
import { type AllowedVersions, assertVersion } from './preconditions.ts';

/** The version of a resource that is now locked; null if there is no such resource. */
export interface LockedVersion {
  readonly version: number | null;
}

/**
 * A statement that locks a resource, so that the statements after it see the last committed version: each statement of a
 * transaction has a snapshot of its own (READ COMMITTED, in the manual's chapter on concurrency control). It records the
 * locked id in `app.locked`, because another request can insert the resource before the next statement runs.
 *
 * The parameters are the owner and the id.
 */
export function lockStatement(name: string, table: string): MutationStatement<[LockedVersion]> {
  return writeStatement(
    name,
    (notReplayed) => `
    with found as materialized (
      select id, version from ${table} where owner_id = $1 and id = $2 and ${notReplayed} for update
    )
    select (select version from found) as version,
           set_config('app.locked', coalesce((select id::text from found), ''), true) as locked`,
  );
}

/** Whether the resource of a statement is the locked one. `$2` is its id. */
export const isLocked = "current_setting('app.locked', true) = $2::text";

/** Whether a version is allowed; the parameter `versions` is null for any. */
export function isAllowed(version: string, versions: string): string {
  return `(${versions}::integer[] is null or ${version} = any (${versions}))`;
}

/** A statement that deletes the locked resource. The parameters are the owner, the id and the allowed versions. */
export function deleteStatement(name: string, table: string): MutationStatement<[]> {
  return writeStatement(
    name,
    (notReplayed) =>
      `delete from ${table} where owner_id = $1 and id = $2 and ${isLocked} and ${isAllowed('version', '$3')} and ${notReplayed}`,
  );
}

/** @throws ProblemError `notFound`, or version_mismatch with the current version */
export function assertLocked({ version }: LockedVersion, versions: AllowedVersions, notFound: NotFoundCode): void {
  if (version === null) throw new ProblemError(notFound);
  assertVersion(version, versions);
}
