/** Password hashing with a limit on concurrent computations, and a queue in which addresses take turns. */
import { hashPassword, verifyPassword } from 'better-auth/crypto';

/** Maximum concurrent computations in this process. Each one takes a thread and 32 MiB for about 60 ms. */
const maxConcurrent = 2;

type Run = <Result>(key: string, work: () => Promise<Result>) => Promise<Result>;

/**
 * A limit on concurrent work. The next place goes to the key that has waited longest since its last one, so a key with many
 * entries delays another key by at most one entry.
 */
export function createPasswordQueue(max: number): Run {
  const waiting = new Map<string, (() => void)[]>();
  let running = 0;

  function enter(key: string): Promise<void> | undefined {
    if (running < max) {
      running += 1;
      return undefined;
    }
    return new Promise((resume) => {
      const entries = waiting.get(key);
      if (entries) entries.push(resume);
      else waiting.set(key, [resume]);
    });
  }

  /** Passes the place to the next key, which then moves to the end. */
  function leave(): void {
    const [next] = waiting;
    if (!next) {
      running -= 1;
      return;
    }
    const [key, entries] = next;
    const resume = entries.shift();
    waiting.delete(key);
    if (entries.length > 0) waiting.set(key, entries);
    resume?.();
  }

  return async (key, work) => {
    await enter(key);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

/** @param currentAddress returns the address of the client whose request is being handled */
export function createPasswordHashing(currentAddress: () => string) {
  const run = createPasswordQueue(maxConcurrent);
  return {
    hash: (password: string) => run(currentAddress(), () => hashPassword(password)),
    verify: (check: { hash: string; password: string }) => run(currentAddress(), () => verifyPassword(check)),
  };
}
