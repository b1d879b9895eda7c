/** Counting per key in windows of a minute. */
import { RecentMap } from '../runtime/generational-cache.ts';

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

/** At least so many keys are counted at a time, at most twice as many; those that were counted first are forgotten. */
const enoughKeys = 50_000;

interface Window {
  readonly end: number;
  count: number;
}

/** @param clock in milliseconds, never going back */
export function createMemoryCounter(quota: number, clock: () => number = () => performance.now()): MemoryCounter {
  const windows = new RecentMap<string, Window>();
  /** From then on, every window that began before the last turn has ended. */
  let turnAt = clock() + windowMs;

  /** The window that a key is in. */
  function find(key: string, now: number): Window | undefined {
    const window = windows.get(key);
    return window && now < window.end ? window : undefined;
  }

  function begin(key: string, now: number): Window {
    if (now >= turnAt || windows.size >= enoughKeys) {
      windows.turn();
      turnAt = now + windowMs;
    }
    const window = { end: now + windowMs, count: 0 };
    windows.set(key, window);
    return window;
  }

  return {
    take(key) {
      const now = clock();
      const window = find(key, now) ?? begin(key, now);
      window.count += 1;
      return allowance(quota, window.count, window.end - now);
    },
    look(key) {
      const now = clock();
      const window = find(key, now);
      return allowance(quota, window?.count ?? 0, window ? window.end - now : windowMs);
    },
  };
}

export function allowance(quota: number, count: number, msLeft: number): Allowance {
  return { quota, remaining: quota - count, resetSeconds: Math.max(1, Math.ceil(msLeft / 1000)) };
}
