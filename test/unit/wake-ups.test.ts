/** Wake-ups: local ones, and the poll for the changes of other processes. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createWakeUps, pollIntervalMs } from '../../src/changes/wake-ups.ts';

const noSignal = new AbortController().signal;

/** Whether a promise is resolved now. */
function isWoken(next: Promise<void>): Promise<boolean> {
  const isPending = new Promise<boolean>((resolve) => setImmediate(resolve, false));
  return Promise.race([next.then(() => true), isPending]);
}

describe('in one process', () => {
  const create = () => createWakeUps({ readHeads: null, onError: () => {} });

  test('a change wakes all waiters of its user, and no others', async () => {
    const wakeUps = create();
    const [one, two, other] = ['ada', 'ada', 'eve'].map((user) => wakeUps.next(user, noSignal, () => 0));
    wakeUps.wake('ada');
    expect(await isWoken(one as Promise<void>)).toBe(true);
    expect(await isWoken(two as Promise<void>)).toBe(true);
    expect(await isWoken(other as Promise<void>)).toBe(false);
  });

  test('a change wakes only those who wait already', async () => {
    const wakeUps = create();
    wakeUps.wake('ada');
    expect(await isWoken(wakeUps.next('ada', noSignal, () => 0))).toBe(false);
  });

  test('an abort wakes its waiter, and later ones with the same signal at once', async () => {
    const wakeUps = create();
    const ending = new AbortController();
    const ended = wakeUps.next('ada', ending.signal, () => 0);
    const other = wakeUps.next('ada', noSignal, () => 0);
    ending.abort();
    expect(await isWoken(ended)).toBe(true);
    expect(await isWoken(wakeUps.next('ada', ending.signal, () => 0))).toBe(true);
    expect(await isWoken(other)).toBe(false);
  });
});

describe('with other processes', () => {
  let heads: Map<string, number>;
  const readHeads = vi.fn(async (_ownerIds: readonly string[]) => heads);
  const onError = vi.fn();
  const create = () => createWakeUps({ readHeads, onError });
  const poll = () => vi.advanceTimersByTimeAsync(pollIntervalMs);

  beforeEach(() => {
    heads = new Map();
    readHeads.mockReset().mockImplementation(async () => heads);
    onError.mockReset();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(() => void vi.useRealTimers());

  test('nothing is read without waiters', async () => {
    const wakeUps = create();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(readHeads).not.toHaveBeenCalled();
    const ending = new AbortController();
    wakeUps.next('ada', ending.signal, () => 0);
    await poll();
    expect(readHeads).toHaveBeenCalledTimes(1);
    ending.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(readHeads).toHaveBeenCalledTimes(1);
  });

  test('one read per second is for all users who wait, once each', async () => {
    const wakeUps = create();
    for (const user of ['ada', 'eve']) heads.set(user, 0);
    for (const user of ['ada', 'ada', 'eve']) wakeUps.next(user, noSignal, () => 0);
    await poll();
    await poll();
    expect(readHeads.mock.calls).toEqual([[['ada', 'eve']], [['ada', 'eve']]]);
    wakeUps.close();
    await poll();
    expect(readHeads).toHaveBeenCalledTimes(2);
  });

  test('a waiter wakes if the number differs from the last change that it has read', async () => {
    const wakeUps = create();
    let read = 3;
    const behind = wakeUps.next('ada', noSignal, () => 3);
    const current = wakeUps.next('ada', noSignal, () => read);
    read = 4;
    heads.set('ada', 4);
    await poll();
    expect(await isWoken(behind)).toBe(true);
    expect(await isWoken(current)).toBe(false);
    // A restored backup can have smaller numbers.
    heads.set('ada', 1);
    await poll();
    expect(await isWoken(current)).toBe(true);
  });

  test('a waiter wakes if its user was erased and has no number any more', async () => {
    const wakeUps = create();
    heads.set('ada', 0);
    const next = wakeUps.next('ada', noSignal, () => 0);
    await poll();
    expect(await isWoken(next)).toBe(false);
    heads.delete('ada');
    await poll();
    expect(await isWoken(next)).toBe(true);
  });

  test('a poll that fails is repeated, and reported once', async () => {
    const wakeUps = create();
    const next = wakeUps.next('ada', noSignal, () => 0);
    readHeads.mockRejectedValue(new Error('the database restarts'));
    await poll();
    await poll();
    expect(onError).toHaveBeenCalledTimes(1);
    expect(await isWoken(next)).toBe(false);
    readHeads.mockResolvedValue(new Map([['ada', 1]]));
    await poll();
    expect(await isWoken(next)).toBe(true);
  });
});
