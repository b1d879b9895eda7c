/** One connection: the request in progress, the requests behind it, and the time since it waits for its client. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerLimits } from './limits.ts';

export class Connection {
  readonly socket: Socket;
  /** The latest response, whether it is in progress or not. */
  response: ServerResponse | undefined;
  /** Bytes of the body in progress, if the response writes it in pieces. They stay in memory until it is closed. */
  bodyBytes = 0;
  /** When the server began to wait for the client, on the clock of `performance.now()`. */
  waitingSince = performance.now();

  #isResponding = false;
  #next: (() => void)[] = [];
  /** When data began to wait for the client without interruption. */
  #unreadSince: number | undefined;
  #acceptedBytes = 0;
  /** The bytes received before the request in progress. */
  #receivedBefore = 0;
  /** When the server sent its last response on this connection. */
  #endedAt: number | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /**
   * Handles a request after the responses to the earlier ones. One response per connection is therefore in memory, however
   * many requests a client sends without reading.
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

  /** Whether the next step is the client's: to send a request or the rest of one, or to read a response. */
  get waitsForClient(): boolean {
    return !this.#isResponding || this.response?.req.complete === false || this.#isUnread;
  }

  /**
   * Whether closing the connection now cuts off a response. A request that has not arrived completely does not count, and
   * neither does a response that the client has not read since a time.
   */
  isCutOff(since: number): boolean {
    if (!this.#isResponding || this.response?.req.complete === false) return false;
    return !this.#isUnread || this.waitingSince >= since;
  }

  /** Bytes of an unread response or of an unfinished request, at least. */
  get heldBytes(): number {
    const isReceiving = !this.#isResponding || this.response?.req.complete === false;
    const received = isReceiving ? this.socket.bytesRead - this.#receivedBefore : 0;
    return Math.max(this.bodyBytes, this.socket.writableLength) + received;
  }

  /**
   * Notes the progress of the response.
   *
   * @returns whether the client has read too slowly
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
    this.#receivedBefore = this.socket.bytesRead;
    // After a response with `Connection: close`, further requests are not processed (RFC 9112, section 9.6).
    if (this.socket.writable) this.#next.shift()?.();
  };
}
