/** Keys that are fetched, kept, and fetched again: seldom, one fetch at a time, and with patience for a failing source. */

import { keysUnavailable } from './errors.ts';
import { parseJwks } from './jwks.ts';
import type { KeyEvent, KeySource, VerificationKey } from './key-source.ts';

const second = 1_000;
const minute = 60 * second;

/** All times in milliseconds. */
export const jwksCacheTimes = {
  /** For a fetch from its start to the last byte. */
  fetchTimeout: 5 * second,
  /** How long keys are used before they are fetched again, in the background. */
  maxAge: 5 * minute,
  /** How long keys are used while they cannot be fetched again. */
  usable: 60 * minute,
  /** Between a fetch and another one for a token with an unknown key. */
  cooldown: 30 * second,
  /** After a failed fetch; doubled with each further one, up to the limit. Half of it is left to chance. */
  backoff: 1 * second,
  maxBackoff: 30 * second,
};

export interface JwksCacheOptions {
  /** Milliseconds that only ever go forward; a test may drive it by hand. */
  readonly clock?: () => number;
  readonly onEvent?: (event: KeyEvent) => void;
}

/**
 * A key source around a function that fetches a JWK Set, given a signal that aborts at the deadline. Whatever the
 * function throws is a failed fetch.
 */
export function createJwksCache(
  fetchDocument: (signal: AbortSignal) => Promise<unknown>,
  { clock = () => performance.now(), onEvent = () => {} }: JwksCacheOptions = {},
): KeySource {
  let keys: readonly VerificationKey[] | null = null;
  let fetchedAt = 0;
  let failures = 0;
  let nextFetchAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | null = null;

  /** Fetches, or joins the fetch that is under way; does nothing where it is too early for another one. */
  function refresh(): Promise<void> {
    if (!pending && clock() >= nextFetchAt) {
      pending = fetchKeys().finally(() => {
        pending = null;
      });
    }
    return pending ?? Promise.resolve();
  }

  /** Never rejects: nobody may be waiting for it. */
  async function fetchKeys(): Promise<void> {
    try {
      const found = parseJwks(await withDeadline(fetchDocument));
      // A key published again unchanged stays the same object: what was verified with it stays verified.
      keys = found.keys.map((key) => keys?.find((known) => isSameKey(known, key)) ?? key);
      fetchedAt = clock();
      failures = 0;
      nextFetchAt = fetchedAt + jwksCacheTimes.cooldown;
      onEvent({ type: 'keys_fetched', usable: keys.length, unused: found.unused });
    } catch (error) {
      const retryInMs = backoff(failures);
      failures += 1;
      nextFetchAt = clock() + retryInMs;
      onEvent({ type: 'keys_fetch_failed', error, retryInMs });
    }
  }

  function unavailable() {
    return keysUnavailable(nextFetchAt - clock());
  }

  return {
    get() {
      const age = clock() - fetchedAt;
      if (keys && age < jwksCacheTimes.maxAge) return keys;
      if (age >= jwksCacheTimes.usable) keys = null;
      const refreshed = refresh();
      return keys ?? refreshed.then(() => keys ?? Promise.reject(unavailable()));
    },

    async refresh() {
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
function backoff(failures: number): number {
  const longest = Math.min(jwksCacheTimes.backoff * 2 ** failures, jwksCacheTimes.maxBackoff);
  return longest * (0.5 + Math.random() / 2);
}

/** Ends with the work or at the deadline, whichever is first, even where the work does not heed the signal. */
async function withDeadline<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`the keys did not arrive within ${jwksCacheTimes.fetchTimeout} ms`);
      aborter.abort(error);
      reject(error);
    }, jwksCacheTimes.fetchTimeout);
  });
  try {
    return await Promise.race([work(aborter.signal), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
