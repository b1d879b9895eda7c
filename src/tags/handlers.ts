/** The handlers of the operations on tags. */
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { executeWrite, type WriteContext } from '../idempotency/execute-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { ProblemError, validationFailed } from '../problems/problem.ts';
import { type ChangeSet, newChangeSet } from '../resource/change.ts';
import { defineMutation, type Mutation } from '../resource/mutation.ts';
import { listTagsRoute, renameTagRoute } from './routes.ts';
import { listTags, maxRenamedTasks, renamedTag, renameTag, type TagRow } from './statements.ts';

export function tagOperations(writes: WriteContext): Operation[] {
  const { database } = writes;
  return [
    implement(listTagsRoute, async (_input, context) => {
      const principal = context.get('principal');
      const [rows] = await database.run(principal, [listTags(principal.userId)], 'repeat');
      return jsonResponse(rows);
    }),

    implement(renameTagRoute, ({ path, body, headers }, context) => {
      const mutation = renameMutation(newChangeSet(context), path.name, body.name);
      return executeWrite(writes, context, mutation, headers['idempotency-key'], tagResponse);
    }),
  ];
}

function renameMutation(changeSet: ChangeSet, name: string, newName: string): Mutation<TagRow> {
  return defineMutation({
    changeSet,
    statements: [renameTag(changeSet.ownerId, name, newName)],
    outcome: renamedTag(changeSet.ownerId, newName),
    toResult: ([tag]) => tag,
    onStopped: ({ reason }) => (reason === 'too_many_tasks' ? tooManyTasks() : new ProblemError('tag_not_found')),
    onConstraintViolation: () => undefined,
  });
}

function tooManyTasks(): ProblemError {
  const most = maxRenamedTasks.toLocaleString('en');
  const message = `must be a tag of at most ${most} tasks; first replace it on some of them, in batches, and then rename it on the rest`;
  return validationFailed([{ in: 'path', pointer: 'name', message }]);
}

function tagResponse(tag: TagRow): StoredResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(tag) };
}
