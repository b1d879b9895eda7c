/** Fixed-window counters per key. */
import { GenerationalCache } from '../runtime/generational-cache.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** The state of a quota after a request. */
export interface RateLimitResult {
  readonly quota: number;
  readonly windowSeconds: number;
  /** Remaining requests in this window; negative by the number of excess requests. */
  readonly remaining: number;
  /** Seconds until the window ends, rounded up; at least 1. */
  readonly resetSeconds: number;
}

/** Counts requests per key against a quota. */
export interface Counter {
  /** Counts one request. */
  consume(key: string): RateLimitResult | Promise<RateLimitResult>;
}

/** A counter in the memory of this process. */
export interface MemoryCounter extends Counter {
  /** @param amount number of requests to count; default 1 */
  consume(key: string, amount?: number): RateLimitResult;
  /** Takes back one counted request, if its window has not ended. */
  giveBack(key: string): void;
  /** The state of the quota, without counting. */
  get(key: string): RateLimitResult;
  /** An upper bound for the number of keys in memory. */
  readonly keys: number;
}

/** Maximum number of keys per generation. The counter has at most two generations and drops the older one. */
const maxKeysPerGeneration = 50_000;

interface Window {
  readonly end: number;
  count: number;
}

interface MemoryCounterOptions {
  /** Length of a window in milliseconds; default: a minute. A window begins with the first request of its key. */
  readonly windowMs?: number;
  /** A monotonic clock in milliseconds. */
  readonly clock?: () => number;
}

export function createMemoryCounter(
  quota: number,
  { windowMs = minuteMs, clock = () => performance.now() }: MemoryCounterOptions = {},
): MemoryCounter {
  const windows = new GenerationalCache<string, Window>();
  /** The time at which all windows of the older generation have ended. */
  let rotateAt = clock() + windowMs;

  /** The current window of a key. */
  function find(key: string, now: number): Window | undefined {
    const window = windows.get(key);
    return window && now < window.end ? window : undefined;
  }

  function begin(key: string, now: number): Window {
    if (now >= rotateAt || windows.size >= maxKeysPerGeneration) {
      windows.rotate();
      rotateAt = now + windowMs;
    }
    const window = { end: now + windowMs, count: 0 };
    windows.set(key, window);
    return window;
  }

  return {
    consume(key, amount = 1) {
      const now = clock();
      const window = find(key, now) ?? begin(key, now);
      // A key in use moves to the recent generation, so a flood of other keys does not drop its count.
      windows.set(key, window);
      window.count += amount;
      return rateLimitResult(quota, windowMs, window.count, window.end - now);
    },
    giveBack(key) {
      const window = find(key, clock());
      if (!window) return;
      window.count -= 1;
      if (window.count <= 0) windows.delete(key);
    },
    get(key) {
      const now = clock();
      const window = find(key, now);
      return rateLimitResult(quota, windowMs, window?.count ?? 0, window ? window.end - now : windowMs);
    },
    get keys() {
      return windows.total;
    },
  };
}

export function rateLimitResult(quota: number, windowMs: number, count: number, msLeft: number): RateLimitResult {
  return {
    quota,
    windowSeconds: windowMs / 1000,
    remaining: quota - count,
    // The difference of two times with fractions can exceed the window by a rounding error.
    resetSeconds: Math.max(1, Math.ceil(Math.round(msLeft) / 1000)),
  };
}
