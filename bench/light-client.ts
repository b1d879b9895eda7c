/**
 * An HTTP client that takes next to nothing of the machine: of an answer it reads the status and where it ends (RFC 9112,
 * section 6). One that reads all headers takes as long as a server does, and longer the more headers there are, so that
 * what the servers differ by would be the client's in part (`docs/performance.md`).
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LoadRequest } from './load.ts';

/** What goes over the wire for a request. */
export function bytesOf({ method, path, headers, body = '' }: LoadRequest, host: string): Buffer {
  const length = body && { 'Content-Length': Buffer.byteLength(body) };
  const fields = Object.entries({ Host: host, ...headers, ...length }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`${[`${method} ${path} HTTP/1.1`, ...fields].join('\r\n')}\r\n\r\n${body}`);
}

/** The end of a body that came in chunks (section 7.1). */
const lastChunk = '\r\n0\r\n\r\n';

/** One connection, for one request after the other. */
export class LightClient {
  readonly #socket: Socket;
  /** Of the answer: what came until the headers were whole, the bytes that came in all, and the last of them. */
  #head = '';
  #received = 0;
  #tail = '';
  /** In bytes: infinite where it comes in chunks, unknown before the headers have come. */
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

  /** Gives the status of the answer once all of it has come. */
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

/** Of an answer to anything but HEAD, of which this much has come. */
function lengthOf(received: string): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.slice(0, end);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return Number.POSITIVE_INFINITY;
  return end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
}
