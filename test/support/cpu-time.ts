/**
 * CPU time relative to a reference: a fixed piece of work, measured beside the work in question. Both take longer on a slow
 * or busy machine, so that a limit on their ratio holds on every machine.
 */

const document = JSON.stringify(
  Array.from({ length: 200 }, (_, index) => ({ id: index, title: `Task ${index}`, tags: ['a', 'b'], done: false })),
);

/** CPU time of this process so far, in milliseconds. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** CPU time of the reference in this process: about 9 ms on a server of 2024. */
export function referenceTime(): number {
  const start = cpuTime();
  for (let round = 0; round < 100; round += 1) JSON.stringify(JSON.parse(document));
  return cpuTime() - start;
}

/**
 * Runs some work until its CPU time is within a limit, at most ten times, because other processes disturb single runs.
 *
 * @param limit multiple of the reference
 * @returns the least multiple of the reference that a run has taken
 */
export function leastCost(work: () => unknown, limit: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 10 && least > limit; run += 1) {
    const reference = referenceTime();
    const start = cpuTime();
    work();
    least = Math.min(least, (cpuTime() - start) / reference);
  }
  return least;
}
