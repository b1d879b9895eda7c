/** Queue of messages: bounded, in the background, and with retries of what an SMTP server rejects for now. */
import { settledWithin } from '../runtime/timeout.ts';
import { type Deliver, DeliveryError, type Message } from './smtp.ts';

/** Maximum messages in memory. */
export const maxQueuedMessages = 1_000;

/** Maximum connections to the SMTP server. */
const maxConcurrent = 4;

/**
 * Waits before the repetitions, in milliseconds. Servers that greylist accept a message after some minutes (RFC 6647,
 * section 2). The links in the messages are valid for an hour.
 */
const retryDelaysMs = [15_000, 120_000, 600_000];

export interface MailQueue {
  /** Queues a message and returns at once. It reports a failure only to `onFailure`. */
  send(message: Message): void;
  /**
   * Sends what waits, without further repetitions. After the limit, the rest is dropped.
   *
   * @returns whether everything was sent or has failed in time
   */
  close(limitMs: number): Promise<boolean>;
}

export interface MailQueueOptions {
  readonly deliver: Deliver;
  /** Called with the cause and the fix, when a message is dropped. */
  readonly onFailure: (reason: string) => void;
  /** Replaces the waits, for tests. */
  readonly delaysMs?: readonly number[];
}

interface Entry {
  readonly message: Message;
  attempts: number;
}

export function createMailQueue({ deliver, onFailure, delaysMs = retryDelaysMs }: MailQueueOptions): MailQueue {
  const waiting: Entry[] = [];
  /** The messages that wait for their repetition. */
  const delayed = new Map<Entry, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  const stop = new AbortController();
  let isClosing = false;

  function start(): void {
    while (running.size < maxConcurrent) {
      const entry = waiting.shift();
      if (!entry) return;
      const attempt: Promise<void> = send(entry).finally(() => {
        running.delete(attempt);
        start();
      });
      running.add(attempt);
    }
  }

  async function send(entry: Entry): Promise<void> {
    try {
      await deliver(entry.message, stop.signal);
    } catch (error) {
      const delayMs = delaysMs[entry.attempts];
      entry.attempts += 1;
      const isTemporary = error instanceof DeliveryError && error.isTemporary;
      if (isTemporary && delayMs !== undefined && !isClosing) delay(entry, delayMs);
      else onFailure(error instanceof DeliveryError ? error.message : String((error as Error).name));
    }
  }

  function delay(entry: Entry, delayMs: number): void {
    const repeat = () => {
      delayed.delete(entry);
      waiting.push(entry);
      start();
    };
    // Jitter keeps the messages of an outage from arriving at once. A timer must not keep the process running.
    delayed.set(entry, setTimeout(repeat, delayMs * (0.5 + Math.random())).unref());
  }

  async function drain(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  return {
    send(message) {
      if (isClosing) return onFailure('the server is stopping.');
      if (waiting.length + delayed.size + running.size >= maxQueuedMessages) {
        return onFailure(`more than ${maxQueuedMessages} messages wait for the SMTP server.`);
      }
      waiting.push({ message, attempts: 0 });
      start();
    },

    async close(limitMs) {
      isClosing = true;
      for (const [entry, timer] of delayed) {
        clearTimeout(timer);
        waiting.push(entry);
      }
      delayed.clear();
      start();
      const isDone = await settledWithin(drain(), limitMs);
      if (!isDone) {
        for (const _ of waiting.splice(0)) onFailure('the server stopped before the message was sent.');
        stop.abort();
        await drain();
      }
      return isDone;
    },
  };
}
