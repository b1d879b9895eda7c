/** Clock, timers and random values. The simulation replaces them, so that a seed decides everything. */

export interface Environment {
  /** Milliseconds since 1970, by the clock of the device. Only ids and unconfirmed timestamps depend on it. */
  now(): number;
  /** A number from 0 up to 1. */
  random(): number;
  /** Resolves after so many milliseconds, or as soon as the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const realEnvironment: Environment = {
  now: () => Date.now(),
  random: () => {
    // React Native has no `crypto`. Ids are no secrets: they must only differ from the user's other ones.
    const [value] = globalThis.crypto?.getRandomValues?.(new Uint32Array(1)) ?? [];
    return value === undefined ? Math.random() : value / 2 ** 32;
  },
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
    }),
};

/** A UUID of version 7 (RFC 9562, section 5.7), in the form that the API accepts as the id of a new resource. */
export function newId(environment: Environment): string {
  const digits = (count: number) =>
    Math.floor(environment.random() * 16 ** count)
      .toString(16)
      .padStart(count, '0');
  const time = Math.floor(environment.now()).toString(16).padStart(12, '0').slice(-12);
  const variant = (8 + Math.floor(environment.random() * 4)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-${variant}${digits(3)}-${digits(6)}${digits(6)}`;
}
