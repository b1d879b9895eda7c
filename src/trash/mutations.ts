/** The mutations that delete resources permanently. */
import type { ChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { type AllowedVersions, versionMismatch } from '../resource/preconditions.ts';
import { notInTrash } from '../tasks/mutations.ts';
import { emptyTrash, purgeFromTrash } from './statements.ts';

export function purgeMutation(changeSet: ChangeSet, id: string, versions: AllowedVersions): Mutation<void> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: purgeFromTrash(changeSet, id, versions),
    toResult([row]) {
      if (!row) throw notInTrash();
      if (!row.is_allowed) throw versionMismatch(row.previous_version);
    },
    onConstraintViolation: () => undefined,
  });
}

export function emptyTrashMutation(changeSet: ChangeSet): Mutation<void> {
  return defineMutation({
    changeSet,
    statements: [],
    outcome: emptyTrash(changeSet),
    toResult() {},
    onConstraintViolation: () => undefined,
  });
}
