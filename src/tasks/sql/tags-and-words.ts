/** The parts of write statements that store a task's tags and words, as common table expressions. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { tagKey } from '../tag-key.ts';

/**
 * The ids of the tags with these names, as the relation `tag`. Missing tags are inserted. Each key counts once. A tag
 * keeps its spelling while a task has it. The trigger `delete_unused_tags` deletes a tag with its last task. The turn of
 * the user's writes keeps another request from assigning the tag at that moment.
 *
 * @param names the parameter with the names
 * @param keys the parameter with their keys (`tag-key.ts`), in the same order
 * @param source a relation of one row, or of no row if no tag must be inserted; if omitted, missing tags are inserted
 */
export function tagsOf(names: string, keys: string, source?: string): string {
  return `
    given as (
      select distinct on (spelled.key) spelled.key, spelled.name
      from (
        select key collate "C" as key, name, position
        from ${source ? `${source}, ` : ''}unnest(${names}::text[], ${keys}::text[]) with ordinality as names (name, key, position)
      ) as spelled
      order by spelled.key, spelled.position
    ), known as (
      select tag.id, tag.key, tag.name from todo.tags as tag join given on tag.key = given.key where tag.owner_id = $1
    ), made as (
      insert into todo.tags (owner_id, name, key)
      select $1, given.name, given.key from given where given.key not in (select key from known) order by given.key
      -- Only a starting server, which derives keys again, can have given a tag this key since the statement began.
      on conflict (owner_id, key) do update set key = excluded.key
      returning id, name
    ), tag as (
      select id, name from known union all select id, name from made
    )`;
}

/** The names of the tags of `tagsOf`, for `tasks.tag_names`. The trigger `require_tag_names` compares them with the task's tags. */
export const assignedNames = '(select array(select tag.name from tag order by tag.name))';

/** Assigns the tags of `tagsOf` to the task `created`. */
export const assignedToCreated = `assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) select $1, created.id, tag.id from created, tag
    )`;

/** Assigns the tags of `tagsOf` to the task `updated`, and removes its other ones. */
export const reassigned = `unassigned as (
      delete from todo.task_tags as assigned using updated
      where assigned.owner_id = $1 and assigned.task_id = updated.id and assigned.tag_id not in (select id from tag)
    ), assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) select $1, updated.id, tag.id from updated, tag
      on conflict do nothing
    )`;

/** Stores the words of the task `created`. The parameters have the words of the title and of the description. */
export function indexedCreated(title: string, description: string): string {
  return `indexed as (
      insert into todo.task_words (owner_id, task_id, word, in_title)
      select $1, created.id, word, true from created, unnest(${title}::text[]) as word
      union all
      select $1, created.id, word, false from created, unnest(${description}::text[]) as word
    )`;
}

/**
 * Replaces the words of the title and of the description of the task `wanted`, each if its parameter is not null. PostgreSQL hashes the new
 * words once. A comparison of each row with an array would take seconds for long texts.
 *
 * The index condition has no `in_title`: PostgreSQL 18 overestimates the cost of that range scan and reads all of the
 * user's words instead.
 */
export function reindexed(title: string, description: string): string {
  return `
    words as materialized (
      select word collate "C" as word, true as in_title from unnest(${title}::text[]) as word
      union all
      select word collate "C", false from unnest(${description}::text[]) as word
    ), left_words as (
      delete from todo.task_words as indexed using wanted
      where indexed.owner_id = $1 and indexed.task_id = wanted.id
        and case when indexed.in_title then ${title}::text[] is not null else ${description}::text[] is not null end
        and (indexed.word, indexed.in_title) not in (select word, in_title from words)
    ), joined_words as (
      insert into todo.task_words (owner_id, task_id, word, in_title)
      select $1, wanted.id, words.word, words.in_title from wanted, words
      on conflict do nothing
    )`;
}

const makeMissing: Statement = {
  name: 'tags_make',
  text: `
    insert into todo.tags (owner_id, name, key)
    select $1, given.name, given.key from unnest($2::text[], $3::text[]) as given (name, key) order by given.key
    on conflict (owner_id, key) do nothing`,
};

/** Precedes a statement that assigns tags with these names to many tasks. None if there are no names. */
export function makeTags(ownerId: string, names: readonly string[]): BoundStatement[] {
  const byKey = new Map<string, string>();
  for (const name of names) {
    const key = tagKey(name);
    if (!byKey.has(key)) byKey.set(key, name);
  }
  return byKey.size === 0
    ? []
    : [{ statement: makeMissing, values: [ownerId, [...byKey.values()], [...byKey.keys()]] }];
}

/** The tag with the key `named.key`. The limit keeps PostgreSQL from reading all tags of the user for each key. */
const tagOfKey = `lateral (
        select tag.id, tag.name from todo.tags as tag where tag.owner_id = $1 and tag.key = named.key collate "C" limit 1
      ) as tag`;

/**
 * The names of the tags with these keys, for `tasks.tag_names`.
 *
 * @param keys SQL of an array
 */
export function namesOfKeys(keys: string): string {
  return `array(select tag.name from unnest(${keys}) as named (key), ${tagOfKey} order by tag.name)`;
}

/**
 * Selects the rows of `task_tags` that assign the tags.
 *
 * @param source a relation with the columns `id` and `keys`
 */
export function assignmentsOf(source: string): string {
  return `
      select $1, given.id, tag.id from ${source} as given, unnest(given.keys) as named (key), ${tagOfKey}`;
}

/**
 * Selects the words of many tasks, as the columns `id`, `word` and `in_title`.
 *
 * @param source a relation with the columns `id`, `title_words` and `description_words`
 */
export function wordsOfMany(source: string): string {
  return `
      select given.id, word collate "C" as word, true as in_title from ${source} as given, unnest(given.title_words) as word
      union all
      select given.id, word collate "C", false from ${source} as given, unnest(given.description_words) as word`;
}
