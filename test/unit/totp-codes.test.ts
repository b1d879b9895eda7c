/** Time steps of the codes of an authenticator app, with the test values of RFC 6238, appendix B. */
import { expect, test } from 'vitest';
import { stepOf } from '../../src/auth/better-auth/totp-codes.ts';

const secret = '12345678901234567890';

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at %i s, the code is %s', (seconds, code) => {
  expect(stepOf(secret, code, seconds * 1_000)).toBe(Math.floor(seconds / 30));
});

test('a code is also right in the time step before its own and in the one after, and in no other one', () => {
  const steps = [0, 29, 30, 59, 60, 89, 90].map((seconds) => stepOf(secret, '287082', seconds * 1_000));
  expect(steps).toEqual([1, 1, 1, 1, 1, 1, undefined]);
  expect(stepOf(secret, '', 59_000)).toBeUndefined();
});
