/** Timeouts for promises. */

/** Resolves to true when `work` settles, or to false after `limitMs`. */
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

/** @throws Error with this message after `limitMs`; the later result of `work` is ignored */
export async function withTimeout<Result>(work: Promise<Result>, limitMs: number, message: string): Promise<Result> {
  if (await settledWithin(work, limitMs)) return work;
  throw new Error(message);
}
