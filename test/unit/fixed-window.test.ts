/** Fixed-window counters per key. */
import { expect, test } from 'vitest';
import { createMemoryCounter } from '../../src/rate-limit/fixed-window.ts';

test('a window ends a minute after it began, to the millisecond', () => {
  let now = 1_000;
  const counter = createMemoryCounter(2, () => now);
  expect(counter.consume('a')).toEqual({ quota: 2, remaining: 1, resetSeconds: 60 });
  now += 59_999;
  expect(counter.consume('a')).toEqual({ quota: 2, remaining: 0, resetSeconds: 1 });
  expect(counter.consume('a').remaining).toBe(-1);
  now += 1;
  expect(counter.get('a')).toEqual({ quota: 2, remaining: 2, resetSeconds: 60 });
  expect(counter.consume('a')).toEqual({ quota: 2, remaining: 1, resetSeconds: 60 });
});

test('keys are counted separately', () => {
  const counter = createMemoryCounter(1, () => 0);
  expect(counter.consume('a').remaining).toBe(0);
  expect(counter.consume('b').remaining).toBe(0);
  expect(counter.consume('a').remaining).toBe(-1);
});

test('a window counts until its end, independent of other windows', () => {
  let now = 0;
  const counter = createMemoryCounter(10, () => now);
  for (now = 0; now < 300_000; now += 10_000) {
    counter.consume(`at ${now}`);
    for (let began = 0; began <= now; began += 10_000) {
      expect(counter.get(`at ${began}`).remaining).toBe(now - began < 60_000 ? 9 : 10);
    }
  }
});

test('many keys use bounded memory, and the oldest are dropped first', () => {
  const counter = createMemoryCounter(10, () => 0);
  counter.consume('first');
  for (let key = 0; key < 100_000; key += 1) counter.consume(`key ${key}`);
  expect(counter.get('first').remaining).toBe(10);
  expect(counter.get('key 50000').remaining).toBe(9);
  expect(counter.get('key 99999').remaining).toBe(9);
});
