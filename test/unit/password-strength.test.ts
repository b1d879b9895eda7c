/** Strength of passwords: which ones are rejected, with which advice, and at which cost. */
import { expect, test } from 'vitest';
import { createStrengthCheck } from '../../src/auth/better-auth/password-strength.ts';
import { leastCost } from '../support/cpu-time.ts';

const weakness = createStrengthCheck();
const ada = { name: 'Ada Lovelace', email: 'countess.king@analytical.example' };

test.each([
  'aaaaaaaa',
  'P@ssw0rd!',
  'todo-api',
  'todo-api-todo-api',
  'TodoApi2026',
  'password123',
  'qwertyuiop',
  'zxcvbnm,./',
  'abcdefgh',
  '12345678',
  'adalovelace1',
  'Lovelace Ada',
  'countess.king@analytical.example',
  'CountessKing1',
  'iloveyou1',
  'x'.repeat(128),
  'abc'.repeat(40),
])('%s is rejected with a reason and a fix', (password) => {
  expect(weakness(password, ada)).toMatch(/^is easy to guess\. It .+\. Use four or more unrelated words/);
});

test.each([
  'orbit lantern cactus',
  'correct horse battery',
  'Tr7$kq!mZ2vw',
  'крот ест зелёный арбуз',
  '馬の電池は正しいホッチキス',
  '🎉🌵🛰️🪗🦑🧲',
  `orbit lantern cactus${'x'.repeat(108)}`,
])('%s is accepted', (password) => {
  expect(weakness(password, ada)).toBeNull();
});

test('the words of one user say nothing about another user', () => {
  expect(weakness('analytical lovelace', ada)).not.toBeNull();
  expect(weakness('analytical lovelace', { name: 'Bob', email: 'bob@example.com' })).toBeNull();
});

/** Multiple of the reference. Without a bound on the length, some would take a hundred times as long. */
const limit = 5;

const fill = (part: string) => part.repeat(128).slice(0, 128);

test.each([
  'p@ssw0rd',
  'password',
  '1234567890',
  '1/1/19911.1.1991',
  '4@8({[<369!1|0$5+7%2',
  '@4$5$0!1|',
  'qwertyuiop',
  'lovepassworddragonmonkey',
  'ab',
  '0O1l|!',
  `${'1'.repeat(127)}a`,
  'a1b2c3d4e5f6g7h8i9j0kzlymxnwovpu',
])('the cost of 128 characters of %s is bounded', (part) => {
  // A name and an address that produce as many words as possible.
  const owner = { name: 'p@ssw0rd 1991 love '.repeat(13), email: `${'1a.'.repeat(80)}@example.com` };
  expect(leastCost(() => weakness(fill(part), owner), limit)).toBeLessThanOrEqual(limit);
});
