/** The handlers of the operations on the trash. */
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import { executePlannedWrite } from '../idempotency/planned-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { newChangeSet } from '../resource/change.ts';
import { rowOfJson } from '../resource/json-row.ts';
import { pageOfNewest } from '../resource/newest-first.ts';
import { respondWithPage } from '../resource/page.ts';
import { allowedVersions } from '../resource/preconditions.ts';
import { restoreTaskMutation } from '../tasks/mutations.ts';
import { taskResponse } from '../tasks/responses.ts';
import type { TaskRow } from '../tasks/sql/row.ts';
import { emptyTrashMutation, purgeMutation } from './mutations.ts';
import { toEntry } from './resources.ts';
import { emptyTrashRoute, listTrashRoute, purgeFromTrashRoute, restoreFromTrashRoute } from './routes.ts';
import { listTrash, selectFromTrash, type TrashRow } from './statements.ts';

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
      const plan = async () => {
        const [[row]] = await database.run(principal, [selectFromTrash(principal.userId, id)], 'repeat');
        const trashed = row && { seq: row.seq, content: rowOfJson<TaskRow>(JSON.parse(row.text)) };
        return restoreTaskMutation(newChangeSet(context), id, trashed, allowedVersions(headers['if-match']));
      };
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], taskResponse);
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

function noContent(): StoredResponse {
  return { status: 204, headers: {}, body: null };
}
