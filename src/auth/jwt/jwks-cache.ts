/** A cache of a JWK Set: one fetch at a time, background refresh, stale keys while fetches fail, and backoff. */
import { keysUnavailable } from './errors.ts';
import { parseJwks } from './jwks.ts';
import type { KeyEvent, KeySource, VerificationKey } from './key-source.ts';

const second = 1_000;
const minute = 60 * second;

/** All times in milliseconds. */
export const jwksCacheTimes = {
  /** Timeout of a whole fetch. */
  fetchTimeout: 5 * second,
  /** Age at which the keys are fetched again in the background. */
  maxAge: 5 * minute,
  /** Age up to which the keys are used while fetches fail (stale-if-error, RFC 5861). */
  staleIfError: 60 * minute,
  /** Minimum time after a fetch before a token with an unknown key causes another one. */
  cooldown: 30 * second,
  /**
   * Maximum delay after a failed fetch. It doubles with each failure up to `maxBackoff`. The delay is at least half of
   * it.
   */
  backoff: 1 * second,
  maxBackoff: 30 * second,
};

export interface JwksCacheOptions {
  /** A monotonic clock in milliseconds, which tests replace. */
  readonly clock?: () => number;
  readonly onEvent?: (event: KeyEvent) => void;
}

/**
 * A key source that caches a JWK Set.
 *
 * @param fetchDocument fetches the JWK Set; its signal aborts at the timeout. If it throws, the fetch has failed.
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

  /** Starts a fetch or waits for the one in progress. It starts none during the cooldown or the backoff. */
  function refresh(): Promise<void> {
    if (!pending && clock() >= nextFetchAt) {
      pending = fetchKeys().finally(() => {
        pending = null;
      });
    }
    return pending ?? Promise.resolve();
  }

  /** Never rejects, because a background fetch has no caller that handles the rejection. */
  async function fetchKeys(): Promise<void> {
    try {
      const jwks = parseJwks(await withTimeout(fetchDocument));
      // An unchanged key stays the same object, so that cached verifications with it stay valid.
      keys = jwks.keys.map((key) => keys?.find((known) => isSameKey(known, key)) ?? key);
      fetchedAt = clock();
      failures = 0;
      nextFetchAt = fetchedAt + jwksCacheTimes.cooldown;
      onEvent({ type: 'keys_fetched', usable: keys.length, unused: jwks.unused });
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
      if (age >= jwksCacheTimes.staleIfError) keys = null;
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

/**
 * Milliseconds to wait after a failure. With jitter, servers do not fetch at the same time.
 *
 * @param failures in a row before this one
 */
function backoff(failures: number): number {
  const max = Math.min(jwksCacheTimes.backoff * 2 ** failures, jwksCacheTimes.maxBackoff);
  return max * (0.5 + Math.random() / 2);
}

/** Rejects at the timeout, even if `work` ignores the signal. */
async function withTimeout<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`the keys did not arrive within ${jwksCacheTimes.fetchTimeout} ms`);
      aborter.abort(error);
      reject(error);
    }, jwksCacheTimes.fetchTimeout);
  });
  try {
    return await Promise.race([work(aborter.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
