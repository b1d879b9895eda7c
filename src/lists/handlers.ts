/** The handlers of the operations on lists: each checks its preconditions, runs its statements and renders its response. */
import type { RequestContext } from '../http/request-context.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { ProblemError } from '../problems/problem.ts';
import { newChangeSet } from '../resource/change.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { readResponse, writeResponse } from '../resource/response.ts';
import {
  createListMutation,
  deleteListMutation,
  type ListResult,
  moveListMutation,
  patchListMutation,
} from './mutations.ts';
import {
  createListRoute,
  deleteListRoute,
  listListsRoute,
  moveListRoute,
  patchListRoute,
  readListRoute,
  replaceListRoute,
} from './routes.ts';
import { toList } from './row.ts';
import { selectList, selectLists } from './statements.ts';

export function listOperations(writes: WriteContext): Operation[] {
  const { database } = writes;
  return [
    implement(listListsRoute, async (_input, context) => {
      const principal = context.get('principal');
      const [rows] = await database.run(principal, [selectLists(principal.userId)], 'repeat');
      return jsonResponse(rows.map(toList));
    }),

    implement(createListRoute, ({ body: { id, ...list }, headers }, context) => {
      const mutation = createListMutation(newChangeSet(context), list, id);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], listResponse);
    }),

    implement(readListRoute, async ({ path, headers }, context) => {
      const principal = context.get('principal');
      const [[row]] = await database.run(principal, [selectList(principal.userId, path.id)], 'repeat');
      if (!row) throw new ProblemError('list_not_found');
      return readResponse(toList(row), headers['if-none-match']);
    }),

    // The defaults make it a patch of every field, except for the position.
    implement(replaceListRoute, ({ path, body, headers }, context) => {
      const mutation = patchListMutation(newChangeSet(context), path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], listResponse);
    }),

    implement(patchListRoute, ({ path, body, headers }, context) => {
      const mutation = patchListMutation(newChangeSet(context), path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], listResponse);
    }),

    implement(deleteListRoute, ({ path, query: { tasks }, headers }, context) => {
      const versions = allowedVersions(headers['if-match']);
      const mutation = deleteListMutation(newChangeSet(context), path.id, versions, tasks);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], listResponse);
    }),

    implement(moveListRoute, ({ path, body, headers }, context) => {
      const mutation = moveListMutation(newChangeSet(context), path.id, body, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], listResponse);
    }),
  ];
}

function listResponse({ status, list }: ListResult, context: RequestContext): StoredResponse {
  return writeResponse(status, list, createListRoute.path, context);
}
