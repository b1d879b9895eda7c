/** Fixed-window counters per key. */
import { expect, test } from 'vitest';
import { createMemoryCounter } from '../../src/rate-limit/fixed-window.ts';

test('a window ends a minute after it began, to the millisecond', () => {
  let now = 1_000;
  const counter = createMemoryCounter(2, { clock: () => now });
  expect(counter.consume('a')).toEqual({ quota: 2, windowSeconds: 60, remaining: 1, resetSeconds: 60 });
  now += 59_999;
  expect(counter.consume('a')).toEqual({ quota: 2, windowSeconds: 60, remaining: 0, resetSeconds: 1 });
  expect(counter.consume('a').remaining).toBe(-1);
  now += 1;
  expect(counter.get('a')).toEqual({ quota: 2, windowSeconds: 60, remaining: 2, resetSeconds: 60 });
  expect(counter.consume('a')).toEqual({ quota: 2, windowSeconds: 60, remaining: 1, resetSeconds: 60 });
});

test('a window that begins between two milliseconds ends after a minute, not after 61 seconds', () => {
  const counter = createMemoryCounter(2, { clock: () => 6000.0274 });
  expect(counter.consume('a').resetSeconds).toBe(60);
});

test('keys are counted separately', () => {
  const counter = createMemoryCounter(1, { clock: () => 0 });
  expect(counter.consume('a').remaining).toBe(0);
  expect(counter.consume('b').remaining).toBe(0);
  expect(counter.consume('a').remaining).toBe(-1);
});

test('a window counts until its end, independent of other windows', () => {
  let now = 0;
  const counter = createMemoryCounter(10, { clock: () => now });
  for (now = 0; now < 300_000; now += 10_000) {
    counter.consume(`at ${now}`);
    for (let began = 0; began <= now; began += 10_000) {
      expect(counter.get(`at ${began}`).remaining).toBe(now - began < 60_000 ? 9 : 10);
    }
  }
});

test('a request can be given back, and a key without requests is forgotten', () => {
  const counter = createMemoryCounter(2, { clock: () => 0 });
  counter.consume('a');
  expect(counter.consume('a').remaining).toBe(0);
  counter.giveBack('a');
  expect(counter.get('a').remaining).toBe(1);
  counter.giveBack('a');
  counter.giveBack('a');
  expect(counter.get('a').remaining).toBe(2);
  expect(counter.keys).toBe(0);
});

test('a window can be longer, and a request can count several times', () => {
  let now = 0;
  const counter = createMemoryCounter(10, { windowMs: 3_600_000, clock: () => now });
  expect(counter.consume('a', 6)).toEqual({ quota: 10, windowSeconds: 3600, remaining: 4, resetSeconds: 3600 });
  now += 3_599_999;
  expect(counter.consume('a').remaining).toBe(3);
  now += 1;
  expect(counter.consume('a').remaining).toBe(9);
});

test('a flood of other keys does not drop the count of a key in use', () => {
  const counter = createMemoryCounter(10, { clock: () => 0 });
  for (let key = 0; key < 300_000; key += 1) {
    if (key % 40_000 === 0) counter.consume('victim');
    counter.consume(`key ${key}`);
  }
  expect(counter.get('victim').remaining).toBe(2);
  expect(counter.keys).toBeLessThanOrEqual(100_002);
});

test('many keys use bounded memory, and the oldest are dropped first', () => {
  const counter = createMemoryCounter(10, { clock: () => 0 });
  counter.consume('first');
  for (let key = 0; key < 100_000; key += 1) counter.consume(`key ${key}`);
  expect(counter.get('first').remaining).toBe(10);
  expect(counter.get('key 50000').remaining).toBe(9);
  expect(counter.get('key 99999').remaining).toBe(9);
});
