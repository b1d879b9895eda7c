/** Fixed-window counters per key. */
import { GenerationalCache } from '../runtime/generational-cache.ts';

/** Length of a window in milliseconds. A window begins with the first request of its key. */
export const windowMs = 60_000;

/** The state of a quota after a request. */
export interface RateLimitResult {
  readonly quota: number;
  /** Remaining requests in this window; negative by the number of excess requests. */
  readonly remaining: number;
  /** Seconds until the window ends, rounded up; at least 1. */
  readonly resetSeconds: number;
}

/** The name of a limit in headers: requests per user, or failed authentications per address. */
export type LimitPolicy = 'requests' | 'failures';

/** Counts requests per key against a quota. */
export interface Counter {
  /** Counts one request. */
  consume(key: string): RateLimitResult | Promise<RateLimitResult>;
}

/** A counter in the memory of this process. */
export interface MemoryCounter extends Counter {
  consume(key: string): RateLimitResult;
  /** The state of the quota, without counting. */
  get(key: string): RateLimitResult;
}

/** Maximum number of keys per generation. The counter has at most two generations and drops the older one. */
const maxKeysPerGeneration = 50_000;

interface Window {
  readonly end: number;
  count: number;
}

/** @param clock a monotonic clock in milliseconds */
export function createMemoryCounter(quota: number, clock: () => number = () => performance.now()): MemoryCounter {
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
    consume(key) {
      const now = clock();
      const window = find(key, now) ?? begin(key, now);
      window.count += 1;
      return rateLimitResult(quota, window.count, window.end - now);
    },
    get(key) {
      const now = clock();
      const window = find(key, now);
      return rateLimitResult(quota, window?.count ?? 0, window ? window.end - now : windowMs);
    },
  };
}

export function rateLimitResult(quota: number, count: number, msLeft: number): RateLimitResult {
  return { quota, remaining: quota - count, resetSeconds: Math.max(1, Math.ceil(msLeft / 1000)) };
}
