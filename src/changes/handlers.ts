/** The handlers of the operations on changes. */
import type { UserDatabase } from '../database/user-database.ts';
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { readCursor } from './cursor.ts';
import { readChanges } from './read-changes.ts';
import { listChangesRoute } from './routes.ts';

export function changeOperations(database: UserDatabase): Operation[] {
  return [
    implement(listChangesRoute, async ({ query: { since, limit } }, context) => {
      const after = since === undefined ? null : readCursor(since);
      return jsonResponse(await readChanges(database, context.get('principal'), after, limit));
    }),
  ];
}
