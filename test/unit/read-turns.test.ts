/** Turns of reads: a few at a time, in order. */
import { expect, test } from 'vitest';
import { createReadTurns, maxReads } from '../../src/changes/events/read-turns.ts';

test('a few reads run at a time, and the next one starts when one ends or fails', async () => {
  const inTurn = createReadTurns();
  const started: number[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const reads = Array.from({ length: maxReads + 2 }, (_, index) =>
    inTurn(() => {
      started.push(index);
      return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    }),
  );
  expect(started).toEqual([0, 1, 2, 3]);
  ends[0]?.resolve();
  await reads[0];
  expect(started).toEqual([0, 1, 2, 3, 4]);
  ends[1]?.reject(new Error('the database restarts'));
  await expect(reads[1]).rejects.toThrow('restarts');
  expect(started).toEqual([0, 1, 2, 3, 4, 5]);
  for (const { resolve } of ends) resolve();
  await Promise.all(reads.slice(2));
});
