/**
 * One connection: the request in progress, the requests that wait for it, and how long the server waits for the client.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerLimits } from './limits.ts';

export class Connection {
  readonly socket: Socket;
  /** The latest response, whether it is in progress or not. */
  response: ServerResponse | undefined;
  /**
   * Size of the body of the response, if it is written in pieces. The body stays in memory until the response is
   * closed.
   */
  bodyBytes = 0;
  /** The time at which the server began to wait for the client, on the clock of `performance.now()`. */
  waitingSince = performance.now();

  #isResponding = false;
  #next: (() => void)[] = [];
  /** The time since which there is unread data. Undefined if nothing is unread. */
  #unreadSince: number | undefined;
  #acceptedBytes = 0;
  /** Bytes received before the request in progress. */
  #receivedBefore = 0;
  /** The time of the last response on this connection, after which it closes. */
  #endedAt: number | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /**
   * Handles a request after the responses to the earlier ones. So at most one response per connection is in memory,
   * even if a client sends many requests and reads nothing.
   */
  handle(response: ServerResponse, start: () => void): void {
    this.afterResponses(() => {
      this.response = response;
      this.#isResponding = true;
      this.waitingSince = performance.now();
      response.once('close', this.#onResponseClosed);
      start();
    });
  }

  /** Runs a task when no response is in progress. It does not run if the connection closes first. */
  afterResponses(task: () => void): void {
    if (this.#isResponding) this.#next.push(task);
    else task();
  }

  get waitingRequests(): number {
    return this.#next.length;
  }

  /** Closes the connection after the client has had time to read the response that has just been written. */
  end(bytes: string): void {
    this.#endedAt = performance.now();
    this.socket.end(bytes);
  }

  close(): void {
    this.#next = [];
    this.socket.destroy();
  }

  /** Whether a response waits for the client. */
  get #isUnread(): boolean {
    return this.socket.writableLength > 0;
  }

  /** Whether no request is in progress, and none has begun to arrive. */
  get isIdle(): boolean {
    return !this.#isResponding && this.response !== undefined && this.socket.bytesRead === this.#receivedBefore;
  }

  /**
   * Whether the server waits for the client: for a request, for the rest of one, or until the client reads a response.
   */
  get waitsForClient(): boolean {
    return !this.#isResponding || this.response?.req.complete === false || this.#isUnread;
  }

  /**
   * Whether closing the connection now would cut off a response. A request that has not arrived completely does not
   * count. A response does not count either if the client has read nothing of it since a time.
   *
   * @param since on the clock of `performance.now()`
   */
  isCutOff(since: number): boolean {
    if (!this.#isResponding || this.response?.req.complete === false) return false;
    return !this.#isUnread || this.waitingSince >= since;
  }

  /** Lower bound for the bytes in memory: of an unread response, and of a request that has not arrived completely. */
  get heldBytes(): number {
    const isReceiving = !this.#isResponding || this.response?.req.complete === false;
    const received = isReceiving ? this.socket.bytesRead - this.#receivedBefore : 0;
    return Math.max(this.bodyBytes, this.socket.writableLength) + received;
  }

  /**
   * Whether the client reads too slowly. Each call also records how much the client has read, so call it at an
   * interval.
   *
   * @param now on the clock of `performance.now()`
   */
  isTooSlow(now: number, { writeTimeoutMs, readResponseTimeoutMs, lingerMs }: ServerLimits): boolean {
    if (this.#endedAt !== undefined) return now - this.#endedAt >= lingerMs;
    const { bytesWritten, writableLength } = this.socket;
    if (writableLength === 0) {
      this.#unreadSince = undefined;
      return false;
    }
    const accepted = bytesWritten - writableLength;
    if (this.#unreadSince === undefined || accepted !== this.#acceptedBytes) {
      this.#unreadSince ??= now;
      this.#acceptedBytes = accepted;
      this.waitingSince = now;
    }
    return now - this.waitingSince >= writeTimeoutMs || now - this.#unreadSince >= readResponseTimeoutMs;
  }

  readonly #onResponseClosed = () => {
    this.#isResponding = false;
    this.bodyBytes = 0;
    this.waitingSince = performance.now();
    // The client has its own time for each response.
    this.#unreadSince = undefined;
    this.#receivedBefore = this.socket.bytesRead;
    // After a response with `Connection: close`, further requests are not processed (RFC 9112, section 9.6).
    if (this.socket.writable) this.#next.shift()?.();
  };
}
