/** Adapter of the request port to Node's HTTP server. It reads Node's own objects, which costs less than `Headers`. */
import type { IncomingMessage } from 'node:http';
import type { RequestPort } from '../request-port.ts';
import { isAnswered } from './answered-requests.ts';
import type { BufferedServerResponse } from './server-response.ts';

/** The objects that `@hono/node-server` passes with each request. */
interface NodeBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: BufferedServerResponse;
}

class NodeRequest implements RequestPort {
  readonly #incoming: IncomingMessage;
  readonly #outgoing: BufferedServerResponse;

  constructor({ incoming, outgoing }: NodeBindings) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get peerAddress(): string {
    return this.#incoming.socket.remoteAddress ?? '';
  }

  get isAnswered(): boolean {
    return isAnswered(this.#incoming);
  }

  get isClosed(): boolean {
    // Node closes a connection when the client closes its half.
    return !this.#incoming.socket.writable;
  }

  header(name: string): string | undefined {
    // Node returns an array only for `set-cookie`, which is no request header.
    return this.#incoming.headers[name] as string | undefined;
  }

  body(): AsyncIterable<Uint8Array> {
    // Destroying the stream would close the connection before the response.
    return this.#incoming.iterator({ destroyOnReturn: false });
  }

  addResponseHeaders(headers: readonly string[]): void {
    this.#outgoing.standardHeaders = headers;
  }

  onResponseClosed(callback: () => void): void {
    if (this.#outgoing.closed) callback();
    else this.#outgoing.once('close', callback);
  }

  cutResponse(): void {
    // The library cancels the body then. It would print the error of a body that fails.
    this.#outgoing.destroy();
  }
}

type Fetch = (request: Request, port: RequestPort) => Response | Promise<Response>;

/**
 * Passes the request port to the app.
 *
 * @returns the callback for the request listener of a server whose responses are of `createServerResponseClass`
 */
export function withNodeRequest(fetch: Fetch): (request: Request, bindings: object) => Response | Promise<Response> {
  // The type of the library's bindings also covers HTTP/2, and does not know the class of the responses.
  return (request, bindings) => fetch(request, new NodeRequest(bindings as NodeBindings));
}
