/** Which failures a retry can fix, and the time before it. */
import { onAbort } from './deadline.ts';
import { TodoProblem } from './problem.ts';

/** Milliseconds: the bound of the first delay, which each further attempt doubles, and the bound of all delays. */
const firstDelayMs = 500;
const maxDelayMs = 30_000;

/** A failure of `getToken`. The request was not sent. */
export class TokenFailure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** The error of `getToken`, if it is the cause. */
export function originalOf(error: unknown): unknown {
  return error instanceof TokenFailure ? error.error : error;
}

/**
 * Whether the same request can succeed later: after a network failure, while the server is overloaded or restarts, while
 * the first request with the same key is in progress, and at the limit of requests, but not beyond a quota.
 */
export function isTransient(error: unknown): boolean {
  // What `fetch` throws differs between platforms. A function `getToken` that uses `fetch` throws a TypeError if offline.
  if (error instanceof TokenFailure) return error.error instanceof TypeError;
  if (!(error instanceof TodoProblem)) return true;
  const { status, code } = error;
  return (status === 429 && code !== 'quota_exceeded') || status > 501 || code === 'request_in_progress';
}

/**
 * Milliseconds before the next attempt: `Retry-After`, and a random part of an interval that doubles ("full jitter"), so
 * that clients do not return all at once.
 *
 * @param attempt 0 for the first retry
 */
export function delayBefore(attempt: number, error: unknown): number {
  return retryAfterOf(error) * 1000 + Math.random() * Math.min(maxDelayMs, firstDelayMs * 2 ** attempt);
}

/** Seconds; 0 without `Retry-After`. */
export function retryAfterOf(error: unknown): number {
  return (error instanceof TodoProblem && error.retryAfter) || 0;
}

/** @throws the reason of the signal, as soon as it aborts */
export function sleep(ms: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    onAbort(signal, abort);
  });
}
