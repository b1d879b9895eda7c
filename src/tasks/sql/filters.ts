/** The conditions of a list: the SQL of each filter. */
import type { Parameter } from '../../database/statement.ts';
import { addDays, localDateTimeAt, startOfDay } from '../due/calendar.ts';
import type { DueFilter, ListFilters } from '../list-parameters.ts';
import { prefixUpperBound, queriedWords } from '../search/words.ts';
import { tagKey } from '../tag-key.ts';
import { noKey, priorities, statuses } from '../values.ts';

/** Adds a parameter to the statement and returns its placeholder. */
type Bind = (value: Parameter) => string;

export interface Condition {
  /** Conditions with the same name have the same SQL. */
  readonly name: string;
  readonly sql: (bind: Bind) => string;
  /** Whether the best plan depends on the values: some words, tags and times have many tasks, and others have few. */
  readonly plansForValues?: true;
  /** Whether it names the lists of the tasks. Some lists have many tasks, and others have few. */
  readonly isOnLists?: true;
}

/** @param now in milliseconds since 1970 */
export function conditionsOf(filters: ListFilters, now: number): Condition[] {
  const { status, priority, tag, list_id, parent_id, q, due, due_from, due_to, time_zone } = filters;
  const conditions: Condition[] = [];
  if (status) conditions.push(anyRank('status', statuses, status));
  if (priority) conditions.push(anyRank('priority', priorities, priority));
  if (tag) conditions.push(anyTag(tag));
  if (list_id) conditions.push(anyList(list_id.map(keyOf)));
  if (parent_id) conditions.push(hasParent(parent_id));
  const words = q === undefined ? null : selectiveWords(q);
  if (words)
    conditions.push({
      name: `q${words.length}`,
      plansForValues: true,
      sql: (bind) => words.map((word) => hasWord(word, bind)).join(' and ') || 'false',
    });
  if (due) conditions.push(dueCondition(due, time_zone, now));
  if (due_from || due_to) conditions.push(dueBetween(due_from, due_to, time_zone));
  for (const column of ['created', 'updated', 'completed'] as const) {
    const from = filters[`${column}_from`];
    const to = filters[`${column}_to`];
    if (from) conditions.push(atOrAfter(column, from));
    if (to)
      conditions.push({
        name: `${column}_to`,
        plansForValues: true,
        sql: (bind) => `tasks.${column}_at < ${bind(to)}::timestamptz`,
      });
  }
  return conditions;
}

function atOrAfter(column: 'created' | 'updated' | 'completed', from: string): Condition {
  return {
    name: `${column}_from`,
    plansForValues: true,
    sql: (bind) => {
      const start = `${bind(from)}::timestamptz`;
      // A completion is a change. No index has the time of completions.
      const isChanged = column === 'completed' ? ` and tasks.updated_at >= ${start}` : '';
      return `tasks.${column}_at >= ${start}${isChanged}`;
    },
  };
}

function anyRank(column: string, values: readonly string[], wanted: readonly string[]): Condition {
  const ranks = wanted.map((value) => values.indexOf(value));
  return { name: column, sql: (bind) => `tasks.${column}_rank = any (${bind(ranks)}::smallint[])` };
}

/** The value of `list_key` for an id or for the inbox. */
function keyOf(id: string): string {
  return id === 'inbox' ? noKey : id;
}

/** A comparison with one value lets the index of positions sort the tasks. */
function anyList(keys: readonly string[]): Condition {
  const [key] = keys;
  if (key !== undefined && keys.length === 1) {
    return { name: 'list', isOnLists: true, sql: (bind) => `tasks.list_key = ${bind(key)}::uuid` };
  }
  return { name: 'lists', isOnLists: true, sql: (bind) => `tasks.list_key = any (${bind(keys)}::uuid[])` };
}

/**
 * With the key, the index of positions sorts the subtasks of a list. With the id, the index of subtasks finds them in any list.
 * PostgreSQL knows how many tasks have no parent, because that key is no parameter.
 */
function hasParent(id: string): Condition {
  if (id === 'none') return { name: 'top', sql: () => `tasks.parent_key = '${noKey}'::uuid` };
  return {
    name: 'parent',
    sql: (bind) => {
      const parent = `${bind(id)}::uuid`;
      return `tasks.parent_key = ${parent} and tasks.parent_id = ${parent}`;
    },
  };
}

function anyTag(names: readonly string[]): Condition {
  return {
    name: 'tag',
    plansForValues: true,
    sql: (bind) => {
      const keys = `${bind(names.map(tagKey))}::text[]`;
      // The first condition does not depend on a task, so it runs once: an unknown tag ends the search immediately.
      return `exists (select from todo.tags as known where known.owner_id = $1 and known.key = any (${keys}))
      and exists (
        select from todo.task_tags as assigned
        join todo.tags as tag on tag.owner_id = assigned.owner_id and tag.id = assigned.tag_id
        where assigned.owner_id = $1 and assigned.task_id = tasks.id and tag.key = any (${keys}))`;
    },
  };
}

/**
 * The words of a query without those that are beginnings of other ones, which add nothing. Longer words come first, because
 * they are rarer on average, and PostgreSQL chooses the order of only the first seven joins (`join_collapse_limit`).
 */
function selectiveWords(query: string): string[] | null {
  const words = queriedWords(query)?.sort((one, other) => other.length - one.length);
  return words?.filter((word, index) => !words.slice(0, index).some((longer) => longer.startsWith(word))) ?? null;
}

function hasWord(word: string, bind: Bind): string {
  return `exists (
        select from todo.task_words as indexed
        where indexed.owner_id = $1 and indexed.task_id = tasks.id
          and indexed.word >= ${bind(word)} and indexed.word < ${bind(prefixUpperBound(word))})`;
}

function dueCondition(due: DueFilter, zone: string, now: number): Condition {
  const today = localDateTimeAt(now, zone).date;
  switch (due) {
    case 'none':
      return { name: 'due_none', sql: () => "tasks.due_order = 'infinity'" };
    case 'any':
      return { name: 'due_any', sql: () => "tasks.due_order < 'infinity'" };
    case 'overdue':
      return overdue(zone, now);
    case 'today':
      return dueBetween(today, today, zone);
    case 'tomorrow':
      return dueBetween(addDays(today, 1), addDays(today, 1), zone);
    case 'week':
      return dueBetween(today, addDays(today, 6), zone);
  }
}

/** A day is past after its end, a local time if the local time of the zone is later, an instant if it is before now. */
function overdue(zone: string, now: number): Condition {
  const { date, time } = localDateTimeAt(now, zone);
  return {
    name: 'overdue',
    plansForValues: true,
    sql: (bind) => `tasks.status_rank < ${statuses.indexOf('Done')}
      and tasks.due_order < ${bind(dueUpperBound(date))}::timestamp
      and case
        when tasks.due_at is not null then tasks.due_at < ${bind(new Date(now).toISOString())}::timestamptz
        when tasks.due_time is not null then tasks.due_date + tasks.due_time < ${bind(`${date} ${time}`)}::timestamp
        else tasks.due_date < ${bind(date)}::date
      end`,
  };
}

const lastDate = '9999-12-31';

/** Due on a day of the range, whose ends are optional: by its own date, or by the date of its instant in the zone. */
function dueBetween(from: string | undefined, to: string | undefined, zone: string): Condition {
  const instant = (date: string) => new Date(startOfDay(date, zone)).toISOString();
  // The day after the last date is not a valid date.
  const end = to === lastDate ? undefined : to;
  return {
    name: `due${from ? '_from' : ''}${end ? '_to' : ''}`,
    plansForValues: true,
    sql: (bind) => {
      const indexed = ["tasks.due_order < 'infinity'"];
      const instants = ['true'];
      // The range of the index is wider. The conditions on dates and instants below it are exact.
      if (from) indexed.push(`tasks.due_order >= ${bind(dueLowerBound(from))}::timestamp`);
      if (end) indexed.push(`tasks.due_order < ${bind(dueUpperBound(end))}::timestamp`);
      const dates = ['true'];
      if (from) {
        dates.push(`tasks.due_date >= ${bind(from)}::date`);
        instants.push(`tasks.due_at >= ${bind(instant(from))}::timestamptz`);
      }
      if (end) {
        dates.push(`tasks.due_date <= ${bind(end)}::date`);
        instants.push(`tasks.due_at < ${bind(instant(addDays(end, 1)))}::timestamptz`);
      }
      return `${indexed.join(' and ')}
      and case when tasks.due_at is null then ${dates.join(' and ')} else ${instants.join(' and ')} end`;
    },
  };
}

/** Zones differ by up to 26 hours, so a date in one zone is at most two days from the date in another. */
function dueLowerBound(date: string): string {
  return addDays(date, -3);
}

function dueUpperBound(date: string): string {
  return date >= '9999-12-29' ? 'infinity' : addDays(date, 3);
}
