/** The handlers of the operations on the trash. */
import type { RequestContext } from '../http/request-context.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import { executePlannedWrite } from '../idempotency/planned-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { newChangeSet } from '../resource/change.ts';
import { pageOfNewest } from '../resource/newest-first.ts';
import { respondWithPage } from '../resource/page.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { type VersionedResource, writeResponse } from '../resource/response.ts';
import { emptyTrashMutation, purgeMutation } from './mutations.ts';
import { toEntry } from './resources.ts';
import { restoreMutation } from './restore.ts';
import { emptyTrashRoute, listTrashRoute, purgeFromTrashRoute, restoreFromTrashRoute } from './routes.ts';
import { listTrash, selectFromTrash, selectTasksOfList, type TrashRow } from './statements.ts';

export function trashOperations(writes: WriteContext): Operation[] {
  const { database } = writes;
  return [
    implement(listTrashRoute, ({ query: { limit, cursor } }, context) => {
      const principal = context.get('principal');
      const list = { filters: {}, sort: 'trash' };
      return respondWithPage<TrashRow>(
        context,
        { path: listTrashRoute.path, list, cursor },
        async (after) => {
          const [rows] = await database.run(principal, [listTrash(principal.userId, after, limit)], 'repeat');
          return pageOfNewest(rows, limit);
        },
        toEntry,
      );
    }),

    implement(restoreFromTrashRoute, ({ path: { id }, headers }, context) => {
      const principal = context.get('principal');
      const statements = [selectFromTrash(principal.userId, id), selectTasksOfList(principal.userId, id)] as const;
      const plan = async () => {
        const [found, tasks] = await database.run(principal, statements, 'repeat');
        const versions = allowedVersions(headers['if-match']);
        return restoreMutation(newChangeSet(context), id, { found, tasks }, versions);
      };
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], restoredResponse);
    }),

    implement(purgeFromTrashRoute, ({ path: { id }, headers }, context) => {
      const mutation = purgeMutation(newChangeSet(context), id, allowedVersions(headers['if-match']));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], noContent);
    }),

    implement(emptyTrashRoute, ({ headers }, context) => {
      const mutation = emptyTrashMutation(newChangeSet(context));
      return executeWrite(writes, context, mutation, headers['idempotency-key'], noContent);
    }),
  ];
}

function restoredResponse(resource: VersionedResource, context: RequestContext): StoredResponse {
  return writeResponse(200, resource, listTrashRoute.path, context);
}

function noContent(): StoredResponse {
  return { status: 204, headers: {}, body: null };
}
