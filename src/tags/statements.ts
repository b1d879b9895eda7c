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

/** Renaming takes PostgreSQL about 0.1 ms per task, so it would exceed the default `DATABASE_TIMEOUT_MS` for more tasks. */
export const maxRenamedTasks = 40_000;

const rename: Statement = {
  name: 'tags_rename',
  text: `
    select case
      when tag.id is null then todo.stop_write('tag_not_found')::text
      when tag.name <> $3 and (
        select count(*) from (
          select from todo.task_tags as assigned
          where assigned.owner_id = $1 and assigned.tag_id = tag.id limit ${maxRenamedTasks} + 1
        ) as counted
      ) > ${maxRenamedTasks} then todo.stop_write('too_many_tasks')::text
      else todo.rename_tag($1, $2, $3, $4)::text
    end
    from (select) as always left join todo.tags as tag on tag.owner_id = $1 and tag.key = $2`,
};

const renamed: OutcomeStatement<[TagRow]> = outcomeStatement('tags_renamed', {
  parameters: 2,
  with: [`tag as (${counted('and tag.key = $2')})`],
  select: 'select name, task_count from tag',
});

export function listTags(ownerId: string): BoundStatement<TagRow[]> {
  return { statement: select, values: [ownerId] };
}

/** Stops with `tag_not_found` if there is no tag with the name, and with `too_many_tasks` beyond `maxRenamedTasks`. */
export function renameTag(ownerId: string, name: string, newName: string): BoundStatement {
  return { statement: rename, values: [ownerId, tagKey(name), newName, tagKey(newName)] };
}

/** The tag with a name that it was renamed to. */
export function renamedTag(ownerId: string, name: string): BoundOutcomeStatement<[TagRow]> {
  return { statement: renamed, values: [ownerId, tagKey(name)] };
}
