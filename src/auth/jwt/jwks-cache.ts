/** Keys that are fetched, kept, and fetched again: seldom, one fetch at a time, and with patience for a failing source. */

import { keysUnavailable } from './errors.ts';
import { readKeySet } from './jwks.ts';
import type { KeyEvent, KeySource, VerificationKey } from './key-source.ts';

const second = 1_000;
const minute = 60 * second;

/** All times in milliseconds. */
export const keyTimes = {
  /** For a fetch from its start to the last byte. */
  fetchDeadline: 5 * second,
  /** How long keys are used before they are fetched again, in the background. */
  fresh: 5 * minute,
  /** How long keys are used while they cannot be fetched again. */
  usable: 60 * minute,
  /** Between a fetch and another one for a token with an unknown key. */
  coolDown: 30 * second,
  /** After a failed fetch; doubled with each further one, up to the limit. Half of it is left to chance. */
  backOff: 1 * second,
  backOffLimit: 30 * second,
};

export interface RefreshOptions {
  /** Milliseconds that only ever go forward; a test may drive it by hand. */
  readonly clock?: () => number;
  readonly onEvent?: (event: KeyEvent) => void;
}

/**
 * A key source around a function that fetches a JWK Set, given a signal that aborts at the deadline. Whatever the
 * function throws is a failed fetch.
 */
export function createRefreshingKeys(
  fetchDocument: (signal: AbortSignal) => Promise<unknown>,
  { clock = () => performance.now(), onEvent = () => {} }: RefreshOptions = {},
): KeySource {
  let keys: readonly VerificationKey[] | null = null;
  let fetchedAt = 0;
  let failures = 0;
  let nextFetchAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | null = null;

  /** Fetches, or joins the fetch that is under way; does nothing where it is too early for another one. */
  function refresh(): Promise<void> {
    if (!underWay && clock() >= nextFetchAt) {
      underWay = fetchKeys().finally(() => {
        underWay = null;
      });
    }
    return underWay ?? Promise.resolve();
  }

  /** Never rejects: nobody may be waiting for it. */
  async function fetchKeys(): Promise<void> {
    try {
      const found = readKeySet(await beforeDeadline(fetchDocument));
      // A key published again unchanged stays the same object: what was verified with it stays verified.
      keys = found.keys.map((key) => keys?.find((known) => isSameKey(known, key)) ?? key);
      fetchedAt = clock();
      failures = 0;
      nextFetchAt = fetchedAt + keyTimes.coolDown;
      onEvent({ type: 'keys_fetched', usable: keys.length, unused: found.unused });
    } catch (error) {
      const retryInMs = backOff(failures);
      failures += 1;
      nextFetchAt = clock() + retryInMs;
      onEvent({ type: 'keys_fetch_failed', error, retryInMs });
    }
  }

  function unavailable() {
    return keysUnavailable(nextFetchAt - clock());
  }

  return {
    current() {
      const age = clock() - fetchedAt;
      if (keys && age < keyTimes.fresh) return keys;
      if (age >= keyTimes.usable) keys = null;
      const refreshed = refresh();
      return keys ?? refreshed.then(() => keys ?? Promise.reject(unavailable()));
    },

    async newer() {
      await refresh();
      if (!keys || failures > 0) throw unavailable();
      return keys;
    },
  };
}

function isSameKey(one: VerificationKey, other: VerificationKey): boolean {
  return (
    one.kid === other.kid && one.algorithms.join() === other.algorithms.join() && one.material.equals(other.material)
  );
}

/** Milliseconds to wait after this many failures in a row and one more. Chance keeps many servers from asking at once. */
function backOff(failures: number): number {
  const longest = Math.min(keyTimes.backOff * 2 ** failures, keyTimes.backOffLimit);
  return longest * (0.5 + Math.random() / 2);
}

/** Ends with the work or at the deadline, whichever is first, even where the work does not heed the signal. */
async function beforeDeadline<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`the keys did not arrive within ${keyTimes.fetchDeadline} ms`);
      aborter.abort(error);
      reject(error);
    }, keyTimes.fetchDeadline);
  });
  try {
    return await Promise.race([work(aborter.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
