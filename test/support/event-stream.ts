/** Clients of event streams (HTML standard, section "Server-sent events"). */
import { onTestFinished } from 'vitest';

export interface StreamedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: any;
}

export interface EventStream {
  readonly response: Response;
  /** The next event; undefined after the last one. Comments are no events. */
  next(): Promise<StreamedEvent | undefined>;
  /** All further events. */
  rest(): Promise<StreamedEvent[]>;
  /** The bytes so far, as text. */
  text(): string;
  /** Closes the connection, as at the end of the test. */
  close(): void;
}

export interface StreamOptions {
  readonly query?: string;
  readonly lastEventId?: string | undefined;
  /** The client receives only so many bytes, and then closes the connection. */
  readonly maxBytes?: number;
}

/** @param token without it, the request has no `Authorization` header */
export async function openStream(url: string, token: string | null, options: StreamOptions = {}): Promise<EventStream> {
  const { query = '', lastEventId, maxBytes = Number.POSITIVE_INFINITY } = options;
  const closing = new AbortController();
  const close = () => closing.abort();
  onTestFinished(close);
  const response = await fetch(`${url}/api/v1/events${query}`, {
    signal: closing.signal,
    headers: {
      ...(token !== null && { Authorization: `Bearer ${token}` }),
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
    },
  });
  let text = '';
  let unread = '';
  let left = maxBytes;
  const chunks = readChunks(response);
  const next = async (): Promise<StreamedEvent | undefined> => {
    for (;;) {
      const end = unread.indexOf('\n\n');
      if (end >= 0) {
        const message = unread.slice(0, end);
        unread = unread.slice(end + 2);
        if (message !== ':') return parseMessage(message);
      } else {
        const chunk = await chunks.next();
        if (chunk.done) return undefined;
        const received = chunk.value.slice(0, left);
        left -= received.length;
        text += received;
        unread += received;
        if (left === 0) close();
      }
    }
  };
  return {
    response,
    next,
    async rest() {
      const events: StreamedEvent[] = [];
      for (let event = await next(); event; event = await next()) events.push(event);
      return events;
    },
    text: () => text,
    close,
  };
}

/** Ends when the stream ends, or when one side closes the connection. */
async function* readChunks({ body }: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body ?? []) yield decoder.decode(chunk, { stream: true });
  } catch {}
}

function parseMessage(message: string): StreamedEvent {
  const fields = Object.fromEntries(message.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
  return { event: fields.event, id: fields.id, data: JSON.parse(fields.data) };
}

export function isEventStream({ headers, body }: Response): boolean {
  return headers.get('content-type') === 'text/event-stream' && body !== null;
}

/** The response with the bytes up to the end of its first event. It closes the stream. */
export async function firstEvent({ status, headers, body }: Response): Promise<Response> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (/\n\n.*\n\n/s.test(text)) break;
  }
  return new Response(text, { status, headers });
}
