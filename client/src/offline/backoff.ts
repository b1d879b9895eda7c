/** Exponential back-off: the pauses of a loop after failed requests, with jitter and without a last attempt. */
import type { Environment } from './environment.ts';

const firstPauseMs = 500;
const maxPauseMs = 60_000;

/** @param failures how many requests have failed in a row, at least 1 */
export function pauseMs(failures: number, random: number): number {
  return Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2);
}

export class Backoff {
  readonly #environment: Environment;
  #failures = 0;
  #pause: Promise<void> = Promise.resolve();
  #end = new AbortController();
  #isStopped = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** @param minMs what the server demands in `Retry-After` */
  fail(minMs = 0): void {
    if (this.#isStopped) return;
    this.#failures += 1;
    this.#end = new AbortController();
    const ms = Math.max(minMs, pauseMs(this.#failures, this.#environment.random()));
    this.#pause = this.#environment.sleep(ms, this.#end.signal);
  }

  succeed(): void {
    this.#failures = 0;
  }

  /** Ends the pause, for example because the device is online again. */
  skip(): void {
    this.#end.abort();
  }

  /** Ends all pauses, also later ones. */
  stop(): void {
    this.#isStopped = true;
    this.skip();
  }

  /** Resolves when the next request may be sent. */
  wait(): Promise<void> {
    return this.#pause;
  }
}
