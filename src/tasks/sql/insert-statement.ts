/** The statement that creates a task. The trigger `write_task` computes its derived columns, and numbers and records the change. */
import type { Parameter } from '../../database/statement.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import type { TaskReplace } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { columnsOf, columnTypes, indexCostOf, isTask, resource, writableColumns } from './columns.ts';
import { type TaskRow, taskColumns } from './row.ts';
import { assignedNames, assignedToCreated, indexedCreated, tagsOf } from './tags-and-words.ts';

/** The rows of a creation: the new task, the task that has its id, or none if a deleted task has its id. */
export type CreatedRows = [] | [TaskRow & { readonly is_new: boolean }];

/** The columns of an insert, and their parameters after the owner and the id. */
const inserted = {
  columns: writableColumns.join(', '),
  values: writableColumns.map((column, index) => `$${index + 3}::${columnTypes[column]}`).join(', '),
};
const afterInserted = 3 + writableColumns.length;

interface InsertParts {
  readonly isIdGiven: boolean;
  readonly hasTags: boolean;
  readonly recurs: boolean;
}

/**
 * An insert with or without its parts for tags and for a recurrence, because many tasks have none. An id that the server has
 * generated is not in use, so the statement does not look for it.
 */
function insert(name: string, { isIdGiven, hasTags, recurs }: InsertParts): OutcomeStatement<CreatedRows> {
  const [title, description, names, keys] = [0, 1, 2, 3].map((index) => `$${afterInserted + index}`) as string[];
  const afterTexts = afterInserted + (hasTags ? 4 : 2);
  const series = recurs ? insertedSeries(afterTexts) : { columns: '', values: '' };
  return outcomeStatement(name, {
    parameters: afterTexts - 1 + (recurs ? 3 : 0),
    with: [
      ...(isIdGiven
        ? [
            `free as (
      select where not exists (select from todo.tasks as tasks where ${isTask})
        and not exists (select from todo.deleted where owner_id = $1 and resource = '${resource}' and id = $2)
    )`,
          ]
        : []),
      ...(hasTags ? [tagsOf(names as string, keys as string, isIdGiven ? 'free' : undefined)] : []),
      `created as (
      insert into todo.tasks (owner_id, id, ${inserted.columns}${series.columns}${hasTags ? ', tag_names' : ''})
      select $1, $2::uuid, ${inserted.values}${series.values}${hasTags ? `, ${assignedNames}` : ''}${isIdGiven ? ' from free' : ''}
      returning *
    )`,
      ...(hasTags ? [assignedToCreated] : []),
      indexedCreated(title as string, description as string),
    ],
    select: `select ${taskColumns}, true as is_new from created as tasks${
      isIdGiven
        ? `
    union all
    -- The snapshot of this statement has no new task.
    select ${taskColumns}, false from todo.tasks as tasks where ${isTask}`
        : ''
    }`,
  });
}

/** The columns of a recurrence that begins on the due date. The parameters from `first` on have the rule, from and missed. */
function insertedSeries(first: number): { columns: string; values: string } {
  const anchor = `$${3 + writableColumns.indexOf('due_date')}::date`;
  const [rule, from, missed] = [0, 1, 2].map((index) => `$${first + index}`);
  return {
    columns: `, ${seriesColumns.join(', ')}`,
    values: `, ${rule}::text, ${from}::todo.recurrence_from, ${missed}::todo.recurrence_missed, ${anchor}, ${anchor}`,
  };
}

/** The inserts of each combination of parts. */
const inserts = new Map<string, OutcomeStatement<CreatedRows>>();

function insertOf(parts: InsertParts): OutcomeStatement<CreatedRows> {
  const { isIdGiven, hasTags, recurs } = parts;
  const name = `tasks_insert${isIdGiven ? '_id' : ''}${hasTags ? '_tags' : ''}${recurs ? '_recurs' : ''}`;
  const known = inserts.get(name);
  if (known) return known;
  const statement = insert(name, parts);
  inserts.set(name, statement);
  return statement;
}

/**
 * Returns the new task or the one that has its id.
 *
 * @param isIdGiven whether the client has chosen the id; otherwise it is new
 */
export function insertTask(
  ownerId: string,
  id: string,
  task: TaskReplace,
  { isIdGiven }: { isIdGiven: boolean },
): BoundOutcomeStatement<CreatedRows> {
  const columns = columnsOf(task);
  const words = [wordsOf(task.title), task.description === null ? [] : wordsOf(task.description)];
  const values: Parameter[] = [ownerId, id, ...writableColumns.map((column) => columns[column] ?? null), ...words];
  const hasTags = task.tags.length > 0;
  if (hasTags) values.push(task.tags, task.tags.map(tagKey));
  const { recurrence } = task;
  if (recurrence) values.push(recurrence.rule.text, recurrence.from, recurrence.missed);
  const statement = insertOf({ isIdGiven, hasTags, recurs: recurrence !== null });
  return { statement, values, indexCost: indexCostOf(words, task.tags) };
}
