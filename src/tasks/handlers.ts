/** What the operations on tasks do: one exchange with the database each, and the answer made of its rows. */
import { uuidv7 } from 'uuidv7';
import { RefusedValueError, type UserDatabase } from '../database/user-database.ts';
import { publicPath } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type Write } from '../idempotency/idempotent-write.ts';
import { ProblemError, validationFailed } from '../problems/problem.ts';
import { allowedVersions, entityTag, isCurrent } from '../resource/etag.ts';
import { batchMutation } from './batch.ts';
import { cursorRefused, readCursor, writeCursor } from './cursor.ts';
import { dueFieldError } from './due/errors.ts';
import {
  changeTask,
  createTask,
  deleteTaskMutation,
  replaceTask,
  type TaskMutation,
  taskResponse,
} from './mutations.ts';
import {
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
  runBatchRoute,
} from './routes.ts';
import { type ListQuery, listTasks } from './sql/list-statement.ts';
import { type TaskRow, toTask } from './sql/row.ts';
import { selectTask } from './sql/write-statements.ts';

/** The checked headers that a write may have. */
interface WriteHeaders {
  readonly 'idempotency-key'?: string | undefined;
}

export function taskOperations(database: UserDatabase): Operation[] {
  return [
    implement(listTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const { limit, cursor, skip, sort, ...filters } = query;
      const after = cursor === undefined ? null : readCursor(principal.userId, { filters, sort }, cursor);
      // One more than asked for shows whether there is a next page.
      const list: ListQuery = { filters, sort, after, skip, limit: limit + 1 };
      const [rows] = (await database
        .run(principal, [listTasks(principal.userId, list, Date.now())], 'repeat')
        .catch((error: unknown) => {
          // A digest can be made for a place that is none.
          throw error instanceof RefusedValueError && after ? cursorRefused() : error;
        })) as unknown as [(TaskRow & { position: string })[]];
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      const next = last && writeCursor(principal.userId, list, [last.position, last.id]);
      return jsonResponse(page.map(toTask), { Link: links(context, next) });
    }),

    implement(runBatchRoute, ({ body, headers }, context) =>
      executeWrite(
        database,
        batchMutation(context.get('principal').userId, body.operations),
        headers['idempotency-key'],
        context,
      ),
    ),

    implement(createTaskRoute, ({ body: { id = uuidv7(), ...task }, headers }, context) =>
      write(createTask(context.get('principal').userId, id, task), headers, context),
    ),

    implement(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = (await database.run(principal, [selectTask(principal.userId, path.id)], 'repeat')) as unknown as [
        [TaskRow?],
      ];
      if (!row) throw new ProblemError('task_not_found');
      const etag = { ETag: entityTag(row.version) };
      if (isCurrent(headers['if-none-match'], row.version)) return new Response(null, { status: 304, headers: etag });
      return jsonResponse(toTask(row), etag);
    }),

    implement(replaceTaskRoute, ({ path, body, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      return write(replaceTask(context.get('principal').userId, path.id, body, versions), headers, context);
    }),

    implement(patchTaskRoute, ({ path, body, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      return write(changeTask(context.get('principal').userId, path.id, body, versions), headers, context);
    }),

    implement(deleteTaskRoute, ({ path, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      return write(deleteTaskMutation(context.get('principal').userId, path.id, versions), headers, context);
    }),
  ];

  function write(
    { statements, toResult: result }: TaskMutation,
    headers: WriteHeaders,
    context: RequestContext,
  ): Promise<Response> {
    const single: Write = {
      statements,
      toResponse: (rows) => taskResponse(result(rows), context),
      onConstraintViolation(error) {
        const fault = dueFieldError(error);
        return fault && validationFailed([fault]);
      },
    };
    return executeWrite(database, single, headers['idempotency-key'], context);
  }
}

/** The `Link` header (RFC 8288) of a page, with paths of this server. */
function links(context: RequestContext, next: string | undefined): string {
  const { url } = context.req;
  const path = publicPath(context, listTasksRoute.path);
  const start = url.indexOf('?');
  const parameters = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  parameters.delete('cursor');
  parameters.delete('skip');
  const link = (relation: string) => `<${path}${parameters.size > 0 ? `?${parameters}` : ''}>; rel="${relation}"`;
  const first = link('first');
  if (next === undefined) return first;
  parameters.set('cursor', next);
  return `${link('next')}, ${first}`;
}
