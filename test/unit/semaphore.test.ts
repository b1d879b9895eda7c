/** So much at a time, so much waiting, and nobody waiting for long. */
import { expect, test } from 'vitest';
import { createSemaphore, OverloadedError } from '../../src/database/pg/semaphore.ts';

test('places go to those who wait, in the order in which they came', async () => {
  const gate = createSemaphore(1, 10);
  const entered: string[] = [];
  await gate.acquire(1_000);
  const waiting = ['first', 'second'].map(async (name) => {
    await gate.acquire(1_000);
    entered.push(name);
  });
  expect(gate.waiting).toBe(2);
  gate.release();
  await waiting[0];
  expect(entered).toEqual(['first']);
  gate.release();
  await waiting[1];
  expect(entered).toEqual(['first', 'second']);
  gate.release();
  await gate.acquire(0);
});

test('one too many is told so at once', async () => {
  const gate = createSemaphore(1, 1);
  await gate.acquire(1_000);
  const waiting = gate.acquire(1_000);
  await expect(gate.acquire(1_000)).rejects.toThrow(OverloadedError);
  gate.release();
  await waiting;
});

test('each waits as long as it asked for, whoever came before; who gave up takes no place', async () => {
  const gate = createSemaphore(1, 10);
  await gate.acquire(1_000);
  const patient = gate.acquire(60_000);
  await expect(gate.acquire(20)).rejects.toThrow('no connection was free for 20 ms');
  expect(gate.waiting).toBe(1);
  gate.release();
  await patient;
});
