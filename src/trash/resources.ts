/** The resources that the trash can hold. */
import { type ListRow, toList } from '../lists/row.ts';
import { resource as list } from '../lists/statements.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { type TaskRow, toTask } from '../tasks/sql/row.ts';
import { resource as task } from '../tasks/sql/write-statements.ts';
import type { TrashRow } from './statements.ts';

/** The resource of each kind as clients receive it, from its stored content. The key is also its name in a response. */
const toResource: Readonly<Record<string, (content: object) => object>> = {
  [task]: (content) => toTask(content as TaskRow),
  [list]: (content) => toList(content as ListRow),
};

/** A resource in the trash as clients receive it. */
export function toEntry({ resource, version, deleted_at, change_set, text }: TrashRow): object {
  return { deleted_at, change_set, [resource]: toResource[resource]?.({ ...rowOfJson(JSON.parse(text)), version }) };
}
