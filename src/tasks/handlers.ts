/** What the operations on tasks do: one exchange with the database each, and the answer made of its rows. */
import { uuidv7 } from 'uuidv7';
import type { Principal } from '../auth/principal.ts';
import type { BoundStatement } from '../database/statement.ts';
import type { UserDatabase } from '../database/user-database.ts';
import { allowedVersions, entityTag, isCurrent } from '../http/etag.ts';
import { type Operation, operation } from '../http/operation.ts';
import type { EntityTags } from '../http/parameters.ts';
import { ProblemError } from '../problems/problem.ts';
import { readCursor, writeCursor } from './cursor.ts';
import {
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
} from './routes.ts';
import type { Task, TaskPatch, TaskReplace } from './schemas.ts';
import { deleteTask, insertTask, type ListQuery, listTasks, selectTask, sortColumn, updateTask } from './statements.ts';

export function taskOperations(database: UserDatabase): Operation[] {
  return [
    operation(listTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const { limit, cursor, skip, sort, ...filters } = query;
      const after = cursor === undefined ? null : readCursor(principal.userId, { filters, sort }, cursor);
      // One more than asked for shows whether there is a next page.
      const list: ListQuery = { filters, sort, after, skip, limit: limit + 1 };
      const tasks = await rowsOf<Task>(principal, listTasks(principal.userId, list));
      const page = tasks.slice(0, limit);
      const last = tasks.length > limit ? page.at(-1) : undefined;
      const next = last && writeCursor(principal.userId, list, [last[sortColumn(sort)], last.id]);
      return context.json(page, 200, { Link: links(context.req.url, next) });
    }),

    operation(createTaskRoute, async ({ body: { id = uuidv7(), ...fields } }, context) => {
      const principal = context.get('principal');
      const [[created], [stored]] = (await database.run(principal, [
        insertTask(principal.userId, id, fields),
        selectTask(principal.userId, id),
      ])) as [Task[], Task[]];
      if (created) return taskResponse(created, 201, { Location: `/api/v1/tasks/${created.id}` });
      if (stored && matches(stored, fields)) return taskResponse(stored, 200);
      throw new ProblemError('id_taken');
    }),

    operation(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [task] = await rowsOf<Task>(principal, selectTask(principal.userId, path.id));
      if (!task) throw new ProblemError('task_not_found');
      if (isCurrent(headers['if-none-match'], task.version)) {
        return new Response(null, { status: 304, headers: { ETag: entityTag(task.version) } });
      }
      return taskResponse(task, 200);
    }),

    operation(replaceTaskRoute, ({ path, headers, body }, context) =>
      change(context.get('principal'), path.id, body, headers['if-match']),
    ),

    operation(patchTaskRoute, ({ path, headers, body }, context) =>
      change(context.get('principal'), path.id, body, headers['if-match']),
    ),

    operation(deleteTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const remove = deleteTask(principal.userId, path.id, allowedVersions(headers['if-match']));
      const [row] = await rowsOf<{ matched: boolean }>(principal, remove);
      requireMatch(row);
      return new Response(null, { status: 204 });
    }),
  ];

  async function change(principal: Principal, id: string, fields: TaskPatch, tags: EntityTags | undefined) {
    const update = updateTask(principal.userId, id, fields, allowedVersions(tags));
    const [row] = await rowsOf<Task & { matched: boolean }>(principal, update);
    return taskResponse(requireMatch(row), 200);
  }

  async function rowsOf<Row>(principal: Principal, statement: BoundStatement): Promise<Row[]> {
    const [rows] = await database.run(principal, [statement]);
    return rows as Row[];
  }
}

/** Answers 404 for a write that found no task, and 412 for one that found none of the versions it was for. */
function requireMatch<Fields>(row: ({ matched: boolean } & Fields) | undefined): Omit<Fields, 'matched'> {
  if (!row) throw new ProblemError('task_not_found');
  const { matched, ...fields } = row;
  if (!matched) throw new ProblemError('version_mismatch');
  return fields;
}

function matches(stored: Task, fields: TaskReplace): boolean {
  return (Object.keys(fields) as (keyof TaskReplace)[]).every((field) => stored[field] === fields[field]);
}

function taskResponse(task: Task, status: 200 | 201, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(task), {
    status,
    headers: { ...headers, 'Content-Type': 'application/json', ETag: entityTag(task.version) },
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
