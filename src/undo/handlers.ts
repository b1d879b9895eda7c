/** The handler of undo. */
import { implement, type Operation } from '../http/route.ts';
import type { WriteContext } from '../idempotency/execute-write.ts';
import { executePlannedWrite } from '../idempotency/planned-write.ts';
import type { StoredResponse } from '../idempotency/stored-response.ts';
import { newChangeSet } from '../resource/change.ts';
import { type UndoResult, undoMutation } from './mutation.ts';
import { undoable } from './resources.ts';
import { undoRoute } from './routes.ts';
import { changesOf } from './statements.ts';

export function undoOperations(writes: WriteContext): Operation[] {
  const names = Object.keys(undoable);
  return [
    implement(undoRoute, ({ path: { id }, headers }, context) => {
      const principal = context.get('principal');
      const statements = [
        changesOf(principal.userId, id),
        ...Object.values(undoable).map((resource) => resource.readStates(principal.userId, id)),
      ] as const;
      const plan = async () => {
        const [rows, ...states] = await writes.database.run(principal, statements, 'repeat');
        const byResource = Object.fromEntries(names.map((name, index) => [name, states[index] ?? []]));
        return undoMutation(newChangeSet(context), rows, byResource);
      };
      return executePlannedWrite(writes, context, plan, headers['idempotency-key'], undoResponse);
    }),
  ];
}

function undoResponse(results: readonly UndoResult[]): StoredResponse {
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ results }) };
}
