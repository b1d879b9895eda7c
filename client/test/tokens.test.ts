/** The cache for tokens, with fake timers. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cachedToken } from '../src/index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A JWT without a signature, whose issuer has another clock. Its payload has all characters of base64url. */
function jwt(lifetime: number, name = '>>>>>?????'): string {
  const claims = { iat: 1_000, exp: 1_000 + lifetime, name };
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
}

const use = { refresh: false };
const rejected = { refresh: true };

test('a JWT is kept until 30 s before its expiry, whatever the clock of the device', async () => {
  const tokens = [jwt(900), jwt(900, 'another')];
  const load = vi.fn(async () => tokens.shift() ?? null);
  const getToken = cachedToken(load);
  const first = await getToken(use);
  await vi.advanceTimersByTimeAsync(869_000);
  expect(await getToken(use)).toBe(first);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await getToken(use)).not.toBe(first);
  expect(load).toHaveBeenCalledTimes(2);
});

test('a rejected token is replaced, and requests at the same time share the call', async () => {
  let count = 0;
  const load = vi.fn(async () => {
    count += 1;
    return `opaque-${count}`;
  });
  const getToken = cachedToken(load);
  expect(await Promise.all([getToken(use), getToken(use)])).toEqual(['opaque-1', 'opaque-1']);
  await vi.advanceTimersByTimeAsync(1e9);
  expect(await getToken(use)).toBe('opaque-1');
  expect(await Promise.all([getToken(rejected), getToken(rejected)])).toEqual(['opaque-2', 'opaque-2']);
  expect(await getToken(use)).toBe('opaque-2');
});

test('neither a failure nor a missing token is kept', async () => {
  const load = vi.fn<() => Promise<string | null>>(async () => jwt(900));
  load.mockRejectedValueOnce(new TypeError('fetch failed')).mockResolvedValueOnce(null);
  const getToken = cachedToken(load);
  await expect(getToken(use)).rejects.toThrow('fetch failed');
  expect(await getToken(use)).toBeNull();
  expect(await getToken(use)).toBe(jwt(900));
  load.mockRejectedValueOnce(new TypeError('fetch failed'));
  await expect(getToken(rejected)).rejects.toThrow('fetch failed');
  expect(await getToken(use)).toBe(jwt(900));
});

test('a call that never returns is not waited for longer than a minute', async () => {
  const load = vi.fn(async () => 'token').mockImplementationOnce(() => new Promise(() => {}));
  const getToken = cachedToken(load);
  const lost = vi.fn();
  void Promise.resolve(getToken(use)).then(lost);
  void Promise.resolve(getToken(use)).then(lost);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await getToken(use)).toBe('token');
  expect(load).toHaveBeenCalledTimes(2);
  expect(lost).not.toHaveBeenCalled();
});
