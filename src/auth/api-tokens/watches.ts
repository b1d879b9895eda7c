/** Watches on the API tokens of open event streams, so that a stream ends when its token is revoked. */
import type { Principal } from '../../principal.ts';

/** Milliseconds between two look-ups of the token of a stream: less than the minute for which a verification counts. */
const lookUpIntervalMs = 30_000;

export interface TokenWatches {
  /**
   * Calls `onRevoked` once when the API token of the principal is revoked. Does nothing for other tokens.
   *
   * @returns a function that ends the watch
   */
  watch(principal: Principal, onRevoked: () => void): () => void;
  /** Notifies the watches on the token with this id. */
  notify(id: string): void;
}

/** @param isStored whether the token is still in the database, where another server may have deleted it */
export function createTokenWatches(
  isStored: (owner: Principal, id: string) => Promise<boolean>,
  intervalMs = lookUpIntervalMs,
): TokenWatches {
  const watches = new Map<string, Set<() => void>>();

  return {
    watch(principal, onRevoked) {
      const { apiToken } = principal;
      if (!apiToken) return () => {};
      const { id } = apiToken;
      const ofToken = watches.get(id) ?? new Set();
      watches.set(id, ofToken);
      const lookUp = async () => {
        // If the look-up fails, so do the reads of the stream.
        if (!(await isStored(principal, id).catch(() => true))) end();
      };
      const timer = setInterval(() => void lookUp(), intervalMs).unref();
      const unwatch = () => {
        clearInterval(timer);
        // A watch can end twice. The token may have others then.
        if (ofToken.delete(end) && ofToken.size === 0) watches.delete(id);
      };
      const end = () => {
        unwatch();
        onRevoked();
      };
      ofToken.add(end);
      return unwatch;
    },

    notify(id) {
      for (const end of watches.get(id) ?? []) end();
    },
  };
}
