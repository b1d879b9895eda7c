/** The resources that clients synchronize. A new resource adds an entry, and its rows to `todo.changes_after`. */
import type { ZodType } from 'zod';
import { type ListRow, toList } from '../lists/row.ts';
import { list } from '../lists/schemas.ts';
import type { VersionedResource } from '../resource/response.ts';
import { task } from '../tasks/schemas.ts';
import { type TaskRow, toTask } from '../tasks/sql/row.ts';

export interface SyncedResource {
  /** The value of `type`, the name of the field with the resource, and `resource` in `todo.deleted`. */
  readonly type: string;
  readonly schema: ZodType;
  /** @param row its columns, and others */
  toResource(row: object): VersionedResource;
}

export const syncedResources: readonly SyncedResource[] = [
  {
    type: 'task',
    schema: task,
    toResource: (row) => toTask(row as TaskRow),
  },
  {
    type: 'list',
    schema: list,
    toResource: (row) => toList(row as ListRow),
  },
];
