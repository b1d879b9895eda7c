/** Semaphore with a bounded wait queue. */
import { expect, test } from 'vitest';
import { createSemaphore, OverloadedError } from '../../src/database/pg/semaphore.ts';

test('permits pass to queued callers in the order of arrival', async () => {
  const semaphore = createSemaphore(1, 10);
  const entered: string[] = [];
  await semaphore.acquire(1_000);
  const waiting = ['first', 'second'].map(async (name) => {
    await semaphore.acquire(1_000);
    entered.push(name);
  });
  expect(semaphore.waiting).toBe(2);
  semaphore.release();
  await waiting[0];
  expect(entered).toEqual(['first']);
  semaphore.release();
  await waiting[1];
  expect(entered).toEqual(['first', 'second']);
  semaphore.release();
  await semaphore.acquire(0);
});

test('a caller beyond the queue limit is rejected at once', async () => {
  const semaphore = createSemaphore(1, 1);
  await semaphore.acquire(1_000);
  const waiting = semaphore.acquire(1_000);
  await expect(semaphore.acquire(1_000)).rejects.toThrow(OverloadedError);
  semaphore.release();
  await waiting;
});

test('each caller waits for its own limit; an expired caller takes no permit', async () => {
  const semaphore = createSemaphore(1, 10);
  await semaphore.acquire(1_000);
  const patient = semaphore.acquire(60_000);
  await expect(semaphore.acquire(20)).rejects.toThrow('no connection was free for 20 ms');
  expect(semaphore.waiting).toBe(1);
  semaphore.release();
  await patient;
});
