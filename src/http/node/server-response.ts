/** Node's response to a request, with the headers that are decided elsewhere than where an answer is made. */
import { type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http';

export interface BufferedServerResponse extends ServerResponse<IncomingMessage> {
  /** Names and values in turn, sent beside the headers of the answer itself. No name but `Vary` may be in both. */
  standardHeaders: readonly string[];
}

/**
 * The class of a server's answers. Headers reach Node all at once: it takes its time over any that were set before
 * (`docs/performance.md`).
 *
 * @param isClosing from then on answers close their connections, those to requests under way too: a client told to close
 *   does so by itself
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
