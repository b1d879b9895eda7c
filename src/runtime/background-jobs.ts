/** Periodic background jobs. */
import { setTimeout as delay } from 'node:timers/promises';

/** A job, for example the deletion of expired rows. It stops early if the signal is aborted. */
export type Job = (stopped: AbortSignal) => Promise<unknown>;

const intervalMs = 60_000;

/**
 * Runs the jobs about once per minute until `stopped`, with jitter so that instances do not run in lockstep. A failed job
 * is retried in the next round.
 */
export async function runBackgroundJobs(
  jobs: readonly Job[],
  stopped: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!stopped.aborted) {
    await delay(intervalMs * (0.5 + Math.random()), undefined, { signal: stopped, ref: false }).catch(() => {});
    for (const job of jobs) if (!stopped.aborted) await job(stopped).catch(onError);
  }
}
