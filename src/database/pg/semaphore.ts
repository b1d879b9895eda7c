/**
 * Semaphore with a bounded wait queue. It rejects callers at once if the queue is full, and queued callers after a
 * timeout.
 */

/** No permit is available within the limits. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export interface Semaphore {
  /** Number of queued callers. */
  readonly waiting: number;
  /**
   * Acquires a permit, in the order of the calls.
   *
   * @param limitMs maximum wait
   * @returns undefined if a permit is free; otherwise a promise. It rejects with an OverloadedError if the queue is full
   *   or the wait is over.
   */
  acquire(limitMs: number): Promise<void> | undefined;
  /** Returns a permit. */
  release(): void;
}

interface Waiter {
  readonly limitMs: number;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  resolve(): void;
  reject(error: OverloadedError): void;
}

/** Interval of the check for expired callers, and so the maximum delay of a rejection. */
const checkIntervalMs = 50;

export function createSemaphore(permits: number, maxQueueLength: number): Semaphore {
  // An array and one shared timer. A Set, or one timer per caller, delays garbage collection of whole requests
  // (`docs/performance.md`).
  let waiting: Waiter[] = [];
  let checkTimer: NodeJS.Timeout | undefined;
  let free = permits;
  // One shared error: the stack trace of a new error costs an eighth of the time of a rejected request
  // (`docs/performance.md`).
  const full = new OverloadedError(`the queue is full: ${maxQueueLength} requests wait for a connection`);

  function rejectExpired(): void {
    const now = performance.now();
    const expired = waiting.filter(({ deadline }) => deadline <= now);
    if (expired.length > 0) waiting = waiting.filter(({ deadline }) => deadline > now);
    checkTimer = waiting.length > 0 ? setTimeout(rejectExpired, checkIntervalMs) : undefined;
    for (const { limitMs, reject } of expired) reject(new OverloadedError(`no connection was free for ${limitMs} ms`));
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
      return new Promise((resolve, reject) => {
        waiting.push({ limitMs, deadline: performance.now() + limitMs, resolve, reject });
        if (!checkTimer) checkTimer = setTimeout(rejectExpired, checkIntervalMs);
      });
    },

    release() {
      // The permit passes to the caller that has waited longest.
      const next = waiting.shift();
      if (next) next.resolve();
      else free += 1;
    },
  };
}
