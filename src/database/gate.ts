/** So much at a time, so much waiting for it, and nobody waiting for long: what is too much is told so at once. */

/** There is no room, and there will be none soon enough. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

export interface Gate {
  /** How many wait. */
  readonly waiting: number;
  /**
   * Takes a place, in the order of asking.
   *
   * @param limitMs how long to wait for one
   * @throws OverloadedError at once where too many wait, or when the time is over
   */
  enter(limitMs: number): Promise<void>;
  /** Gives a place back. */
  leave(): void;
}

export function createGate(places: number, mostWaiting: number): Gate {
  const waiting = new Set<() => void>();
  let free = places;
  return {
    get waiting() {
      return waiting.size;
    },

    enter(limitMs) {
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      if (waiting.size >= mostWaiting) return Promise.reject(new OverloadedError(`${mostWaiting} are waiting already`));
      return new Promise((resolve, reject) => {
        const admit = () => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting.delete(admit);
          reject(new OverloadedError(`there was no room for ${limitMs} ms`));
        }, limitMs);
        waiting.add(admit);
      });
    },

    leave() {
      const [next] = waiting;
      if (!next) {
        free += 1;
        return;
      }
      // The place goes on to the one who has waited longest.
      waiting.delete(next);
      next();
    },
  };
}
