/** Data derived from tasks and tags, and its upgrade after an older server has filled the database. */
import type { DerivedData } from '../database/schema/derived-data.ts';
import { wordsOf, wordsVersion } from './search/words.ts';
import { tagKey } from './tag-key.ts';

type Query = Parameters<DerivedData['deriveNext']>[0];

/** Per step, so that a step needs little memory and holds its locks for a short time. */
const maxTasks = 500;
const maxOwners = 100;

/** Words per statement. */
const maxWords = 20_000;

interface TaskText {
  readonly owner_id: string;
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
}

export const taskWords: DerivedData = {
  name: 'task_words',
  version: wordsVersion,
  tables: ['tasks', 'task_words'],
  async deriveNext(query, after) {
    const tasks = await query<TaskText>(
      `select owner_id, id, title, description from todo.tasks
       where $1::text is null or (owner_id, id) > ($1, $2::uuid)
       order by owner_id, id limit ${maxTasks} for update`,
      after ?? [null, null],
    );
    const last = tasks.at(-1);
    if (!last) return null;
    let group = new WordRows();
    for (const task of tasks) {
      group.add(task);
      if (group.size < maxWords) continue;
      await group.save(query);
      group = new WordRows();
    }
    await group.save(query);
    return { position: [last.owner_id, last.id], rows: tasks.length };
  },
};

/** The words of some tasks, as columns. */
class WordRows {
  readonly #tasks: [ownerIds: string[], ids: string[]] = [[], []];
  readonly #words: [ownerIds: string[], taskIds: string[], words: string[], inTitle: boolean[]] = [[], [], [], []];

  get size(): number {
    return this.#words[0].length;
  }

  add({ owner_id, id, title, description }: TaskText): void {
    this.#tasks[0].push(owner_id);
    this.#tasks[1].push(id);
    for (const [text, inTitle] of [
      [title, true],
      [description ?? '', false],
    ] as const) {
      for (const word of wordsOf(text)) {
        this.#words[0].push(owner_id);
        this.#words[1].push(id);
        this.#words[2].push(word);
        this.#words[3].push(inTitle);
      }
    }
  }

  /** Rows of unchanged words stay, because most words do not change. */
  async save(query: Query): Promise<void> {
    const derived =
      'unnest($1::text[], $2::uuid[], $3::text[], $4::boolean[]) as derived (owner_id, task_id, word, in_title)';
    await query(
      `delete from todo.task_words as indexed
       using unnest($5::text[], $6::uuid[]) as task (owner_id, id)
       where indexed.owner_id = task.owner_id and indexed.task_id = task.id
         and not exists (
           select from ${derived}
           where derived.owner_id = indexed.owner_id and derived.task_id = indexed.task_id
             and derived.word = indexed.word and derived.in_title = indexed.in_title)`,
      [...this.#words, ...this.#tasks],
    );
    await query(
      `insert into todo.task_words (owner_id, task_id, word, in_title) select * from ${derived} on conflict do nothing`,
      this.#words,
    );
  }
}

interface TagRow {
  readonly owner_id: string;
  readonly id: string;
  readonly name: string;
  readonly key: string;
}

export const tagKeys: DerivedData = {
  name: 'tag_keys',
  version: 2,
  tables: ['heads', 'tasks', 'tags', 'task_tags', 'changes', 'deleted'],
  async deriveNext(query, after) {
    const tags = await query<TagRow>(
      `select owner_id, id, name, key from todo.tags
       where owner_id in (
         select distinct owner_id from todo.tags where $1::text is null or owner_id > $1 order by owner_id limit ${maxOwners})
       order by owner_id, id for update`,
      after ?? [null],
    );
    const last = tags.at(-1);
    if (!last) return null;
    const groups = new Map<string, TagRow[]>();
    for (const tag of tags) {
      const place = JSON.stringify([tag.owner_id, tagKey(tag.name)]);
      groups.set(place, [...(groups.get(place) ?? []), tag]);
    }
    for (const same of groups.values()) {
      const kept = same.length === 1 ? same[0] : await mergeTags(query, same);
      if (kept && kept.key !== tagKey(kept.name)) {
        await query('update todo.tags set key = $3 where owner_id = $1 and id = $2', [
          kept.owner_id,
          kept.id,
          tagKey(kept.name),
        ]);
      }
    }
    return { position: [last.owner_id], rows: tags.length };
  },
};

/** All derived data, in the order in which it is updated. */
export const derivedData: readonly DerivedData[] = [taskWords, tagKeys];

/** Merges tags that are now the same into the tag with the oldest task. The tasks of the other tags change. */
async function mergeTags(query: Query, same: readonly TagRow[]): Promise<TagRow | undefined> {
  const ownerId = same[0]?.owner_id;
  const [first] = await query<{ id: string }>(
    `select tag.id
     from todo.tags as tag
     left join todo.task_tags as assigned on assigned.owner_id = tag.owner_id and assigned.tag_id = tag.id
     left join todo.tasks as task on task.owner_id = assigned.owner_id and task.id = assigned.task_id
     where tag.owner_id = $1 and tag.id = any ($2::uuid[])
     group by tag.id order by min(task.created_at) nulls last, tag.id limit 1`,
    [ownerId, same.map(({ id }) => id)],
  );
  const kept = same.find(({ id }) => id === first?.id);
  const others = same.filter((tag) => tag !== kept);
  // The last trigger to run deletes the tags that no task has any more.
  await query(
    `with assigned as (
       insert into todo.task_tags (owner_id, task_id, tag_id)
       select distinct $1, task_id, $3::uuid from todo.task_tags where owner_id = $1 and tag_id = any ($2::uuid[])
       on conflict do nothing
     ), unassigned as (
       delete from todo.task_tags where owner_id = $1 and tag_id = any ($2::uuid[]) returning task_id
     )
     update todo.tasks as task
     set tag_names = array(
       select distinct name collate "und-x-icu" as name from unnest(task.tag_names || $5::text) as name
       where name <> all ($4::text[]) order by name)
     where owner_id = $1 and id in (select task_id from unassigned)`,
    [ownerId, others.map(({ id }) => id), kept?.id, others.map(({ name }) => name), kept?.name],
  );
  return kept;
}
