/** Duplex stream that replaces pg's TCP socket and forwards protocol messages to the embedded database. */
import { Duplex } from 'node:stream';
import type { Engine, EngineConnection } from './engine.ts';

/** Messages that PostgreSQL answers: Query, Sync and Flush. Other messages are buffered until one of them arrives. */
const answeredTypes = new Set(['Q', 'S', 'H'].map((type) => type.charCodeAt(0)));
const terminate = 'X'.charCodeAt(0);

/** AuthenticationOk, and ReadyForQuery outside of a transaction. */
const welcome = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/**
 * A connection to the database, which has a single session. At most one connection may be open. A new connection first
 * rolls back and deallocates what the previous one may have left in the session.
 */
export class EngineSocket extends Duplex {
  readonly #engine: Engine;
  #connection: EngineConnection | undefined;
  #isExchanging = false;
  #removeEndListener: () => void = () => {};
  #received: Buffer = Buffer.alloc(0);
  #isStarted = false;
  #last: Promise<void> = Promise.resolve();

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#readMessages();
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this.#received = Buffer.concat([this.#received, ...chunks.map(({ chunk }) => chunk)]);
    this.#readMessages();
    done();
  }

  override _read(): void {}

  override _final(done: () => void): void {
    // Close the readable side after the client has closed the writable side, as a server does.
    void this.#last.then(() => {
      this.push(null);
      done();
    });
  }

  /** Forwards the complete messages, up to the last one that PostgreSQL answers. */
  #readMessages(): void {
    let end = 0;
    let complete = 0;
    for (;;) {
      // The start-up message has no type byte.
      const lengthAt = this.#isStarted ? end + 1 : end;
      if (this.#received.length < lengthAt + 4) break;
      const next = lengthAt + this.#received.readInt32BE(lengthAt);
      if (this.#received.length < next) break;
      const type = this.#received[end] ?? 0;
      end = next;
      if (!this.#isStarted) {
        this.#isStarted = true;
        this.#received = this.#received.subarray(end);
        end = 0;
        this.#start();
      } else if (type === terminate) {
        this.#received = Buffer.alloc(0);
        return;
      } else if (answeredTypes.has(type)) complete = end;
    }
    if (complete === 0) return;
    const messages = this.#received.subarray(0, complete);
    this.#received = this.#received.subarray(complete);
    this.#then(async () => void this.push(Buffer.from(await this.#exchange(messages))));
  }

  #start(): void {
    this.#then(async () => {
      this.#connection = await this.#engine.connect();
      this.#removeEndListener = this.#connection.onEnd((reason) => void this.destroy(reason));
      if (this.destroyed) this.#removeEndListener();
      await this.#exchange(query('rollback'));
      await this.#exchange(query('deallocate all'));
      this.push(welcome);
    });
  }

  async #exchange(messages: Buffer): Promise<Uint8Array> {
    if (!this.#connection || this.destroyed) throw new Error('the connection is closed');
    this.#isExchanging = true;
    try {
      return await this.#connection.exchange(messages);
    } finally {
      this.#isExchanging = false;
    }
  }

  /** pg destroys the socket if an answer does not arrive before the deadline of its query. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#removeEndListener();
    if (this.#isExchanging) this.#connection?.interrupt();
    done(error);
  }

  #then(work: () => Promise<void>): void {
    this.#last = this.#last
      .then(() => (this.destroyed ? undefined : work()))
      .catch((error) => void this.destroy(error));
  }

  // Methods of a socket that pg calls. They have no effect here.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** A simple query as a message. */
function query(text: string): Buffer {
  const length = Buffer.byteLength(text) + 5;
  const message = Buffer.alloc(length + 1);
  message.write('Q');
  message.writeInt32BE(length, 1);
  message.write(text, 5);
  return message;
}
