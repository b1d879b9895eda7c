/** What the operations on tasks do: one exchange with the database each, and the answer made of its rows. */
import { isDeepStrictEqual } from 'node:util';
import { uuidv7 } from 'uuidv7';
import type { Principal } from '../auth/principal.ts';
import type { BoundStatement } from '../database/statement.ts';
import type { UserDatabase } from '../database/user-database.ts';
import { allowedVersions, entityTag, isCurrent } from '../http/etag.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { EntityTags } from '../http/parameters.ts';
import { ProblemError } from '../problems/problem.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { type ListQuery, listTasks } from './list.ts';
import { refusedDue } from './refused-due.ts';
import {
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
} from './routes.ts';
import { type TaskRow, toTask } from './row.ts';
import type { Task, TaskPatch, TaskReplace } from './schemas.ts';
import { deleteTask, insertTask, lockTask, selectTask, updateTask } from './statements.ts';

export function taskOperations(database: UserDatabase): Operation[] {
  return [
    operation(listTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const { limit, cursor, skip, sort, ...filters } = query;
      const after = cursor === undefined ? null : readCursor(principal.userId, { filters, sort }, cursor);
      // One more than asked for shows whether there is a next page.
      const list: ListQuery = { filters, sort, after, skip, limit: limit + 1 };
      const [rows] = await run<[TaskRow & { position: string }]>(principal, [
        listTasks(principal.userId, list, Date.now()),
      ]);
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      const next = last && writeCursor(principal.userId, list, [last.position, last.id]);
      return context.json(page.map(toTask), 200, { Link: links(context.req.url, next) });
    }),

    operation(createTaskRoute, async ({ body: { id = uuidv7(), ...task } }, context) => {
      const principal = context.get('principal');
      const [[created], [stored]] = await run<[{ id: string }, TaskRow]>(principal, [
        insertTask(principal.userId, id, task),
        selectTask(principal.userId, id),
      ]);
      if (stored && created) return taskResponse(stored, 201, { Location: `/api/v1/tasks/${id}` });
      if (stored && isAsWanted(toTask(stored), task)) return taskResponse(stored, 200);
      throw new ProblemError('id_taken');
    }),

    operation(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = await run<[TaskRow]>(principal, [selectTask(principal.userId, path.id)]);
      if (!row) throw new ProblemError('task_not_found');
      if (isCurrent(headers['if-none-match'], row.version)) {
        return new Response(null, { status: 304, headers: { ETag: entityTag(row.version) } });
      }
      return taskResponse(row, 200);
    }),

    operation(replaceTaskRoute, ({ path, headers, body }, context) =>
      change(context.get('principal'), path.id, body, headers['if-match']),
    ),

    operation(patchTaskRoute, ({ path, headers, body }, context) =>
      change(context.get('principal'), path.id, body, headers['if-match']),
    ),

    operation(deleteTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const versions = allowedVersions(headers['if-match']);
      const [[locked]] = await run<[{ version: number }, never]>(principal, [
        lockTask(principal.userId, path.id),
        deleteTask(principal.userId, path.id, versions),
      ]);
      requireAllowed(locked, versions);
      return new Response(null, { status: 204 });
    }),
  ];

  async function change(principal: Principal, id: string, patch: TaskPatch, tags: EntityTags | undefined) {
    const versions = allowedVersions(tags);
    const [[locked], , [row]] = await run<[{ version: number }, never, TaskRow]>(principal, [
      lockTask(principal.userId, id),
      updateTask(principal.userId, id, patch, versions),
      selectTask(principal.userId, id),
    ]);
    requireAllowed(locked, versions);
    if (!row) throw new ProblemError('task_not_found');
    return taskResponse(row, 200);
  }

  /** The rows of each statement, typed by the caller, who knows what it selects. */
  async function run<Rows extends unknown[]>(principal: Principal, statements: readonly BoundStatement[]) {
    try {
      return (await database.run(principal, statements)) as unknown as { [Index in keyof Rows]: Rows[Index][] };
    } catch (error) {
      throw refusedDue(error) ?? error;
    }
  }
}

/** Answers 404 for a write that found no task, and 412 for one that found none of the versions it was for. */
function requireAllowed(locked: { version: number } | undefined, versions: readonly number[] | null): void {
  if (!locked) throw new ProblemError('task_not_found');
  if (versions && !versions.includes(locked.version)) throw new ProblemError('version_mismatch');
}

/** Whether a stored task is what a request to create it would have made. */
function isAsWanted(stored: Task, { tags, ...fields }: TaskReplace): boolean {
  const keys = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
  return (
    Object.entries(fields).every(([name, value]) => isDeepStrictEqual(stored[name as keyof Task], value)) &&
    isDeepStrictEqual(keys(stored.tags), keys(tags))
  );
}

function taskResponse(row: TaskRow, status: 200 | 201, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(toTask(row)), {
    status,
    headers: { ...headers, 'Content-Type': 'application/json', ETag: entityTag(row.version) },
  });
}

/** The `Link` header (RFC 8288) of a page, with paths of this server. */
function links(url: string, next: string | undefined): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.delete('cursor');
  searchParams.delete('skip');
  const link = (relation: string) =>
    `<${pathname}${searchParams.size > 0 ? `?${searchParams}` : ''}>; rel="${relation}"`;
  const first = link('first');
  if (next === undefined) return first;
  searchParams.set('cursor', next);
  return `${link('next')}, ${first}`;
}
