/** Subclass of Node's ServerResponse that adds the standard headers when it writes the head. */
import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface BufferedServerResponse extends ServerResponse<IncomingMessage> {
  /** Alternating names and values, sent with the headers of the response itself. The two share no name except `Vary`. */
  standardHeaders: readonly string[];
}

/**
 * Creates the response class of a server. It passes all headers to Node in one list, because Node merges separately set
 * headers slowly (`docs/performance.md`).
 *
 * @param isClosing if true, responses close their connections, including responses to requests in progress
 */
export function createServerResponseClass(isClosing: () => boolean): typeof ServerResponse {
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
  };
}
