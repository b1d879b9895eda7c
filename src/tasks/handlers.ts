/** The handlers of the operations on tasks: each checks its preconditions, runs its statements and renders its response. */
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import { executePlannedWrite } from '../idempotency/planned-write.ts';
import { ProblemError } from '../problems/problem.ts';
import { newChangeSet } from '../resource/change.ts';
import type { Keyset } from '../resource/keyset.ts';
import { respondWithPage } from '../resource/page.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { readResponse } from '../resource/response.ts';
import {
  createTaskMutation,
  deleteTaskMutation,
  moveTaskMutation,
  patchTaskMutation,
  replaceTaskMutation,
} from './mutations.ts';
import { readPage } from './page.ts';
import { ReadSeries } from './recurrence/series.ts';
import { taskResponse } from './responses.ts';
import {
  countTasksRoute,
  createTaskRoute,
  deleteTaskRoute,
  listTasksRoute,
  moveTaskRoute,
  patchTaskRoute,
  readTaskRoute,
  replaceTaskRoute,
} from './routes.ts';
import { countTasks } from './sql/list-statement.ts';
import { toTask } from './sql/row.ts';
import { selectTask } from './sql/select-statement.ts';

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

    implement(countTasksRoute, async ({ query }, context) => {
      const principal = context.get('principal');
      const [[counted]] = await database.run(principal, [countTasks(principal.userId, query, Date.now())], 'repeat');
      return jsonResponse(counted);
    }),

    implement(createTaskRoute, ({ body: { id, ...task }, headers }, context) => {
      const mutation = createTaskMutation(newChangeSet(context), task, id);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(readTaskRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = await database.run(principal, [selectTask(principal.userId, path.id)], 'repeat');
      if (!row) throw new ProblemError('task_not_found');
      return readResponse(toTask(row), headers['if-none-match']);
    }),

    implement(replaceTaskRoute, ({ path: { id }, query, body, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      const series = new ReadSeries(query.time_zone);
      const plan = () => replaceTaskMutation(newChangeSet(context), id, body, versions, series);
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], taskResponse);
    }),

    implement(patchTaskRoute, ({ path: { id }, query, body, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      const series = new ReadSeries(query.time_zone);
      const plan = () => patchTaskMutation(newChangeSet(context), id, body, versions, series);
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], taskResponse);
    }),

    implement(moveTaskRoute, ({ path, body, headers }, context) => {
      const mutation = moveTaskMutation(newChangeSet(context), path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),

    implement(deleteTaskRoute, ({ path, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      const mutation = deleteTaskMutation(newChangeSet(context), path.id, versions);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], taskResponse);
    }),
  ];
}
