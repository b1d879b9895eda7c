/** Counting per key in windows of a minute. */
import { GenerationalCache } from '../runtime/generational-cache.ts';

/** The length of a window, in milliseconds. It begins with the first count of a key. */
export const windowMs = 60_000;

/** What is left of a quota. */
export interface RateLimitResult {
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
  consume(key: string): RateLimitResult | Promise<RateLimitResult>;
}

/** Counts in this process. */
export interface MemoryCounter extends Counter {
  consume(key: string): RateLimitResult;
  /** Tells what is left without counting. */
  get(key: string): RateLimitResult;
}

/** At least so many keys are counted at a time, at most twice as many; those that were counted first are forgotten. */
const maxKeysPerGeneration = 50_000;

interface Window {
  readonly end: number;
  count: number;
}

/** @param clock in milliseconds, never going back */
export function createMemoryCounter(quota: number, clock: () => number = () => performance.now()): MemoryCounter {
  const windows = new GenerationalCache<string, Window>();
  /** From then on, every window that began before the last turn has ended. */
  let rotateAt = clock() + windowMs;

  /** The window that a key is in. */
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
