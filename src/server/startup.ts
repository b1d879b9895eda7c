/** Making the services ready, for as long as it takes a database to be there. */
import { setTimeout as delay } from 'node:timers/promises';
import { isWorthAnotherTry } from '../database/errors.ts';
import type { Services } from '../services.ts';

const firstDelayMs = 250;
const maxDelayMs = 10_000;

/**
 * Tries again while the database cannot be reached, which a restart or a suspended Neon explains.
 *
 * @returns the names of the migrations applied; none where it was abandoned
 * @throws what says that trying again is no use: DatabaseSetupError, a refused login
 */
export async function prepareWithRetries({ log, prepare }: Services, aborted: AbortSignal): Promise<string[]> {
  for (let delayMs = firstDelayMs; !aborted.aborted; delayMs = Math.min(2 * delayMs, maxDelayMs)) {
    try {
      const applied = await prepare();
      log.info({ migrations: applied }, 'ready');
      return applied;
    } catch (error) {
      if (!isWorthAnotherTry(error)) throw error;
      log.warn({ retry_in_ms: delayMs, err: error }, 'the database cannot be reached; trying again');
      // With jitter, so that servers which lost the same database do not come back in step.
      await delay(delayMs * (0.5 + Math.random() / 2), undefined, { signal: aborted }).catch(() => {});
    }
  }
  return [];
}
