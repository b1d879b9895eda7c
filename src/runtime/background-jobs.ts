/** Small jobs that are done now and then, in the background. */
import { setTimeout as delay } from 'node:timers/promises';

/** Throws away what has expired; stops early when it is told to. */
export type Job = (stopped: AbortSignal) => Promise<unknown>;

const intervalMs = 60_000;

/** Does the jobs about once a minute, at other moments than other servers do, until `stopped`. A job that fails waits for the next time. */
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
