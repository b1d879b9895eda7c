/** The handlers of the operations on tasks: each checks its preconditions, runs its statements and renders its response. */
import { uuidv7 } from 'uuidv7';
import type { RequestContext } from '../http/request-context.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { ProblemError } from '../problems/problem.ts';
import type { Keyset } from '../resource/keyset.ts';
import { respondWithPage } from '../resource/page.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { readResponse, writeResponse } from '../resource/response.ts';
import { batchMutation, maxResultsBytes, resultsTooLarge } from './batch.ts';
import {
  createTaskMutation,
  deleteTaskMutation,
  patchTaskMutation,
  replaceTaskMutation,
  type TaskResult,
} from './mutations.ts';
import { readPage } from './page.ts';
import {
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
  runBatchRoute,
} from './routes.ts';
import { toTask } from './sql/row.ts';
import { selectTask } from './sql/write-statements.ts';

export function taskOperations(writes: WriteContext): Operation[] {
  const { database } = writes;
  return [
    implement(listTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const { limit, cursor, skip, sort, ...filters } = query;
      const list = { filters, sort };
      const read = (after: Keyset | null) => readPage(database, principal, { ...list, after, skip, limit });
      return respondWithPage(context, { path: listTasksRoute.path, list, cursor }, read, toTask);
    }),

    implement(runBatchRoute, ({ body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = batchMutation(userId, body.operations);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], batchResponse);
    }),

    implement(createTaskRoute, ({ body: { id = uuidv7(), ...task }, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = createTaskMutation(userId, id, task);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = await database.run(principal, [selectTask(principal.userId, path.id)], 'repeat');
      if (!row) throw new ProblemError('task_not_found');
      return readResponse(toTask(row), headers['if-none-match']);
    }),

    implement(replaceTaskRoute, ({ path, body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = replaceTaskMutation(userId, path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(patchTaskRoute, ({ path, body, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = patchTaskMutation(userId, path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(deleteTaskRoute, ({ path, headers }, context) => {
      const { userId } = context.get('principal');
      const mutation = deleteTaskMutation(userId, path.id, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),
  ];
}

function taskResponse({ status, task }: TaskResult, context: RequestContext): StoredResponse {
  return writeResponse(status, task, createTaskRoute.path, context);
}

/** @throws ProblemError validation_failed if the results are too large */
function batchResponse(results: readonly TaskResult[]): StoredResponse {
  let bytes = 0;
  const texts = results.map((result, index) => {
    const text = JSON.stringify(result);
    bytes += Buffer.byteLength(text);
    if (bytes > maxResultsBytes) throw resultsTooLarge(index);
    return text;
  });
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: `{"results":[${texts.join(',')}]}` };
}
