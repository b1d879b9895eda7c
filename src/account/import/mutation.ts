/** The mutation of an import: the lines of a request, all or none of them, in one transaction and one round trip. */
import type { BoundStatement } from '../../database/statement.ts';
import { importedListColumns, importList } from '../../lists/import-statement.ts';
import type { ListImport } from '../../lists/schemas.ts';
import type { FieldError } from '../../problems/problem.ts';
import { quotaProblem } from '../../quotas/quotas.ts';
import type { ChangeSet } from '../../resource/change.ts';
import type { ImportedRow } from '../../resource/import.ts';
import { defineMutation, type Mutation } from '../../resource/mutation.ts';
import { rejectionProblem } from '../../tasks/mutations.ts';
import { importedColumns, importTask, withReservedNumbers } from '../../tasks/sql/import-statement.ts';
import { tagKey } from '../../tasks/tag-key.ts';
import { beginEntries, forgetOldEntries, type ImportedEntry, importEntry } from '../../trash/import-statement.ts';
import { errorAt, invalidLines, type ParsedLines, type Placed } from './lines.ts';
import type { deletedChoices, ImportProblem, ImportResult, ListLine, TaskLine, TrashLine } from './schemas.ts';
import { type ComparedLine, importResults } from './statements.ts';

/** A line with the statement that imports it. */
interface Step {
  readonly at: Placed<unknown>;
  readonly statement: BoundStatement;
  readonly compared: ComparedLine;
  /** The member of the line with the fields, as a pointer. */
  readonly member: string;
  /** The fields that place a task; none for the others. */
  readonly place: Parameters<typeof rejectionProblem>[2];
}

/**
 * Lists come before tasks, tasks before their subtasks, and the trash last, whatever the order of the lines is. Each line has a
 * statement of its own, so that the error of a statement names the line.
 */
export function importMutation(
  changeSet: ChangeSet,
  lines: ParsedLines,
  deleted: (typeof deletedChoices)[number],
): Mutation<ImportResult> {
  const { ownerId } = changeSet;
  const restores = deleted === 'restore';
  const lists = lines.lists.map((at) => listStep(ownerId, at, restores));
  const tasks = parentsFirst(lines.tasks).map((at) => taskStep(ownerId, at, restores));
  const entries = lines.trash.map((at) => entryStep(ownerId, at));
  const steps = [...lists, ...tasks, ...entries];
  const ids = tasks.map(({ compared }) => compared.id);
  const reserved = withReservedNumbers(changeSet, ids, restores);
  const statements = [
    ...lists.map(({ statement }) => statement),
    ...reserved.before,
    ...tasks.map(({ statement }) => statement),
    ...reserved.after,
    ...(entries.length > 0 ? [beginEntries(ownerId)] : []),
    ...entries.map(({ statement }) => statement),
    ...(entries.length > 0 ? [forgetOldEntries(ownerId)] : []),
  ];
  /** The step of a statement; undefined for the statements of no line. */
  const stepOf = (index: number) => steps.find(({ statement }) => statement === statements[index]);
  return defineMutation({
    changeSet,
    statements,
    outcome: importResults(
      ownerId,
      steps.map(({ compared }) => compared),
      changeSet.id,
    ),
    toResult: (rows) => resultOf(steps, rows, lines.ignored),
    onStopped(error) {
      const step = stepOf(error.statement);
      if (!step) return undefined;
      return atLine(step, [{ in: 'body', pointer: '/due', message: 'must be an instant before the year 10000' }]);
    },
    onConstraintViolation(error, quotas) {
      const step = stepOf(error.statement);
      const problem = rejectionProblem(error, quotas, step?.place ?? {}) ?? quotaProblem(error.constraint, quotas);
      return step && problem?.errors ? atLine(step, problem.errors) : problem;
    },
  });
}

function listStep(ownerId: string, at: Placed<ListLine>, restores: boolean): Step {
  const { list } = at.line;
  return {
    at,
    statement: importList(ownerId, list, restores),
    compared: { type: 'list', resource: 'list', id: list.id, columns: importedListColumns(list) },
    member: '/list',
    place: {},
  };
}

function taskStep(ownerId: string, at: Placed<TaskLine>, restores: boolean): Step {
  const { task, series } = at.line;
  return {
    at,
    statement: importTask(ownerId, task, series, restores),
    compared: {
      type: 'task',
      resource: 'task',
      id: task.id,
      columns: importedColumns(task, series),
      keys: task.tags.map(tagKey),
    },
    member: '/task',
    place: task,
  };
}

/** A position for a list or task in the trash without one. */
const anyPosition = 'a0';

function entryStep(ownerId: string, at: Placed<TrashLine>): Step {
  const { trash, series } = at.line;
  const { deleted_at: deletedAt, change_set: changeSet, task, list } = trash;
  const resource = task ? 'task' : 'list';
  const content = task ? importedColumns(task, series) : importedListColumns(list as ListImport);
  const { id, version } = (task ?? list) as { readonly id: string; readonly version: number };
  const columns = { ...content, position: (task ?? list)?.position ?? anyPosition };
  const entry: ImportedEntry = { resource, id, version, deletedAt, changeSet, columns };
  return {
    at,
    statement: importEntry(ownerId, entry),
    compared: { type: 'trash', resource, id },
    member: `/trash/${resource}`,
    place: {},
  };
}

/** The tasks in their order, each after its parent. A cycle stays as it is, and the database rejects it. */
function parentsFirst(tasks: readonly Placed<TaskLine>[]): Placed<TaskLine>[] {
  const byId = new Map(tasks.map((each) => [each.line.task.id, each]));
  const sorted = new Set<Placed<TaskLine>>();
  const visited = new Set<Placed<TaskLine>>();
  for (const task of tasks) {
    const chain: Placed<TaskLine>[] = [];
    for (let next: Placed<TaskLine> | undefined = task; next && !visited.has(next); ) {
      visited.add(next);
      chain.push(next);
      next = byId.get(next.line.task.parent_id ?? '');
    }
    for (const each of chain.toReversed()) sorted.add(each);
  }
  return [...sorted];
}

function atLine({ at, member }: Step, errors: readonly FieldError[]) {
  return invalidLines(errors.map((error) => errorAt(at, { ...error, pointer: `${member}${error.pointer}` })));
}

function resultOf(steps: readonly Step[], rows: readonly ImportedRow[], ignored: number): ImportResult {
  const seen = new Set<string>();
  const problems: ImportProblem[] = [];
  let created = 0;
  for (const [index, { at, compared }] of steps.entries()) {
    const { type, resource, id } = compared;
    const row = rows[index] as ImportedRow;
    const name = `${type} ${resource} ${id}`;
    // A file can have a resource twice, if it moved during the export.
    const isFirst = !seen.has(name);
    seen.add(name);
    if (row.is_new && isFirst) {
      created += 1;
      continue;
    }
    const found = type === 'trash' ? problemOfEntry(row) : problemOf(row);
    if (found) problems.push({ line: at.number, type, id, ...found });
  }
  problems.sort((one, other) => one.line - other.line);
  const skipped = problems.length;
  return { created, unchanged: steps.length - created - skipped, skipped, ignored, problems };
}

type Found = Pick<ImportProblem, 'code' | 'message'> | undefined;

function problemOf({ is_deleted, different }: ImportedRow): Found {
  if (is_deleted) return { code: 'deleted', message: 'was deleted; import it with deleted=restore to create it again' };
  if (different.length === 0) return undefined;
  return { code: 'differs', message: `exists with another ${different.join(', ')}, and stays as it is` };
}

function problemOfEntry({ is_deleted }: ImportedRow): Found {
  return is_deleted ? undefined : { code: 'differs', message: 'is not in the trash, and stays as it is' };
}
