/**
 * Minimal HTTP client for benchmarks. It reads only the status and the end of a response (RFC 9112, section 6). A complete
 * client uses as much CPU as a server, and more with every header. It would distort the comparison
 * (`docs/performance.md`).
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LoadRequest } from './load.ts';

/** The bytes of a request. */
export function bytesOf({ method, path, headers, body = '' }: LoadRequest, host: string): Buffer {
  const length = body && { 'Content-Length': Buffer.byteLength(body) };
  const fields = Object.entries({ Host: host, ...headers, ...length }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[`${method} ${path} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n${body}`);
}

/** The end of a chunked body (section 7.1). */
const lastChunk = '\r\n0\r\n\r\n';

/** One connection, which sends one request at a time. */
export class LightClient {
  readonly #socket: Socket;
  /** Of the response: the text up to the end of the headers, the number of received bytes, and the last characters. */
  #head = '';
  #received = 0;
  #tail = '';
  /** In bytes: infinite for a chunked body, undefined before the headers are complete. */
  #length: number | undefined;
  #resolve: (status: number) => void = () => {};
  #reject: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket
      .on('data', (bytes) => this.#receive(bytes))
      .on('error', (error) => this.#reject(error))
      .on('close', () => this.#reject(new Error('the server closed the connection')));
  }

  static async connect(url: URL): Promise<LightClient> {
    const socket = connect({ host: url.hostname, port: Number(url.port || 80), noDelay: true });
    await once(socket, 'connect');
    return new LightClient(socket);
  }

  /** Resolves to the status when the response is complete. */
  send(request: Buffer): Promise<number> {
    this.#head = '';
    this.#received = 0;
    this.#tail = '';
    this.#length = undefined;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#reject = () => {};
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received += bytes.length;
    if (this.#length === undefined) {
      this.#head += bytes.toString('latin1');
      this.#length = lengthOf(this.#head);
    }
    if (this.#length === Number.POSITIVE_INFINITY) {
      this.#tail = (this.#tail + bytes.toString('latin1')).slice(-lastChunk.length);
    }
    if (this.#tail === lastChunk || this.#received >= (this.#length ?? Number.POSITIVE_INFINITY)) {
      this.#resolve(Number(this.#head.slice(9, 12)));
    }
  }
}

/** The length of a response with a body, in bytes, or undefined if the headers are incomplete. */
function lengthOf(received: string): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.slice(0, end);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return Number.POSITIVE_INFINITY;
  return end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
}
