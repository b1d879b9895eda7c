/**
 * Event stream of one client.
 *
 * It has no queue, only a position. When a change wakes it, it reads one page after the position and writes it. While the
 * connection is full, it reads nothing. So a client that does not read costs constant memory.
 */
import type { UserDatabase } from '../../database/user-database.ts';
import type { Principal } from '../../principal.ts';
import { type ProblemError, toProblem } from '../../problems/problem.ts';
import { settledWithin } from '../../runtime/timeout.ts';
import { readCursor } from '../cursor.ts';
import { type ChangesPage, readChanges } from '../read-changes.ts';
import type { WakeUps } from '../wake-ups.ts';
import { changesMessage, comment, endMessage, resetMessage } from './messages.ts';
import type { EndReason, OpenStream } from './open-streams.ts';
import type { InTurn } from './read-turns.ts';

/** Milliseconds without a message after which the stream sends a comment. Proxies close silent connections after 60 s. */
export const commentIntervalMs = 20_000;

/** Maximum number of changes in a message. */
export const changesPerMessage = 100;

export interface StreamSource {
  readonly database: UserDatabase;
  readonly principal: Principal;
  readonly wakeUps: WakeUps;
  readonly inTurn: InTurn;
}

/** The end of a stream, for the log. */
export interface StreamEnd {
  readonly reason: EndReason;
  /** The problem because of which the changes are unavailable. */
  readonly problem?: ProblemError | undefined;
}

/**
 * The body of a stream's response. The server reads it only as fast as the client reads the response.
 *
 * @param first the page that the stream begins with
 * @param onEnd called once, when the last message is written or the client has closed the connection
 */
export function streamBody(
  source: StreamSource,
  stream: OpenStream,
  first: ChangesPage,
  onEnd: (end: StreamEnd) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let problem: ProblemError | undefined;
  const messages = messagesOf(source, stream, first, (error) => {
    problem = toProblem(error);
  });
  const close = () => {
    stream.close();
    onEnd({ reason: stream.signal.reason, problem });
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await messages.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        controller.close();
        close();
      },
      cancel() {
        stream.end('client_closed');
        close();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* messagesOf(
  source: StreamSource,
  stream: OpenStream,
  first: ChangesPage,
  onError: (error: unknown) => void,
): AsyncGenerator<string, void, void> {
  yield comment;
  try {
    yield* changeMessages(source, stream.signal, first);
  } catch (error) {
    onError(error);
    stream.end('unavailable');
  }
  yield endMessage(stream.signal.reason);
}

/** Ends when the signal aborts. */
async function* changeMessages(
  { database, principal, wakeUps, inTurn }: StreamSource,
  signal: AbortSignal,
  first: ChangesPage,
): AsyncGenerator<string, void, void> {
  if (first.reset) yield resetMessage;
  yield changesMessage(first);
  let position = readCursor(first.cursor);
  while (!signal.aborted) {
    const woken = wakeUps.next(principal.userId, signal, () => position.seq);
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const page = await inTurn(async () =>
        signal.aborted ? undefined : readChanges(database, principal, position, changesPerMessage),
      );
      if (!page) return;
      position = readCursor(page.cursor);
      hasMore = page.has_more;
      if (page.reset) yield resetMessage;
      if (page.reset || page.changes.length > 0) yield changesMessage(page);
    }
    while (!(await settledWithin(woken, commentIntervalMs))) yield comment;
  }
}
