/** Periodic background jobs, which leave an unused database alone. */
import { setTimeout as delay } from 'node:timers/promises';

/** A job, for example the deletion of expired rows. It stops early if the signal is aborted. */
export type Job = (stopped: AbortSignal) => Promise<unknown>;

/** Waits, or returns early if the signal is aborted. */
export type Pause = (ms: number, stopped: AbortSignal) => Promise<unknown>;

const intervalMs = 60_000;

export interface BackgroundJobsOptions {
  readonly stopped: AbortSignal;
  readonly onError: (error: unknown) => void;
  /** Returns a number that grows with each use of the database, also by the jobs. */
  readonly useCount: () => number;
  /** A clock that tests replace. */
  readonly pause?: Pause;
}

/**
 * Runs the jobs about once per minute until `stopped`, with jitter so that instances do not run in lockstep. A failed job
 * runs again in the next round. A round is skipped if this process has not used the database since the last one. Otherwise a database such as Neon,
 * which is suspended after some idle minutes, would always be awake.
 */
export async function runBackgroundJobs(
  jobs: readonly Job[],
  { stopped, onError, useCount, pause = pauseFor }: BackgroundJobsOptions,
): Promise<void> {
  let usesAtLastRound = 0;
  while (!stopped.aborted) {
    await pause(intervalMs * (0.5 + Math.random()), stopped);
    if (useCount() === usesAtLastRound) continue;
    for (const job of jobs) if (!stopped.aborted) await job(stopped).catch(onError);
    usesAtLastRound = useCount();
  }
}

function pauseFor(ms: number, stopped: AbortSignal): Promise<unknown> {
  return delay(ms, undefined, { signal: stopped, ref: false }).catch(() => {});
}

/** Between two steps, so that requests are not delayed. */
const pauseBetweenStepsMs = 200;

/**
 * Repeats a step that removes rows, with pauses, until it removes fewer than its maximum.
 *
 * @param step removes at most `maxRows` and returns their number
 * @param stopped ends the removal after the current step
 * @returns the number of removed rows
 */
export async function removeInSteps(
  step: () => Promise<number>,
  maxRows: number,
  stopped?: AbortSignal,
): Promise<number> {
  for (let total = 0; ; ) {
    const removed = await step();
    total += removed;
    if (removed < maxRows || stopped?.aborted) return total;
    await delay(pauseBetweenStepsMs, undefined, stopped && { signal: stopped }).catch(() => {});
  }
}
