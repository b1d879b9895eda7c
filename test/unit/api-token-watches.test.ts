/** Watches on API tokens: a stream ends if its token is revoked on this server or on another one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTokenWatches } from '../../src/auth/api-tokens/watches.ts';
import type { Principal } from '../../src/principal.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const session: Principal = { userId: 'ada', scopes: null, expiresAt: Number.POSITIVE_INFINITY };
const principal: Principal = { ...session, apiToken: { id: 'one', name: 'Backup script' } };
const otherToken: Principal = { ...session, apiToken: { id: 'other', name: 'Backup script' } };

/** Watches on a database that has these tokens. */
function setUp(stored = ['one', 'other']) {
  const isStored = vi.fn(async (_owner: Principal, id: string) => stored.includes(id));
  return { stored, isStored, watches: createTokenWatches(isStored) };
}

test('a revocation on this server ends the watches on the token at once, each once', () => {
  const { watches } = setUp();
  const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()];
  watches.watch(principal, first);
  watches.watch(principal, second);
  watches.watch(otherToken, other);
  watches.notify('one');
  watches.notify('one');
  expect([first, second, other].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
});

test('a revocation on another server ends them within a minute', async () => {
  const { stored, watches } = setUp();
  const [revoked, other] = [vi.fn(), vi.fn()];
  watches.watch(principal, revoked);
  watches.watch(otherToken, other);
  stored.splice(0, 1);
  expect(revoked).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(59_999);
  expect(revoked).toHaveBeenCalledOnce();
  expect(other).not.toHaveBeenCalled();
});

test('a failed look-up revokes nothing', async () => {
  const { isStored, watches } = setUp();
  isStored.mockRejectedValue(new Error('unavailable'));
  const revoked = vi.fn();
  watches.watch(principal, revoked);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(isStored).toHaveBeenCalled();
  expect(revoked).not.toHaveBeenCalled();
});

test('a watch that ends a second time leaves the later watches on its token', async () => {
  const { stored, watches } = setUp();
  const unwatch = watches.watch(principal, vi.fn());
  stored.splice(0, 1);
  await vi.advanceTimersByTimeAsync(59_999);
  const later = vi.fn();
  watches.watch(principal, later);
  unwatch();
  watches.notify('one');
  expect(later).toHaveBeenCalledOnce();
});

test('an ended watch, and one on another kind of token, look nothing up', async () => {
  const { isStored, watches } = setUp();
  const revoked = vi.fn();
  watches.watch(principal, revoked)();
  watches.watch(session, revoked)();
  watches.watch(session, revoked);
  watches.notify('one');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(isStored).not.toHaveBeenCalled();
  expect(revoked).not.toHaveBeenCalled();
});
