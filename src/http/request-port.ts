/**
 * Request port: what the app needs from the server in addition to a `Request`. `node/` has the adapter for Node's HTTP
 * server, and `fetch-handler.ts` has the one for every server that only passes a `Request`.
 */
export interface RequestPort {
  /** The IP address of the client, or of the proxy in front of the server; empty if it is unknown. */
  readonly peerAddress: string;
  /** Whether the server has already responded, because the rest of the body is not valid HTTP. */
  readonly isAnswered: boolean;
  /** Whether the client can no longer receive a response. */
  readonly isClosed: boolean;
  /**
   * A header of the request. Repeated headers are joined with commas.
   *
   * @param name in lower case
   */
  header(name: string): string | undefined;
  /** The chunks of the body, once. Iteration throws an error if the connection closes before the end of the body. */
  body(): AsyncIterable<Uint8Array>;
  /**
   * Sends these headers with the response. The headers of the response itself have none of these names, except `Vary`.
   *
   * @param headers alternating names and values
   */
  addResponseHeaders(headers: readonly string[]): void;
  /** Calls the function once, when the response has been sent completely or the client can no longer receive it. */
  onResponseClosed(callback: () => void): void;
  /**
   * Closes the connection before the end of the response, so that the client does not take the response for complete.
   *
   * @param failBody fails the body, if the server does not know the connection
   */
  cutResponse(failBody: () => void): void;
}
