/** The leader: the one tab that sends the queue and reads the changes. */
import type { Environment } from './environment.ts';
import { OtherUserError, Reader } from './reader.ts';
import { Sender } from './sender.ts';
import type { SharedReplica } from './shared-replica.ts';
import type { Transport } from './transport.ts';

export interface LeaderParts {
  readonly shared: SharedReplica;
  readonly transport: Transport;
  readonly environment: Environment;
  readonly userId: string;
  /** @param error the last failure, or undefined if the last request succeeded */
  readonly onConnection: (error: unknown) => void;
}

export class Leader {
  readonly #parts: LeaderParts;
  readonly #stop = new AbortController();
  readonly #reader: Reader;
  readonly #sender: Sender;

  constructor(parts: LeaderParts) {
    this.#parts = parts;
    const onConnection = (error: unknown) => {
      parts.onConnection(error);
      // Nothing may be sent with the token of another user.
      if (error instanceof OtherUserError) this.stop();
    };
    this.#reader = new Reader({ ...parts, onConnection });
    const catchUp = () => this.#reader.catchUp(this.#stop.signal);
    this.#sender = new Sender({ ...parts, onConnection, catchUp });
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    await this.#refresh();
    let sending: Promise<void> | undefined;
    const onPresent = () => {
      // Changes can prove that an operation was executed, so they come before the first operation.
      sending ??= this.#sender.run(signal);
      this.#sender.skipPause();
    };
    await this.#reader.run(signal, onPresent);
    await sending;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** The replica has changed. */
  noteChange(): void {
    this.#sender.wake();
    this.#reader.noteAnswers();
  }

  /** Ends the pauses after failed requests. */
  reconnect(): void {
    this.#reader.skipPause();
    this.#sender.skipPause();
  }

  /** The last leader may have committed without a message. */
  async #refresh(): Promise<void> {
    try {
      await this.#parts.shared.refresh();
    } catch (error) {
      this.#parts.onConnection(error);
    }
  }
}
