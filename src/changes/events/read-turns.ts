/**
 * Turns of the streams that read a page. A few streams of a process read at a time. Otherwise a burst of changes would fill
 * the queue for connections with reads, and the server would reject writes.
 */

/** Streams that read at a time. The others wait, and their reads then include the changes in between. */
export const maxReads = 4;

/** Runs a read when it has its turn. */
export type InTurn = <Result>(read: () => Promise<Result>) => Promise<Result>;

export function createReadTurns(): InTurn {
  let reads = 0;
  const waiting: (() => void)[] = [];
  return async (read) => {
    if (reads < maxReads) reads += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await read();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else reads -= 1;
    }
  };
}
