/**
 * The statements that mutations of tasks consist of. The triggers `write_task` and `delete_task` compute derived columns,
 * number and record the changes, and keep an update without a change from doing anything. Each statement names the owner,
 * although the policy alone would suffice.
 */
import type { BoundStatement, Parameter, Statement } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { type DueColumns, dueColumns } from '../due/due.ts';
import { recurrenceColumns, type SeriesColumns, seriesColumns } from '../recurrence/columns.ts';
import type { TaskPatch, TaskReplace } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type TaskRow, taskColumns } from './row.ts';
import { assignedNames, assignedToCreated, indexedCreated, reassigned, reindexed, tagsOf } from './tags-and-words.ts';

export type WritableColumn = Exclude<keyof TaskReplace, 'tags' | 'due' | 'recurrence'> | keyof DueColumns;

/**
 * The columns that a user may write, with their types. Tags have a table of their own. Most tasks do not recur, so a
 * recurrence has columns of its own (`seriesColumns`).
 */
const columnTypes = {
  title: 'text',
  description: 'text',
  status: 'todo.task_status',
  priority: 'todo.task_priority',
  list_id: 'uuid',
  parent_id: 'uuid',
  position: 'text',
  due_date: 'date',
  due_time: 'time',
  due_time_zone: 'text',
} satisfies Record<WritableColumn, string>;

export const writableColumns = Object.keys(columnTypes) as WritableColumn[];

/** The name of the resource in the history and among the deleted resources. */
export const resource = 'task';

/** The rows of a creation: the new task, the task that has its id, or none if a deleted task has its id. */
export type CreatedRows = [] | [TaskRow & { readonly is_new: boolean }];

/** Whether the write may change the version of the task. In the row, because a replay can have another `If-Match`. */
interface Allowed {
  readonly is_allowed: boolean;
}

/** The rows of an update: the task after it; none if there is no task. */
export type ChangedRows = [] | [TaskRow & Allowed];

/** The rows of a deletion: the version before it; none if there was no task. */
export type DeletedRows = [] | [{ readonly version: number } & Allowed];

/** SQL: whether a row of `todo.tasks as tasks` is the task `$2`. */
export const isTask = 'tasks.owner_id = $1 and tasks.id = $2';

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

const select: Statement<[] | [TaskRow]> = {
  name: 'tasks_select',
  text: `select ${taskColumns} from todo.tasks as tasks where ${isTask}`,
};

/** The parts of an update. Its parameters are the owner, the id, the allowed versions, and the values in this order. */
interface UpdateParts {
  readonly columns: readonly string[];
  readonly needsDueDate: boolean;
  readonly hasTags: boolean;
  readonly hasWords: boolean;
}

function update(
  name: string,
  { columns, needsDueDate, hasTags, hasWords }: UpdateParts,
): OutcomeStatement<ChangedRows> {
  let parameters = 3;
  const parameter = () => {
    parameters += 1;
    return `$${parameters}`;
  };
  const assignments = columns.map((column) => [column, parameter()] as const);
  const values = new Map<string, string>(assignments);
  // A patch of `due` without a date needs a task that has a due date. Otherwise the result would have no date (RFC 7396).
  // In this case a time is set, which the check `tasks_due_kind` rejects without a date.
  if (needsDueDate) {
    const time = values.has('due_time') ? `${values.get('due_time')}::time` : 'tasks.due_time';
    values.set('due_time', `case when tasks.due_date is null then '00:00' else ${time} end`);
  }
  const place = positionIn(values);
  if (place) values.set('position', place);
  // An empty patch of `recurrence` needs a task that has one. Otherwise the result would have no rule, which the check
  // `tasks_recurrence_rule` rejects.
  if (columns.filter((column) => column.startsWith('recurrence_')).join() === 'recurrence_anchor,recurrence_day') {
    values.set('recurrence_missed', "coalesce(tasks.recurrence_missed, 'Skip')");
  }
  const tags = hasTags ? tagsOf(parameter(), parameter(), 'wanted') : null;
  if (tags) values.set('tag_names', assignedNames);
  const words = hasWords ? reindexed(parameter(), parameter()) : null;
  const allowed = isAllowed('tasks.version', '$3');
  return outcomeStatement(name, {
    parameters,
    with: [
      // Tags and words depend on this relation, which has no row if the version is not allowed.
      ...(tags || words ? [`wanted as (select id from todo.tasks as tasks where ${isTask} and ${allowed})`] : []),
      ...(tags ? [tags] : []),
      `updated as (
      update todo.tasks as tasks
      set ${[...values].map(([column, value]) => `${column} = ${value}`).join(', ')}
      where ${isTask} and ${allowed}
      returning *
    )`,
      ...(tags ? [reassigned] : []),
      ...(words ? [words] : []),
    ],
    select: `
    select ${taskColumns}, true as is_allowed from updated as tasks
    union all
    select ${taskColumns}, ${allowed} from todo.tasks as tasks where ${isTask} and not exists (select from updated)`,
  });
}

/**
 * The position of a task that the update moves to other siblings without a position: null, which the trigger replaces with
 * the end. Undefined if the update does not set it.
 */
function positionIn(values: ReadonlyMap<string, string>): string | undefined {
  const isOther = ['list_id', 'parent_id'].flatMap((column) => {
    const value = values.get(column);
    return value ? `tasks.${column} is distinct from ${value}::uuid` : [];
  });
  if (isOther.length === 0 || values.has('position')) return undefined;
  return `case when ${isOther.join(' or ')} then null else tasks.position end`;
}

/** Read instead of updated if no column is given. */
const unchanged: OutcomeStatement<ChangedRows> = outcomeStatement('tasks_update', {
  parameters: 3,
  with: ['unchanged as (select)'],
  select: `select ${taskColumns}, ${isAllowed('tasks.version', '$3')} as is_allowed from todo.tasks as tasks where ${isTask}`,
});

/** The updates of each combination of columns. */
const updates = new Map<string, OutcomeStatement<ChangedRows>>();

function updateOf(parts: UpdateParts): OutcomeStatement<ChangedRows> {
  const { columns, needsDueDate, hasTags, hasWords } = parts;
  if (columns.length === 0 && !needsDueDate && !hasTags) return unchanged;
  const name = `tasks_update ${namesOf(columns)}${needsDueDate ? ' dated' : ''}${hasTags ? ' tags' : ''}${hasWords ? ' words' : ''}`;
  const known = updates.get(name);
  if (known) return known;
  const statement = update(name, parts);
  updates.set(name, statement);
  return statement;
}

/** The name of a prepared statement has at most 63 bytes, which is too few for the columns of a replacement or of a series. */
function namesOf(columns: readonly string[]): string {
  const absent = writableColumns.filter((column) => !columns.includes(column));
  const rest = columns.filter((column) => !writableColumns.some((each) => each === column));
  const names = absent.length < 2 ? ['all', ...absent.map((column) => `but ${column}`), ...rest] : columns;
  return names.join(' ').replace(seriesColumns.join(' '), 'recurs');
}

const remove: OutcomeStatement<DeletedRows> = outcomeStatement('tasks_delete', {
  parameters: 3,
  with: [
    `removed as (
      delete from todo.tasks as tasks where ${isTask} and ${isAllowed('tasks.version', '$3')} returning version
    )`,
  ],
  select: `
    select version, true as is_allowed from removed
    union all
    select tasks.version, false from todo.tasks as tasks where ${isTask} and not exists (select from removed)`,
});

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

export function selectTask(ownerId: string, id: string): BoundStatement<[] | [TaskRow]> {
  return { statement: select, values: [ownerId, id] };
}

/** Values of columns and names of tags. */
export type ColumnValues = {
  readonly [column in WritableColumn | 'completed_at' | keyof SeriesColumns | 'series_id']?: string | null | undefined;
} & { readonly tags?: readonly string[] };

/**
 * Changes nothing unless the version is allowed.
 *
 * @param anchor the due day at which the patch sets a complete recurrence
 */
export function updateTask(
  ownerId: string,
  id: string,
  patch: TaskPatch,
  versions: AllowedVersions,
  anchor?: string,
): BoundOutcomeStatement<ChangedRows> {
  const needsDueDate = patch.due != null && patch.due.date === undefined;
  const values = { ...columnsOf(patch, anchor), ...(patch.tags && { tags: patch.tags }) };
  return boundUpdate(ownerId, id, values, versions, needsDueDate);
}

/** As `updateTask`, for values that a task had before. */
export function updateColumns(
  ownerId: string,
  id: string,
  values: ColumnValues,
  versions: AllowedVersions,
): BoundOutcomeStatement<ChangedRows> {
  return boundUpdate(ownerId, id, values, versions, false);
}

function boundUpdate(
  ownerId: string,
  id: string,
  { tags, ...values }: ColumnValues,
  versions: AllowedVersions,
  needsDueDate: boolean,
): BoundOutcomeStatement<ChangedRows> {
  const { title, description } = values;
  const hasWords = title != null || description !== undefined;
  const changeable = [...writableColumns, 'completed_at', ...seriesColumns, 'series_id'] as const;
  const columns = changeable.filter((column) => values[column] !== undefined);
  const statement = updateOf({ columns, needsDueDate, hasTags: tags !== undefined, hasWords });
  const words = hasWords ? [title == null ? null : wordsOf(title), newWordsOf(description)] : [];
  const parameters: Parameter[] = [ownerId, id, versions, ...columns.map((column) => values[column] ?? null)];
  if (tags) parameters.push(tags, tags.map(tagKey));
  parameters.push(...words);
  return { statement, values: parameters, indexCost: indexCostOf(words, tags) };
}

/** The words of a new description; null if the description stays. */
function newWordsOf(description: string | null | undefined): readonly string[] | null {
  return description === undefined ? null : wordsOf(description ?? '');
}

/** A tag is looked up or made, and its row has two foreign keys. PostgreSQL takes about 9 µs for a word and 30 µs for a tag. */
export function indexCostOf(words: readonly (readonly string[] | null)[], tags: readonly string[] = []): number {
  return words.reduce((sum, each) => sum + (each?.length ?? 0), 4 * tags.length);
}

/** Deletes nothing unless the version is allowed. */
export function deleteTask(ownerId: string, id: string, versions: AllowedVersions): BoundOutcomeStatement<DeletedRows> {
  return { statement: remove, values: [ownerId, id, versions] };
}

/** The columns that a task or a patch sets. Absent columns stay as they are. */
export function columnsOf({ tags: _, due, recurrence, ...fields }: TaskPatch, anchor?: string): ColumnValues {
  return { ...fields, ...dueColumns(due), ...recurrenceColumns(recurrence, anchor) };
}
