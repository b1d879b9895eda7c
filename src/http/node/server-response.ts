/** Subclass of Node's ServerResponse that adds the standard headers to the head, and writes large bodies in pieces. */
import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface BufferedServerResponse extends ServerResponse<IncomingMessage> {
  /** Alternating names and values, sent with the headers of the response itself. The two share no name except `Vary`. */
  standardHeaders: readonly string[];
}

/** Bytes of a piece. The progress of a response is visible after each piece. */
const pieceBytes = 64 * 1024;

export interface ServerResponseOptions {
  /** If true, responses close their connections, including responses to requests in progress. */
  readonly isClosing: () => boolean;
  /** Receives the size of a body that is written in pieces. The body stays in memory until the response is closed. */
  readonly onLargeBody: (response: ServerResponse, bytes: number) => void;
}

/**
 * Creates the response class of a server. It passes all headers to Node in one list, because Node merges separately set
 * headers slowly (`docs/performance.md`).
 */
export function createServerResponseClass({ isClosing, onLargeBody }: ServerResponseOptions): typeof ServerResponse {
  return class<Request extends IncomingMessage> extends ServerResponse<Request> implements BufferedServerResponse {
    standardHeaders: readonly string[] = [];

    override writeHead(status: number, ...rest: unknown[]): this {
      const headers: OutgoingHttpHeader[] = [...this.standardHeaders];
      for (const [name, value] of Object.entries((rest.at(-1) ?? {}) as OutgoingHttpHeaders)) {
        if (value !== undefined) headers.push(name, value);
      }
      if (isClosing()) headers.push('Connection', 'close');
      return super.writeHead(status, headers);
    }

    /** Each piece waits until the operating system has accepted the one before it. */
    override end(...rest: unknown[]): this {
      const [body] = rest;
      if (!isLarge(body)) return super.end(...(rest as []));
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      onLargeBody(this, bytes.length);
      this.#writeFrom(bytes, 0);
      return this;
    }

    #writeFrom(bytes: Uint8Array, start: number): void {
      const end = start + pieceBytes;
      super.write(bytes.subarray(start, end), (error) => {
        if (error || this.destroyed) return;
        if (end < bytes.length) this.#writeFrom(bytes, end);
        else super.end();
      });
    }
  };
}

function isLarge(body: unknown): body is string | Uint8Array {
  return (typeof body === 'string' || body instanceof Uint8Array) && body.length > pieceBytes;
}
