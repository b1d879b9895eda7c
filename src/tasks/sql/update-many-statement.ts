/** The statements that give many tasks other values, each its own. */
import type { BoundStatement, Statement } from '../../database/statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type ColumnValues, writableColumns } from './columns.ts';
import { assignmentsOf, makeTags, namesOfKeys, wordsOfMany } from './tags-and-words.ts';

/** A task, and the new values of some of its columns. */
export interface TaskUpdate {
  readonly id: string;
  readonly values: ColumnValues;
}

const columns = [...writableColumns, 'completed_at', ...seriesColumns, 'series_id'];

/** What the task gets, which the parameter has by the ids. A join could compare each task with each of them. */
const given = (id: string) => `($3::jsonb -> ${id}::text)`;

/** Tags and words are parts of the statement only if a task gets some, because the triggers of tags cost a query per task. */
function update({ hasTags, hasWords }: { hasTags: boolean; hasWords: boolean }): Statement {
  const tags = `unassigned as (
      delete from todo.task_tags as assigned
      where assigned.owner_id = $1 and assigned.task_id = any ($2::uuid[]) and ${given('assigned.task_id')} ? 'keys'
        and not ${given('assigned.task_id')} -> 'keys' ? (
          select tag.key from todo.tags as tag where tag.owner_id = $1 and tag.id = assigned.tag_id
        )
    ), assigned as (
      insert into todo.task_tags (owner_id, task_id, tag_id) ${assignmentsOf('given')}
      on conflict do nothing
    )`;
  const words = `words as materialized (${wordsOfMany('given')}
    ), left_words as (
      delete from todo.task_words as indexed
      where indexed.owner_id = $1 and indexed.task_id = any ($2::uuid[])
        and ${given('indexed.task_id')} ? case when indexed.in_title then 'title_words' else 'description_words' end
        and (indexed.task_id, indexed.word, indexed.in_title) not in (select id, word, in_title from words)
    ), joined_words as (
      insert into todo.task_words (owner_id, task_id, word, in_title) select $1, id, word, in_title from words
      on conflict do nothing
    )`;
  const names = `, tag_names = case
          when ${given('tasks.id')} ? 'keys'
          then ${namesOfKeys(`array(select jsonb_array_elements_text(${given('tasks.id')} -> 'keys'))`)}
          else tasks.tag_names
        end`;
  const relations = [...(hasTags ? [tags] : []), ...(hasWords ? [words] : [])];
  return {
    name: `tasks_update_many${hasTags ? ' tags' : ''}${hasWords ? ' words' : ''}`,
    text: `${
      relations.length > 0
        ? `
    with given as materialized (
      select key::uuid as id, given.*
      from jsonb_each($3::jsonb), jsonb_to_record(value) as given (keys text[], title_words text[], description_words text[])
    ), ${relations.join(', ')}`
        : ''
    }
    update todo.tasks as tasks
    set (${columns.join(', ')}) = (
          select ${columns.map((column) => `changed.${column}`).join(', ')}
          from jsonb_populate_record(tasks, ${given('tasks.id')} -> 'changed') as changed
        )${hasTags ? names : ''}
    where tasks.owner_id = $1 and tasks.id = any ($2::uuid[])`,
  };
}

/** Each combination of parts. */
const statements = [false, true].map((hasTags) => [false, true].map((hasWords) => update({ hasTags, hasWords })));

/** None if there are no tasks. */
export function updateMany(ownerId: string, updates: readonly TaskUpdate[]): BoundStatement[] {
  if (updates.length === 0) return [];
  const hasTags = updates.some(({ values }) => values.tags !== undefined);
  const hasWords = updates.some(({ values }) => values.title !== undefined || values.description !== undefined);
  const statement = statements[Number(hasTags)]?.[Number(hasWords)] as Statement;
  const made = makeTags(
    ownerId,
    updates.flatMap(({ values }) => values.tags ?? []),
  );
  const byId = Object.fromEntries(updates.map((each) => [each.id, givenOf(each)]));
  return [...made, { statement, values: [ownerId, updates.map(({ id }) => id), JSON.stringify(byId)] }];
}

/** What stays is absent. */
function givenOf({ values: { tags, ...changed } }: TaskUpdate): object {
  const { title, description } = changed;
  return {
    changed,
    keys: tags?.map(tagKey),
    title_words: title == null ? undefined : wordsOf(title),
    description_words: description === undefined ? undefined : wordsOf(description ?? ''),
  };
}
