/** The handlers of the operations on changes. */
import { jsonResponse } from '../http/response/json.ts';
import { implement, type Operation } from '../http/route.ts';
import { readCursor } from './cursor.ts';
import { readChanges } from './read-changes.ts';
import { listChangesRoute } from './routes.ts';
import { type PollServices, waitForChanges } from './wait-for-changes.ts';

export function changeOperations(services: PollServices): Operation[] {
  return [
    implement(listChangesRoute, async ({ query: { since, limit, wait } }, context) => {
      const principal = context.get('principal');
      const after = since === undefined ? null : readCursor(since);
      if (!after || wait === 0) return jsonResponse(await readChanges(services.database, principal, after, limit));
      const onClosed = (callback: () => void) => context.env.onResponseClosed(callback);
      return jsonResponse(await waitForChanges(services, principal, after, limit, { ms: wait * 1_000, onClosed }));
    }),
  ];
}
