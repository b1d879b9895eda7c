/** Long polling: a request for changes that waits for the next one. While it waits, it has no connection to the database. */
import type { UserDatabase } from '../database/user-database.ts';
import { maxInFlight } from '../http/middleware/concurrency-limit.ts';
import type { Principal } from '../principal.ts';
import { type Position, writeCursor } from './cursor.ts';
import type { OpenStreams, StreamLimits } from './events/open-streams.ts';
import { type ChangesPage, readChanges } from './read-changes.ts';
import type { WakeUps } from './wake-ups.ts';

export const pollLimits: StreamLimits = {
  name: 'requests that wait for changes',
  maxPerUser: 10,
  // A waiting request counts as one in progress, so the other half is for requests that do not wait.
  maxPerProcess: maxInFlight / 2,
  advice: 'Let one request wait at a time, or use an event stream.',
};

export interface PollServices {
  readonly database: UserDatabase;
  readonly wakeUps: WakeUps;
  readonly waitingPolls: OpenStreams;
}

export interface Wait {
  readonly ms: number;
  /** Calls the function when the client can no longer receive the response. */
  onClosed(callback: () => void): void;
}

/**
 * Reads the changes after a position. If there are none, it waits for one, and then reads again. It also ends at the
 * shutdown of the server and when the token expires.
 *
 * @throws ProblemError rate_limited or overloaded if too many requests wait
 */
export async function waitForChanges(
  { database, wakeUps, waitingPolls }: PollServices,
  principal: Principal,
  after: Position,
  limit: number,
  wait: Wait,
): Promise<ChangesPage> {
  const { userId, expiresAt } = principal;
  const start = writeCursor(after);
  const ending = new AbortController();
  const end = () => ending.abort();
  let poll: ReturnType<OpenStreams['open']> | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      // Before the read, so that a change after it wakes.
      const woken = wakeUps.next(userId, ending.signal, () => after.seq);
      const page = await readChanges(database, principal, after, limit);
      if (page.cursor !== start || ending.signal.aborted) return page;
      if (!poll) {
        poll = waitingPolls.open(userId, expiresAt);
        poll.signal.addEventListener('abort', end);
        if (poll.signal.aborted) end();
        timer = setTimeout(end, wait.ms);
        wait.onClosed(end);
      }
      await woken;
    }
  } finally {
    end();
    clearTimeout(timer);
    poll?.close();
  }
}
