/** Waiting, but not for ever. */

/** Waits until it is over, one way or the other, or until the time is; tells which. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = work.then(
    () => true as const,
    () => true as const,
  );
  try {
    return await Promise.race([settled, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws an error with this message when the time is over; what comes of the work then is not waited for */
export async function withTimeout<Result>(work: Promise<Result>, limitMs: number, message: string): Promise<Result> {
  if (await settledWithin(work, limitMs)) return work;
  throw new Error(message);
}
