/** The resources that the trash can hold. */
import type { ZodType } from 'zod';
import { type ListRow, toList } from '../lists/row.ts';
import { list as listSchema } from '../lists/schemas.ts';
import { resource as list } from '../lists/statements.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { task as taskSchema } from '../tasks/schemas.ts';
import { resource as task } from '../tasks/sql/columns.ts';
import { type TaskRow, toTask } from '../tasks/sql/row.ts';
import type { TrashRow } from './statements.ts';

interface TrashedResource {
  readonly schema: ZodType;
  /** The resource as clients receive it, from its stored content. */
  toResource(content: object): object;
}

/** By the names that they have among the deleted resources and in responses. */
export const trashed: Readonly<Record<string, TrashedResource>> = {
  [task]: { schema: taskSchema, toResource: (content) => toTask(content as TaskRow) },
  [list]: { schema: listSchema, toResource: (content) => toList(content as ListRow) },
};

/** A resource in the trash as clients receive it. */
export function toEntry({ resource, version, deleted_at, change_set, text }: TrashRow): object {
  return {
    deleted_at,
    change_set,
    [resource]: trashed[resource]?.toResource({ ...rowOfJson(JSON.parse(text)), version }),
  };
}
