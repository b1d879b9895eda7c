/** The interface between the network of the simulation and a server: the model, or the real application. */
import type { ChangesPage } from '../src/offline/receive.ts';

export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly key: string | undefined;
  readonly token: string;
}

export interface ServerResponse {
  readonly status: number;
  readonly body: unknown;
  /** `Retry-After` in seconds. */
  readonly retryAfter?: number;
}

export interface SimulatedServer {
  handle(request: ServerRequest): ServerResponse | Promise<ServerResponse>;
  /** The next page of a stream, or undefined if there is no change after the cursor. */
  streamPage(cursor: string | undefined, token: string): Page | Promise<Page>;
}

type Page = ChangesPage | ServerResponse | undefined;
