/**
 * The statement that updates a task. The trigger `write_task` computes its derived columns, numbers and records the change,
 * and keeps an update without a change from doing anything.
 */
import type { Parameter } from '../../database/statement.ts';
import { type AllowedVersions, isAllowed } from '../../resource/preconditions.ts';
import { type BoundOutcomeStatement, type OutcomeStatement, outcomeStatement } from '../../resource/write-statement.ts';
import { seriesColumns } from '../recurrence/columns.ts';
import type { TaskPatch } from '../schemas.ts';
import { wordsOf } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { type ChangedRows, type ColumnValues, columnsOf, indexCostOf, isTask, writableColumns } from './columns.ts';
import { taskColumns } from './row.ts';
import { assignedNames, reassigned, reindexed, tagsOf } from './tags-and-words.ts';

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
  return updateColumns(ownerId, id, values, versions, needsDueDate);
}

/**
 * As `updateTask`, for values of columns.
 *
 * @param needsDueDate whether the update fails unless the task has a due date
 */
export function updateColumns(
  ownerId: string,
  id: string,
  { tags, ...values }: ColumnValues,
  versions: AllowedVersions,
  needsDueDate = false,
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
