/** The sections of an export, in the order in which an importer can apply them. */
import type { UserDatabase } from '../../database/user-database.ts';
import type { ChangeRow } from '../../history/statements.ts';
import { type ListRow, listColumns, toList } from '../../lists/row.ts';
import type { Principal } from '../../principal.ts';
import { toTaskChanges } from '../../tasks/history.ts';
import type { SeriesColumns } from '../../tasks/recurrence/columns.ts';
import { resource as task } from '../../tasks/sql/columns.ts';
import { type TaskRow, taskColumns, toTask } from '../../tasks/sql/row.ts';
import { toToken } from '../../tokens/handlers.ts';
import { type TokenRow, tokenColumns } from '../../tokens/statements.ts';
import { toEntry } from '../../trash/resources.ts';
import type { TrashRow } from '../../trash/statements.ts';
import { exportPages, type PageSource } from './pages.ts';

export const sectionTypes = ['list', 'task', 'trash', 'change', 'token'] as const;

/** The value of `type` of a line, and the name of the field with the resource. */
export type SectionType = (typeof sectionTypes)[number];

/** A page of a section. */
export interface SectionPage {
  readonly type: SectionType;
  /** The members of each line. The one with the name of the type has the resource, as clients receive it. */
  readonly lines: readonly object[];
}

/** The levels that subtasks can have, with that of tasks without a parent. */
const levels = 5;

const id = [['id', 'uuid']] as const;
const seq = [['seq', 'bigint']] as const;

const lists: PageSource = {
  name: 'export_lists',
  columns: listColumns,
  from: 'todo.lists as lists',
  where: 'lists.owner_id = $1',
  key: id,
  table: 'lists',
  bytes: 'octet_length(lists.name)',
};

/**
 * The tasks of a level. The limits make PostgreSQL look up the parents of each task by their ids, instead of reading all tasks
 * for each page.
 */
function tasksOf(level: number): PageSource {
  const ancestors = Array.from({ length: level - 1 }, (_, index) => `above_${index + 1}`);
  const lookUps = ancestors.map((name, index) => {
    const child = ancestors[index - 1] ?? 'tasks';
    return `cross join lateral (
          select above.parent_id from todo.tasks as above where above.owner_id = $1 and above.id = ${child}.parent_id limit 1
        ) as ${name}`;
  });
  const top = ancestors.at(-1) ?? 'tasks';
  return {
    name: `export_tasks_${level}`,
    columns: `${taskColumns}, tasks.recurrence_anchor, tasks.recurrence_day`,
    from: ['todo.tasks as tasks', ...lookUps].join('\n        '),
    where: `tasks.owner_id = $1${level > 1 ? ' and tasks.parent_id is not null' : ''} and ${top}.parent_id is null`,
    key: level > 1 ? [['parent_id', 'uuid'], ...id] : id,
    table: 'tasks',
    bytes: 'octet_length(tasks.title) + coalesce(octet_length(tasks.description), 0)',
  };
}

const tasks = Array.from({ length: levels }, (_, index) => tasksOf(index + 1));

const trash: PageSource = {
  name: 'export_trash',
  columns: 'resource, id, seq, version, deleted_at, change_set, content::text as text',
  from: 'todo.deleted as deleted',
  where: 'owner_id = $1 and content is not null',
  key: seq,
  table: 'deleted',
  bytes: 'octet_length(content::text)',
};

const changes: PageSource = {
  name: 'export_changes',
  columns: 'resource, id, seq, kind, version, at, actor, change_set, fields::text as text',
  from: 'todo.changes as changes',
  where: 'owner_id = $1',
  key: seq,
  table: 'changes',
  bytes: 'coalesce(octet_length(fields::text), 0)',
};

const tokens: PageSource = {
  name: 'export_tokens',
  columns: tokenColumns,
  from: 'todo.tokens as tokens',
  where: 'tokens.owner_id = $1',
  key: id,
  table: 'tokens',
  bytes: 'octet_length(tokens.name)',
};

/** All pages of all sections. Each page is one round trip, and so is each section without a page. */
export async function* readSections(
  database: UserDatabase,
  principal: Principal,
): AsyncGenerator<SectionPage, void, void> {
  async function* section<Row extends object>(
    type: SectionType,
    source: PageSource,
    toLine: (row: Row) => object,
  ): AsyncGenerator<SectionPage, boolean, void> {
    let isEmpty = true;
    const pages = exportPages<Row>(source, principal.userId, async (statement) => {
      const [rows] = await database.run(principal, [statement], 'repeat');
      return rows as never;
    });
    for await (const rows of pages) {
      isEmpty = false;
      yield { type, lines: rows.map(toLine) };
    }
    return isEmpty;
  }

  yield* section('list', lists, (row: ListRow) => ({ list: toList(row) }));
  for (const source of tasks) {
    // Without tasks of a level, no task has a deeper one.
    if (yield* section('task', source, (row: TaskRow & SeriesColumns) => ({ task: toTask(row), ...seriesOf(row) })))
      break;
  }
  yield* section('trash', trash, (row: TrashRow) => ({ trash: toEntry(row), ...seriesOf(JSON.parse(row.text)) }));
  yield* section('change', changes, (row: ChangeRow & { readonly resource: string }) => ({ change: toChange(row) }));
  yield* section('token', tokens, (row: TokenRow) => ({ token: toToken(row) }));
}

/** The days that a recurrence counts from, which clients do not see otherwise. An import needs them. */
function seriesOf({ recurrence_rule: rule, recurrence_anchor: anchor, recurrence_day: day }: SeriesColumns): object {
  return rule ? { series: { anchor, day } } : {};
}

function toChange(row: ChangeRow & { readonly resource: string }): object {
  const { resource, id, version, at, kind, actor, change_set, text } = row;
  const columns = text === null ? null : JSON.parse(text);
  const changes = resource === task ? toTaskChanges(columns) : toPairs(columns);
  return { resource, id, version, at, kind, actor, change_set, changes };
}

/** The changed columns of a list, which are its fields. */
function toPairs(columns: Readonly<Record<string, readonly [unknown, unknown]>> | null): object {
  return Object.fromEntries(Object.entries(columns ?? {}).map(([name, [from, to]]) => [name, { from, to }]));
}
