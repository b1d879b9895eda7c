/** The statements of tags. Writes of tasks create and delete them. */
import type { BoundStatement, Statement } from '../database/statement.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../resource/write-statement.ts';
import { tagKey } from '../tasks/tag-key.ts';

/** A tag, and the number of tasks that have it. */
export interface TagRow {
  readonly name: string;
  readonly task_count: number;
}

const counted = (condition: string) => `
    select tag.name, count(*) as task_count
    from todo.tags as tag
    join todo.task_tags as assigned on assigned.owner_id = tag.owner_id and assigned.tag_id = tag.id
    where tag.owner_id = $1 and assigned.owner_id = $1 ${condition}
    group by tag.id, tag.name`;

const select: Statement<TagRow[]> = { name: 'tags_list', text: `${counted('')} order by tag.name` };

const rename: Statement = {
  name: 'tags_rename',
  text: `
    select case
      when exists (select from todo.tags as tag where tag.owner_id = $1 and tag.key = $2)
      then todo.rename_tag($1, $2, $3, $4)::text
      else todo.stop_write('tag_not_found')::text
    end`,
};

const renamed: OutcomeStatement<[TagRow]> = outcomeStatement('tags_renamed', {
  parameters: 2,
  with: [`tag as (${counted('and tag.key = $2')})`],
  select: 'select name, task_count from tag',
});

export function listTags(ownerId: string): BoundStatement<TagRow[]> {
  return { statement: select, values: [ownerId] };
}

/** Stops with `tag_not_found` if there is no tag with the name. */
export function renameTag(ownerId: string, name: string, newName: string): BoundStatement {
  return { statement: rename, values: [ownerId, tagKey(name), newName, tagKey(newName)] };
}

/** The tag with a name that it was renamed to. */
export function renamedTag(ownerId: string, name: string): BoundOutcomeStatement<[TagRow]> {
  return { statement: renamed, values: [ownerId, tagKey(name)] };
}
