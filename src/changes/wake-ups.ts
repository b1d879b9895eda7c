/**
 * Wake-ups of the requests that wait for a user's next change: streams and long polls.
 *
 * A wake-up carries no data. The woken request reads the changes after its cursor, so an additional wake-up does no harm.
 */
import type { ReadHeads } from './heads.ts';

export interface WakeUps {
  /**
   * Resolves at the next committed change of the user, or when the signal aborts. It may also resolve without a change.
   *
   * Call it before you read the changes. Otherwise a change between the read and the call is missed.
   *
   * @param lastRead returns the number of the last change that the caller has read
   */
  next(ownerId: string, signal: AbortSignal, lastRead: () => number): Promise<void>;
  /** Wakes the user's waiters in this process. Call it after a commit. */
  wake(ownerId: string): void;
  /** Stops the poll. It wakes no request. */
  close(): void;
}

/** The time between two polls in milliseconds. Other processes' changes reach a stream within two seconds. */
export const pollIntervalMs = 1_000;

export interface WakeUpOptions {
  /** Reads the change numbers that other processes may have raised; null if no other process uses the database. */
  readonly readHeads: ReadHeads | null;
  /** Called when a poll fails after one that succeeded. The next poll makes up for it. */
  readonly onError: (error: unknown) => void;
}

interface Waiter {
  readonly lastRead: () => number;
  readonly end: () => void;
}

export function createWakeUps({ readHeads, onError }: WakeUpOptions): WakeUps {
  const waiters = new Map<string, Set<Waiter>>();
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  let hasFailed = false;
  let isClosed = false;

  /** One statement for all users with waiters. */
  const poll = async (read: ReadHeads) => {
    try {
      const numbers = await read([...waiters.keys()]);
      for (const [ownerId, waiting] of waiters) {
        // A user who was erased has no number.
        const seq = numbers.get(ownerId);
        for (const { end, lastRead } of [...waiting]) if (seq !== lastRead()) end();
      }
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onError(error);
      hasFailed = true;
    }
  };

  /** Polls as long as someone waits. */
  const schedule = (read: ReadHeads) => {
    if (timer || isPolling || isClosed || waiters.size === 0) return;
    timer = setTimeout(async () => {
      timer = undefined;
      if (waiters.size === 0) return;
      isPolling = true;
      await poll(read);
      isPolling = false;
      schedule(read);
    }, pollIntervalMs).unref();
  };

  return {
    wake(ownerId) {
      for (const { end } of [...(waiters.get(ownerId) ?? [])]) end();
    },

    next(ownerId, signal, lastRead) {
      return new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const waiting = waiters.get(ownerId) ?? new Set();
        waiters.set(ownerId, waiting);
        const waiter = { lastRead, end };
        waiting.add(waiter);
        signal.addEventListener('abort', end);
        if (readHeads) schedule(readHeads);

        function end() {
          signal.removeEventListener('abort', end);
          waiting.delete(waiter);
          if (waiting.size === 0 && waiters.get(ownerId) === waiting) waiters.delete(ownerId);
          resolve();
        }
      });
    },

    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
