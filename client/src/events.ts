/**
 * Live updates: the changes of the user, over a stream of server-sent events. If the platform cannot read the body of a
 * response piece by piece, as React Native, it waits for the changes with long polls instead.
 */
import { textOf } from './body-text.ts';
import type { Exchange } from './connection.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { createEventParser } from './event-stream.ts';
import type { Changes } from './generated/api.ts';
import { TodoProblem } from './problem.ts';
import { problemOf } from './request.ts';
import { delayBefore, isTransient, originalOf, sleep, TokenFailure } from './retry.ts';

/** Milliseconds without data after which a connection counts as lost. The server sends a comment every 20 s. */
const silenceMs = 60_000;

/** Seconds that a long poll waits for a change. */
const pollSeconds = 30;

export interface EventOptions {
  /** The cursor after which the changes begin. Without it, they begin at the present. */
  readonly since?: string | undefined;
  /** Ends the iteration, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | null | undefined;
  /** Called with the cause when the connection is lost. The iteration continues as soon as the server is reachable. */
  readonly onDisconnect?: ((error: unknown) => void) | undefined;
  /** Use long polls, for example behind a proxy that buffers responses. Default: only if streams are not available. */
  readonly poll?: boolean | undefined;
}

/** The server ends the stream, for example because the token expires. */
interface End {
  readonly delayMs: number;
  readonly tokenExpired: boolean;
}

interface Connection {
  readonly cursor: string | undefined;
  readonly deadline: Deadline;
  /** Whether the last token has expired. */
  readonly refresh: boolean;
}

/**
 * Pages of changes, without an end. The first one arrives at once, also without changes, so that there is a cursor. Store
 * the cursor of a page together with the page. If `reset` is true, discard your copy first.
 *
 * @throws TodoProblem if the server rejects the token or the cursor; other failures lead to a new connection
 */
export async function* followChanges(
  exchange: Exchange,
  { since, signal, onDisconnect, poll = !canStream() }: EventOptions = {},
): AsyncGenerator<Changes, void, undefined> {
  const connect = poll ? pollChanges : streamChanges;
  let cursor = since;
  let failures = 0;
  let refresh = false;
  for (;;) {
    const deadline = startDeadline(silenceMs, signal);
    let delayMs = 0;
    try {
      for await (const message of connect(exchange, { cursor, deadline, refresh })) {
        refresh = false;
        if ('delayMs' in message) {
          delayMs = message.delayMs;
          refresh = message.tokenExpired;
          continue;
        }
        failures = 0;
        cursor = message.cursor;
        // The time that the consumer needs for a page does not count.
        deadline.pause();
        yield message;
        deadline.restart();
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!canReconnect(error)) throw originalOf(error);
      onDisconnect?.(error);
      delayMs = delayBefore(failures, error);
      failures += 1;
    } finally {
      deadline.end();
    }
    await sleep(delayMs, signal);
  }
}

function canStream(): boolean {
  return typeof ReadableStream === 'function' && 'body' in Response.prototype;
}

/** Also after errors of the server and after responses of a network's sign-in page, because they pass. */
function canReconnect(error: unknown): boolean {
  const isRejected = error instanceof TodoProblem && error.status >= 400 && error.status < 500;
  return isTransient(error) || !(isRejected || error instanceof TokenFailure);
}

async function* streamChanges(
  exchange: Exchange,
  { cursor, deadline, refresh }: Connection,
): AsyncGenerator<Changes | End, void, undefined> {
  const headers = { Accept: 'text/event-stream', 'Last-Event-ID': cursor };
  const response = await exchange({ method: 'GET', path: '/api/v1/events', headers }, deadline.signal, refresh);
  const parse = createEventParser();
  for await (const text of textOf(response, 'text/event-stream')) {
    deadline.restart();
    for (const { event, data, retry = 0 } of parse(text)) {
      if (event === 'changes') yield JSON.parse(data);
      if (event === 'end') return yield { delayMs: retry, tokenExpired: JSON.parse(data).reason === 'token_expired' };
    }
  }
  throw new Error('The connection was cut');
}

/** Without a cursor, it reads a snapshot up to the present and returns only the last cursor. */
async function* pollChanges(
  exchange: Exchange,
  { cursor, deadline }: Connection,
): AsyncGenerator<Changes, void, undefined> {
  let position = cursor;
  let isPresent = cursor !== undefined;
  for (;;) {
    const query = isPresent ? { since: position, wait: pollSeconds } : { since: position, limit: 500 };
    const response = await exchange({ method: 'GET', path: '/api/v1/changes', query }, deadline.signal);
    const text = await response.text();
    if (!response.ok) throw problemOf(response, text);
    const page: Changes = JSON.parse(text);
    deadline.restart();
    position = page.cursor;
    if (isPresent) yield page;
    else if (!page.has_more) {
      isPresent = true;
      yield { ...page, changes: [] };
    }
  }
}
