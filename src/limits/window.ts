/** Counting per key in windows of a minute. */

/** The length of a window, in milliseconds. It begins with the first count of a key. */
export const windowMs = 60_000;

/** What is left of a quota. */
export interface Allowance {
  readonly quota: number;
  /** How many more there may be in this window; below 0 by as many as there were too many. */
  readonly remaining: number;
  /** Seconds until the window ends, rounded up: never 0. */
  readonly resetSeconds: number;
}

/** What is limited, by the name that it has in headers: requests of a user, failed authentications of an address. */
export type LimitPolicy = 'requests' | 'failures';

/** Counts requests of a key against a quota, for all who share it. */
export interface Counter {
  /** Counts one, and tells what is left. */
  take(key: string): Allowance | Promise<Allowance>;
}

/** Counts in this process. */
export interface MemoryCounter extends Counter {
  take(key: string): Allowance;
  /** Tells what is left without counting. */
  look(key: string): Allowance;
}

/** So many keys are counted at a time; past that, the ones whose windows began first are forgotten. */
const mostKeys = 100_000;

/** @param clock in milliseconds, never going back */
export function createMemoryCounter(quota: number, clock: () => number = () => performance.now()): MemoryCounter {
  /** In the order in which the windows began, and so in which they end. */
  const windows = new Map<string, { end: number; count: number }>();

  return {
    take(key) {
      const now = clock();
      forgetEnded(now);
      let window = windows.get(key);
      if (!window) {
        window = { end: now + windowMs, count: 0 };
        windows.set(key, window);
      }
      window.count += 1;
      return allowance(quota, window.count, window.end - now);
    },
    look(key) {
      const now = clock();
      forgetEnded(now);
      const window = windows.get(key);
      return allowance(quota, window?.count ?? 0, window ? window.end - now : windowMs);
    },
  };

  function forgetEnded(now: number): void {
    for (const [key, { end }] of windows) {
      if (end > now && windows.size < mostKeys) break;
      windows.delete(key);
    }
  }
}

export function allowance(quota: number, count: number, msLeft: number): Allowance {
  return { quota, remaining: quota - count, resetSeconds: Math.max(1, Math.ceil(msLeft / 1000)) };
}
