/** The handlers of the operations on tasks: each checks its preconditions, runs its statements and renders its response. */
import { uuidv7 } from 'uuidv7';
import { RefusedValueError, type UserDatabase } from '../database/user-database.ts';
import { publicPath } from '../http/base-path.ts';
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite } from '../idempotency/execute-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { ProblemError } from '../problems/problem.ts';
import { invalidCursor, readCursor, writeCursor } from '../resource/cursor.ts';
import { entityTag, isCurrent } from '../resource/etag.ts';
import { pageOf } from '../resource/keyset.ts';
import { linkHeader } from '../resource/link-header.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { batchMutation } from './batch.ts';
import {
  createTaskMutation,
  deleteTaskMutation,
  patchTaskMutation,
  replaceTaskMutation,
  type TaskResult,
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
import { listTasks } from './sql/list-statement.ts';
import { toTask } from './sql/row.ts';
import { selectTask } from './sql/write-statements.ts';

export function taskOperations(database: UserDatabase): Operation[] {
  return [
    implement(listTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const { userId } = principal;
      const { limit, cursor, skip, sort, ...filters } = query;
      const list = { filters, sort };
      const after = cursor === undefined ? null : readCursor(userId, list, cursor);
      // One row more than the limit shows whether there is a next page.
      const statement = listTasks(userId, { ...list, after, skip, limit: limit + 1 }, Date.now());
      const [tasks] = await database.run(principal, [statement], 'repeat').catch((error: unknown) => {
        // A client can compute the digest of a position whose value is not one of the sort.
        throw error instanceof RefusedValueError && after ? invalidCursor() : error;
      });
      const { rows, next } = pageOf(tasks, limit);
      const nextCursor = next && writeCursor(userId, list, next);
      return jsonResponse(rows.map(toTask), { Link: linkHeader(context, listTasksRoute.path, nextCursor) });
    }),

    implement(runBatchRoute, ({ body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = batchMutation(userId, body.operations);
      return executeWrite(database, context, mutation, headers['idempotency-key'], batchResponse);
    }),

    implement(createTaskRoute, ({ body: { id = uuidv7(), ...task }, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = createTaskMutation(userId, id, task);
      return executeWrite(database, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = await database.run(principal, [selectTask(principal.userId, path.id)], 'repeat');
      if (!row) throw new ProblemError('task_not_found');
      const etag = { ETag: entityTag(row.version) };
      if (isCurrent(headers['if-none-match'], row.version)) return new Response(null, { status: 304, headers: etag });
      return jsonResponse(toTask(row), etag);
    }),

    implement(replaceTaskRoute, ({ path, body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = replaceTaskMutation(userId, path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(database, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(patchTaskRoute, ({ path, body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = patchTaskMutation(userId, path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(database, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(deleteTaskRoute, ({ path, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = deleteTaskMutation(userId, path.id, allowedVersions(headers['if-match']));
      return executeWrite(database, context, mutation, headers['idempotency-key'], taskResponse);
    }),
  ];
}

function taskResponse({ status, task }: TaskResult, context: RequestContext): StoredResponse {
  if (!task) return { status, headers: {}, body: null };
  return {
    status,
    headers: {
      'Content-Type': 'application/json',
      ETag: entityTag(task.version),
      ...(status === 201 && { Location: publicPath(context, `/api/v1/tasks/${task.id}`) }),
    },
    body: JSON.stringify(task),
  };
}

function batchResponse(results: readonly TaskResult[]): StoredResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ results }) };
}
