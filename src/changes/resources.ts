/** The resources that clients synchronize. A new resource adds an entry. */
import type { ZodType } from 'zod';
import { type ListRow, listExpressions, toList } from '../lists/row.ts';
import { list } from '../lists/schemas.ts';
import type { VersionedResource } from '../resource/response.ts';
import { task } from '../tasks/schemas.ts';
import { type TaskRow, taskExpressions, toTask } from '../tasks/sql/row.ts';

export interface SyncedResource {
  /** The value of `type`, the name of the field with the resource, and `resource` in `todo.deleted`. */
  readonly type: string;
  readonly schema: ZodType;
  /** Its table with an alias. The table has `owner_id`, `id`, `version` and `seq`, unique per owner. */
  readonly from: { readonly table: string; readonly alias: string };
  /**
   * The columns of its row: name to the column of the table, as `alias.column`. Columns of the same name have the same type
   * in all resources. `statements.ts` has columns of its own, whose names are not free.
   */
  readonly columns: Readonly<Record<string, string>>;
  /** The size in bytes of its texts, in SQL. */
  readonly textBytes: string;
  /** The names of the columns that a page of long texts is first read without. */
  readonly longTexts: readonly string[];
  /** @param row its columns, and others */
  toResource(row: object): VersionedResource;
}

export const syncedResources: readonly SyncedResource[] = [
  {
    type: 'task',
    schema: task,
    from: { table: 'todo.tasks', alias: 'tasks' },
    columns: taskExpressions,
    textBytes: 'octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0)',
    longTexts: ['description'],
    toResource: (row) => toTask(row as TaskRow),
  },
  {
    type: 'list',
    schema: list,
    from: { table: 'todo.lists', alias: 'lists' },
    columns: listExpressions,
    textBytes: 'octet_length(lists.name)',
    longTexts: [],
    toResource: (row) => toList(row as ListRow),
  },
];
