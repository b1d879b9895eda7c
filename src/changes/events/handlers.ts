/** The handler of the event stream. */
import type { UserDatabase } from '../../database/user-database.ts';
import type { RequestContext } from '../../http/request-context.ts';
import { implement, type Operation } from '../../http/route.ts';
import type { Principal } from '../../principal.ts';
import { type Position, readCursor } from '../cursor.ts';
import { readChanges } from '../read-changes.ts';
import type { WakeUps } from '../wake-ups.ts';
import type { OpenStreams } from './open-streams.ts';
import { readPresent } from './present.ts';
import { createReadTurns } from './read-turns.ts';
import { streamEventsRoute } from './routes.ts';
import { changesPerMessage, type StreamEnd, streamBody } from './stream.ts';

export interface StreamServices {
  readonly database: UserDatabase;
  readonly wakeUps: WakeUps;
  readonly openStreams: OpenStreams;
  /** Calls `onRevoked` if the principal’s API token is revoked, until the returned function is called. */
  readonly watchToken: (principal: Principal, onRevoked: () => void) => () => void;
  /** @param startedAt on the clock of `performance.now()` */
  readonly onEnd: (context: RequestContext, startedAt: number, end: StreamEnd) => void;
}

const headers = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' };

export function eventOperations({ database, wakeUps, openStreams, watchToken, onEnd }: StreamServices): Operation[] {
  const inTurn = createReadTurns();
  return [
    implement(streamEventsRoute, async ({ query: { since }, headers: { 'last-event-id': lastEventId } }, context) => {
      const principal = context.get('principal');
      const after = positionOf(since, lastEventId);
      context.set('cacheControl', 'no-store, no-transform');
      if (context.req.method === 'HEAD') return new Response(null, { headers });
      const startedAt = performance.now();
      const stream = openStreams.open(principal.userId, principal.expiresAt);
      const unwatch = watchToken(principal, () => stream.end('token_revoked'));
      try {
        const first = await (after
          ? readChanges(database, principal, after, changesPerMessage)
          : readPresent(database, principal));
        const source = { database, principal, wakeUps, inTurn };
        return new Response(
          streamBody(source, stream, first, (end) => {
            unwatch();
            onEnd(context, startedAt, end);
          }),
          { headers },
        );
      } catch (error) {
        unwatch();
        stream.close();
        throw error;
      }
    }),
  ];
}

/** An `EventSource` repeats the URL of its first request, so `since` is older than `Last-Event-ID`. */
function positionOf(since: string | undefined, lastEventId: string | undefined): Position | undefined {
  if (lastEventId) return readCursor(lastEventId, { in: 'header', pointer: 'last-event-id' });
  return since === undefined ? undefined : readCursor(since);
}
