/** Limits of the embedded issuer: bounded memory, distributed guesses, the queue of passwords. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type AttemptResult, createIssuerLimits, type IssuerLimits } from '../../src/auth/better-auth/limits.ts';
import { createPasswordQueue } from '../../src/auth/better-auth/password-queue.ts';
import { toIssuerProblem } from '../../src/auth/better-auth/problems.ts';
import { ProblemError } from '../../src/problems/problem.ts';

const refused: AttemptResult = { isSuccess: false, authCode: 'INVALID_EMAIL_OR_PASSWORD' };
const invalid: AttemptResult = { isSuccess: false, authCode: 'VALIDATION_ERROR' };

const create = () => createIssuerLimits({ requests: 0, authFailures: 0, signUps: 0 });

/** Whether a guess is evaluated. */
function guess(limits: IssuerLimits, email: string, address: string, result = refused): boolean {
  try {
    limits.begin('/sign-in/email', { address, sessionToken: null }, email, () => {})(result);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate_limited' });
    return false;
  }
}

test('attempts that check no password leave nothing in memory, and long addresses take no more than short ones', () => {
  const limits = create();
  for (let attempt = 0; attempt < 2_100; attempt += 1) {
    guess(limits, `${'x'.repeat(60_000)}${attempt}`, `192.0.2.${attempt}`, invalid);
    guess(limits, `ada${attempt}@example.com`, '192.0.2.1', { isSuccess: true });
  }
  expect(limits.keys).toBe(0);
  for (let attempt = 0; attempt < 100; attempt += 1) guess(limits, `ada${attempt}@example.com`, '192.0.2.1');
  // Per account and address and minute, the same per hour, and per account.
  expect(limits.keys).toBe(300);
});

test('a flood of other accounts has bounded memory and does not reset the count of an account under attack', () => {
  const limits = create();
  let evaluated = 0;
  for (let other = 0; other < 220_000; other += 1) {
    guess(limits, `other-${other}@example.com`, '198.51.100.1');
    if (other % 10_000 === 0 && guess(limits, 'victim@example.com', '198.51.100.1')) evaluated += 1;
  }
  expect(evaluated).toBe(10);
  expect(limits.keys).toBeLessThan(3 * 100_100);
});

test('after 100 refused passwords in an hour, an address may guess 20 times per hour, and the owner can sign in', () => {
  const limits = create();
  const email = 'ada@example.com';
  for (let attacker = 0; attacker < 10; attacker += 1) {
    for (let attempt = 0; attempt < 10; attempt += 1) guess(limits, email, `198.51.100.${attacker}`);
  }
  // The account is now suspicious. This address has guessed 10 times, all within this minute.
  expect(guess(limits, email, '198.51.100.1')).toBe(false);
  for (let attacker = 0; attacker < 100; attacker += 1) {
    for (let attempt = 0; attempt < 30; attempt += 1) guess(limits, email, `203.0.113.${attacker}`);
    expect(guess(limits, email, `192.0.2.${attacker}`, { isSuccess: true })).toBe(true);
  }
});

test('the queue runs two at a time, and keys take turns', async () => {
  const run = createPasswordQueue(2);
  const order: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) => async () => {
    running += 1;
    most = Math.max(most, running);
    order.push(name);
    await delay(1);
    running -= 1;
    if (name === 'bob') throw new Error('fails');
  };
  const flood = Array.from({ length: 40 }, (_, at) => run('eve', work(`eve ${at}`)));
  const others = [run('ada', work('ada')), run('bob', work('bob'))];
  const results = await Promise.allSettled([...flood, ...others]);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(order).toHaveLength(42);
  expect(order.indexOf('ada')).toBeLessThan(5);
  expect(order.indexOf('bob')).toBeLessThan(6);
  expect(most).toBe(2);
  await run('ada', work('last'));
  expect(order.at(-1)).toBe('last');
});

test('a problem keeps all of its members at the issuer, and gets a message', () => {
  const problem = new ProblemError('token_invalid', {
    detail: 'detail',
    errors: [{ in: 'body', pointer: '/x', message: 'x' }],
    extensions: { auth_code: 'X' },
    headers: { 'Retry-After': '1' },
    reason: 'reason',
    mismatch: { claim: 'iss', received: 'a', configured: 'b' },
    cause: 'cause',
  });
  const adapted = toIssuerProblem(problem);
  expect({ ...adapted, cause: adapted.cause }).toEqual({
    ...problem,
    cause: 'cause',
    extensions: { message: 'detail', auth_code: 'X' },
    securityEvent: 'sign_in_rejected',
  });
});
