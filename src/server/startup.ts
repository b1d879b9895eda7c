/** Startup with retries until the database is reachable. */
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode, isTransient } from '../database/errors.ts';
import type { Services } from '../services.ts';

const firstDelayMs = 250;
const maxDelayMs = 10_000;

/**
 * Prepares the services. It retries while the database is unreachable, for example during a restart or while Neon resumes.
 *
 * @returns the names of the applied migrations; none if startup was aborted
 * @throws errors that a retry cannot fix, such as DatabaseSetupError or a rejected login
 */
export async function prepareWithRetries({ log, prepare }: Services, aborted: AbortSignal): Promise<string[]> {
  for (let delayMs = firstDelayMs; !aborted.aborted; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    try {
      const applied = await prepare();
      log.info({ migrations: applied }, 'ready');
      return applied;
    } catch (error) {
      if (!isTransient(error)) throw error;
      // The shutdown has closed the connection of the attempt.
      if (aborted.aborted) return [];
      // One line per attempt, without a stack: an outage can last for hours.
      const reason = (error as Error).message || errorCode(error);
      log.warn({ retry_in_ms: delayMs, reason }, 'the database cannot be reached; retrying');
      // Jitter keeps servers that lost the same database from reconnecting in lockstep.
      await delay(delayMs * (0.5 + Math.random() / 2), undefined, { signal: aborted }).catch(() => {});
    }
  }
  return [];
}
