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
   * @returns nothing to wait for where there is one; else a promise that is rejected with an OverloadedError, at once where
   *   too many wait, or when the time is over
   */
  enter(limitMs: number): Promise<void> | undefined;
  /** Gives a place back. */
  leave(): void;
}

interface Waiter {
  readonly limitMs: number;
  /** On the clock of `performance.now()`. */
  readonly patientUntil: number;
  admit(): void;
  refuse(error: OverloadedError): void;
}

/** How often those who wait are looked at, and so how late they may be told that their time is over. */
const lookMs = 50;

export function createGate(places: number, mostWaiting: number): Gate {
  // An array, and one timer for all: what a Set or a timer of each one's own leaves behind keeps whole requests from
  // being collected (`docs/performance.md`).
  let waiting: Waiter[] = [];
  let looking: NodeJS.Timeout | undefined;
  let free = places;
  // One for all who are turned away: to note where each one came from takes an eighth of the time (`docs/performance.md`).
  const full = new OverloadedError(`${mostWaiting} are waiting already`);

  function refuseImpatient(): void {
    const now = performance.now();
    const impatient = waiting.filter(({ patientUntil }) => patientUntil <= now);
    if (impatient.length > 0) waiting = waiting.filter(({ patientUntil }) => patientUntil > now);
    looking = waiting.length > 0 ? setTimeout(refuseImpatient, lookMs) : undefined;
    for (const { limitMs, refuse } of impatient) refuse(new OverloadedError(`there was no room for ${limitMs} ms`));
  }

  return {
    get waiting() {
      return waiting.length;
    },

    enter(limitMs) {
      if (free > 0) {
        free -= 1;
        return undefined;
      }
      if (waiting.length >= mostWaiting) {
        return Promise.reject(full);
      }
      return new Promise((admit, refuse) => {
        waiting.push({ limitMs, patientUntil: performance.now() + limitMs, admit, refuse });
        if (!looking) looking = setTimeout(refuseImpatient, lookMs);
      });
    },

    leave() {
      // The place goes on to the one who has waited longest.
      const next = waiting.shift();
      if (next) next.admit();
      else free += 1;
    },
  };
}
