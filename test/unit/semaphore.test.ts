/** The semaphore: maximum concurrency, a bounded queue, and a timeout per waiter. */
import { expect, test } from 'vitest';
import { createSemaphore, OverloadedError } from '../../src/database/pg/semaphore.ts';

test('waiters acquire in FIFO order', async () => {
  const gate = createSemaphore(1, 10);
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

test('a waiter above the queue limit is rejected immediately', async () => {
  const gate = createSemaphore(1, 1);
  await gate.acquire(1_000);
  const waiting = gate.acquire(1_000);
  await expect(gate.acquire(1_000)).rejects.toThrow(OverloadedError);
  gate.release();
  await waiting;
});

test('each waiter has its own timeout, and an expired waiter does not acquire', async () => {
  const gate = createSemaphore(1, 10);
  await gate.acquire(1_000);
  const patient = gate.acquire(60_000);
  await expect(gate.acquire(20)).rejects.toThrow('there was no room for 20 ms');
  expect(gate.waiting).toBe(1);
  gate.release();
  await patient;
});
