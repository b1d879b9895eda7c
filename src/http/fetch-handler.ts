/** Adapter of the request port to plain `Request` and `Response`, for servers and tests without Node's HTTP server. */
import type { Hono } from 'hono';
import type { Env } from './request-context.ts';
import type { RequestPort } from './request-port.ts';

class FetchRequest implements RequestPort {
  readonly isAnswered = false;
  readonly peerAddress: string;
  responseHeaders: readonly string[] = [];
  readonly #request: Request;
  readonly #callbacks: (() => void)[] = [];

  constructor(request: Request, peerAddress: string) {
    this.#request = request;
    this.peerAddress = peerAddress;
  }

  get isClosed(): boolean {
    return this.#request.signal.aborted;
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  async *body(): AsyncIterable<Uint8Array> {
    if (this.#request.body) yield* this.#request.body;
  }

  addResponseHeaders(headers: readonly string[]): void {
    this.responseHeaders = headers;
  }

  onResponseClosed(callback: () => void): void {
    this.#callbacks.push(callback);
  }

  cutResponse(failBody: () => void): void {
    failBody();
  }

  /** The caller has the response. This adapter does not know when it is sent. */
  close(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** @returns a function that responds to a request of this peer, an IP address; without it, all clients count as one */
export function createFetchHandler(app: Hono<Env>): (request: Request, peerAddress?: string) => Promise<Response> {
  return async (request, peerAddress = '') => {
    const port = new FetchRequest(request, peerAddress);
    const { body, status, headers } = await Promise.resolve(app.fetch(request, port)).finally(() => port.close());
    // The headers of some responses are immutable.
    const allHeaders = new Headers(headers);
    for (let index = 0; index < port.responseHeaders.length; index += 2) {
      allHeaders.append(port.responseHeaders[index] ?? '', port.responseHeaders[index + 1] ?? '');
    }
    return new Response(body, { status, headers: allHeaders });
  };
}
