/** So much at a time, so much waiting for it, and nobody waiting for long: what is too much is told so at once. */

/** There is no room, and there will be none soon enough. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export interface Semaphore {
  /** How many wait. */
  readonly waiting: number;
  /**
   * Takes a place, in the order of asking.
   *
   * @param limitMs how long to wait for one
   * @returns nothing to wait for where there is one; else a promise that is rejected with an OverloadedError, at once where
   *   too many wait, or when the time is over
   */
  acquire(limitMs: number): Promise<void> | undefined;
  /** Gives a place back. */
  release(): void;
}

interface Waiter {
  readonly limitMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  admit(): void;
  refuse(error: OverloadedError): void;
}

/** How often those who wait are looked at, and so how late they may be told that their time is over. */
const checkIntervalMs = 50;

export function createSemaphore(permits: number, maxQueueLength: number): Semaphore {
  // An array, and one timer for all: what a Set or a timer of each one's own leaves behind keeps whole requests from
  // being collected (`docs/performance.md`).
  let waiting: Waiter[] = [];
  let checkTimer: NodeJS.Timeout | undefined;
  let free = permits;
  // One for all who are turned away: to note where each one came from takes an eighth of the time (`docs/performance.md`).
  const full = new OverloadedError(`${maxQueueLength} are waiting already`);

  function rejectExpired(): void {
    const now = performance.now();
    const expired = waiting.filter(({ deadline }) => deadline <= now);
    if (expired.length > 0) waiting = waiting.filter(({ deadline }) => deadline > now);
    checkTimer = waiting.length > 0 ? setTimeout(rejectExpired, checkIntervalMs) : undefined;
    for (const { limitMs, refuse } of expired) refuse(new OverloadedError(`there was no room for ${limitMs} ms`));
  }

  return {
    get waiting() {
      return waiting.length;
    },

    acquire(limitMs) {
      if (free > 0) {
        free -= 1;
        return undefined;
      }
      if (waiting.length >= maxQueueLength) {
        return Promise.reject(full);
      }
      return new Promise((admit, refuse) => {
        waiting.push({ limitMs, deadline: performance.now() + limitMs, admit, refuse });
        if (!checkTimer) checkTimer = setTimeout(rejectExpired, checkIntervalMs);
      });
    },

    release() {
      // The place goes on to the one who has waited longest.
      const next = waiting.shift();
      if (next) next.admit();
      else free += 1;
    },
  };
}
